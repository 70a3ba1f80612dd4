// SPDX-License-Identifier: MIT
// option_access: setsockopt(2) and getsockopt(2), one option after another. Which options, and when, is options.cpp's and
// datagram_options.cpp's. Private to os.
#pragma once

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "duet/os/flow.hpp"
#include "duet/os/sys.hpp"

namespace duet::os {

/// Sets options one after another on one descriptor, tells each, and stops at the first failure.
class option_setter {
 public:
  option_setter(flow& steps, int fd) : steps_(steps), fd_(fd) {}

  void set(int level, int name, std::string_view label, int value) {
    put(level, name, label, &value, sizeof(value), std::to_string(value));
  }

  /// `needs` is the privilege that the option takes, named if it is refused for want of it.
  void put(int level, int name, std::string_view label, const void* value, std::size_t size,
           const std::string& text, std::string_view needs = {}) {
    if (!ok_) return;
    const int result = sys::setsockopt(fd_, level, name, value, static_cast<socklen_t>(size));
    const std::error_code error = sys::outcome(result);
    std::string call = "setsockopt ";
    call += label;
    ok_ = steps_.took(call, result, error, [&] { return text; });
    if (error == std::errc::operation_not_permitted && !needs.empty())
      steps_.fail(call + " (needs " + std::string(needs) + ")", error);
  }

  [[nodiscard]] bool ok() const { return ok_; }

 private:
  flow& steps_;
  int fd_;
  bool ok_ = true;
};

/// Reads options; the first error stays, an option that the socket's family lacks is nothing.
class option_getter {
 public:
  option_getter(int fd, std::error_code& ec) : fd_(fd), ec_(ec) {}

  template <class Value>
  bool get(int level, int name, Value& value) {
    socklen_t size = sizeof(value);
    if (sys::getsockopt(fd_, level, name, &value, &size) == 0) return true;
    if (errno != EOPNOTSUPP && errno != ENOPROTOOPT && !ec_) ec_ = sys::last_error();
    return false;
  }

  std::optional<int> number(int level, int name) {
    int value = 0;
    return get(level, name, value) ? std::optional(value) : std::nullopt;
  }

  std::optional<bool> flag(int level, int name) {
    const auto value = number(level, name);
    return value ? std::optional(*value != 0) : std::nullopt;
  }

 private:
  int fd_;
  std::error_code& ec_;
};

/// What sockets of all types have: SO_REUSEADDR and the like, before bind; and the sizes of the kernel's buffers.
void set_before_bind(option_setter& to, int family, bool reuse_unless_told,
                     const socket_options& options);
void set_buffers(option_setter& to, const socket_options& options);
void read_any_type(option_getter& from, int family, socket_options& into);

}  // namespace duet::os
