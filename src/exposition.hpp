// SPDX-License-Identifier: MIT
// exposition: lines of Prometheus' text exposition format 0.0.4: a family has its help and type once, then its samples.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace duet {

class exposition {
 public:
  explicit exposition(std::string_view prefix) : prefix_(prefix) {}

  /// Of counters "_total" goes behind the name.
  void family(std::string_view name, std::string_view help, std::string_view type) {
    name_ = std::string(prefix_).append("_").append(name);
    if (type == "counter") name_ += "_total";
    text_.append("# HELP ").append(name_).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name_).append(" ").append(type).append("\n");
  }
  void sample(std::string_view value, std::string_view label = {}, std::string_view of = {}) {
    text_ += name_;
    if (!label.empty()) text_.append("{").append(label).append("=\"").append(of).append("\"}");
    text_.append(" ").append(value).append("\n");
  }
  void sample(std::uint64_t value, std::string_view label = {}, std::string_view of = {}) {
    sample(std::string_view(std::to_string(value)), label, of);
  }
  void counter(std::string_view name, std::string_view help, std::uint64_t value) {
    family(name, help, "counter");
    sample(value);
  }
  void gauge(std::string_view name, std::string_view help, std::uint64_t value) {
    family(name, help, "gauge");
    sample(value);
  }
  void gauge(std::string_view name, std::string_view help, std::chrono::nanoseconds value) {
    family(name, help, "gauge");
    sample(std::to_string(std::chrono::duration<double>(value).count()));
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string_view prefix_;
  std::string name_;
  std::string text_;
};

}  // namespace duet
