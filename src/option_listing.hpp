// SPDX-License-Identifier: MIT
// option_listing: options as `field=value` with one blank between. Private to the words that print options.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "duet/escape.hpp"
#include "duet/socket_options.hpp"

namespace duet::detail {

inline std::string text_of(bool value) { return value ? "1" : "0"; }
inline std::string text_of(int value) { return std::to_string(value); }
inline std::string text_of(unsigned value) { return std::to_string(value); }
inline std::string text_of(std::size_t value) { return std::to_string(value); }
inline std::string text_of(std::chrono::seconds value) {
  return std::to_string(value.count()) + "s";
}
inline std::string text_of(std::chrono::milliseconds value) {
  return std::to_string(value.count()) + "ms";
}
inline std::string text_of(const std::string& value) { return escape(value); }
inline std::string text_of(const keepalive_options& value) {
  return std::to_string(value.idle.count()) + '/' + std::to_string(value.interval.count()) + '/' +
         std::to_string(value.count);
}

/// Gathers what is set.
class option_listing {
 public:
  option_listing() = default;
  explicit option_listing(std::string begin) : text_(std::move(begin)) {}

  template <class T>
  void add(std::string_view name, const std::optional<T>& value) {
    if (!value) return;
    if (!text_.empty()) text_ += ' ';
    text_ += name;
    text_ += '=';
    text_ += text_of(*value);
  }
  /// Adds what is not as usual.
  template <class T>
  void add_unusual(std::string_view name, const T& value, const T& usual) {
    if (!(value == usual)) add(name, std::optional(value));
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace duet::detail
