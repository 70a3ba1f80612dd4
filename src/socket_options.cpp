// SPDX-License-Identifier: MIT
// Printing of socket options. Applying them and reading the effective values is src/os.
#include "duet/socket_options.hpp"

#include <string_view>

#include "duet/escape.hpp"

namespace duet {
namespace {

std::string text_of(bool value) { return value ? "1" : "0"; }
std::string text_of(int value) { return std::to_string(value); }
std::string text_of(std::chrono::seconds value) { return std::to_string(value.count()) + "s"; }
std::string text_of(std::chrono::milliseconds value) {
  return std::to_string(value.count()) + "ms";
}
std::string text_of(const std::string& value) { return escape(value); }
std::string text_of(const keepalive_options& value) {
  return std::to_string(value.idle.count()) + '/' + std::to_string(value.interval.count()) + '/' +
         std::to_string(value.count);
}

// Gathers `name=value` of the options that are set.
class listing {
 public:
  template <class T>
  void add(std::string_view name, const std::optional<T>& value) {
    if (!value) return;
    if (!text_.empty()) text_ += ' ';
    text_ += name;
    text_ += '=';
    text_ += text_of(*value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string to_string(const socket_options& options) {
  const bool default_backlog = options.backlog == socket_options{}.backlog;
  listing list;
  list.add("nodelay", options.nodelay);
  list.add("keepalive", options.keepalive);
  list.add("user_timeout", options.user_timeout);
  list.add("reuse_address", options.reuse_address);
  list.add("reuse_port", options.reuse_port);
  list.add("send_buffer_bytes", options.send_buffer_bytes);
  list.add("receive_buffer_bytes", options.receive_buffer_bytes);
  list.add("backlog", default_backlog ? std::nullopt : std::optional(options.backlog));
  list.add("linger", options.linger);
  list.add("congestion_control", options.congestion_control);
  list.add("not_sent_low_water_bytes", options.not_sent_low_water_bytes);
  list.add("v6_only", options.v6_only);
  return list.take();
}

}  // namespace duet
