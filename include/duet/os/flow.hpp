// SPDX-License-Identifier: MIT
// flow: the steps of a documented socket flow as they are taken: each is told to the observer with its actual values, and the
// first that failed is remembered with its name, so that an error can say which step it was. It takes no step itself but
// the ones both columns have in common: socket(2) and the options.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "duet/endpoint.hpp"
#include "duet/observer.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/unique_fd.hpp"
#include "duet/socket_options.hpp"

namespace duet::os {

class flow {
 public:
  explicit flow(observer* watcher) noexcept : observer_(observer_of_steps(watcher)) {}

  /// Records a step that has been taken; returns whether it succeeded. `arguments` is called for an observer only, and
  /// returns the text of the step's arguments; `asio` names the Asio call that took the step, if it was one.
  template <class Arguments>
  bool took(std::string_view call, long result, std::error_code error, Arguments&& arguments,
            std::string_view asio = {}) {
    if (observer_ != nullptr)
      observer_->on_step({call, std::string(arguments()), result, error, asio});
    if (error && !error_) fail(call, error);
    return !error;
  }

  void fail(std::string_view call, std::error_code error);

  [[nodiscard]] observer* watcher() const noexcept { return observer_; }
  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  /// The step that failed first: "bind", "setsockopt TCP_CONGESTION".
  [[nodiscard]] const std::string& failed_step() const noexcept { return failed_; }

 private:
  observer* observer_;
  std::error_code error_;
  std::string failed_;
};

/// socket(2), close-on-exec from birth; `flags` is SOCK_NONBLOCK or 0. None, with the flow failed, on error.
unique_fd open_socket(flow& steps, int family, int type, int flags, std::string_view asio = {});

/// The socket of something that is to be bound at `at`, and what to bind it to. Where the kernel has no IPv6, the dual-stack wildcard is 0.0.0.0.
struct unbound_socket {
  unique_fd fd;
  socket_address address;
};
unbound_socket open_unbound_socket(flow& steps, const endpoint& at, int flags,
                                   std::string_view asio = {});

/// Where in its life a socket is: options have their moment. On Linux an accepted TCP socket inherits every option of its
/// listener, an accepted UNIX socket inherits none.
enum class option_stage { before_listen, before_connect, after_accept };

/// Applies what is set in `options` and has a meaning for the family at that stage. Stops at the first failure.
bool apply_options(flow& steps, int fd, int family, option_stage stage,
                   const socket_options& options);

/// Bounds what the kernel holds of a connection and has not sent (tcp(7), TCP_NOTSENT_LOWAT), as far as it lets; a UNIX socket has no such part.
void bound_unsent(int fd, int bytes) noexcept;

/// The options of a listener at `at`: the dual-stack wildcard takes both families, [::] its own only, whatever net.ipv6.bindv6only says.
socket_options listening_options(const endpoint& at, const socket_options& options);

/// The options as the kernel has them now; those that the socket's family has not stay unset. Errors: getsockopt(2)'s.
socket_options effective_options(int fd, std::error_code& ec);

/// Texts of arguments for traces: "127.0.0.1:9000 (sin_port 0x2823)", "AF_INET SOCK_STREAM 0 (tcp)".
std::string describe(const socket_address& address, int type);
std::string describe_socket(int family, int type);
/// Of a call that moves bytes: "5, 64 bytes", with flags "5, 64 bytes, MSG_PEEK|MSG_WAITALL".
std::string describe_transfer(int fd, std::size_t bytes, int flags = 0);

}  // namespace duet::os
