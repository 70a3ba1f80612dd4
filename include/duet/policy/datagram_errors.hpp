// SPDX-License-Identifier: MIT
// datagram_errors: what an error of receiving or sending a datagram means, and as what it is counted. An error on a datagram socket is
// mostly one datagram's, and often an earlier one's: ICMP came back for it, and the next call is told. It makes no call itself.
// Source: udp(7), ip(7) "Error handling", unix(7), recvmsg(2), sendmsg(2).
#pragma once

#include <system_error>

#include "duet/datagram_types.hpp"
#include "duet/error.hpp"

namespace duet::policy {

enum class datagram_action {
  repeat,  ///< a signal came: make the call again now
  wait,    ///< nothing is there, or no room: wait until the socket is ready
  retry,   ///< it may be an earlier datagram's: make the call again, once
  drop,    ///< one datagram's: count it by its kind, and go on
  fatal,   ///< there is no socket
};

/// Errors of Linux that std::errc does not know.
struct linux_errors {
  static constexpr int no_network = 64;  // ENONET
  static constexpr int host_down = 112;  // EHOSTDOWN
};

/// As what an error is counted. Asio's errors, which connect and bind of its sockets give, are known too.
inline datagram_failure kind_of(std::error_code error) noexcept {
  using std::errc;
  const bool system = error.category() == std::system_category();
  if (system &&
      (error.value() == linux_errors::no_network || error.value() == linux_errors::host_down))
    return datagram_failure::unreachable;
  const auto one_of = [&](auto... each) { return (is(error, each) || ...); };
  if (one_of(errc::connection_refused, errc::connection_reset, errc::no_such_file_or_directory))
    return datagram_failure::refused;
  if (one_of(errc::network_unreachable, errc::host_unreachable, errc::network_down))
    return datagram_failure::unreachable;
  if (one_of(errc::operation_not_permitted, errc::permission_denied))
    return datagram_failure::forbidden;
  if (one_of(errc::no_buffer_space, errc::not_enough_memory, errc::resource_unavailable_try_again))
    return datagram_failure::no_room;
  if (is(error, errc::message_size)) return datagram_failure::too_long;
  if (one_of(errc::invalid_argument, errc::address_not_available,
             errc::address_family_not_supported, errc::destination_address_required,
             errc::not_connected, errc::already_connected, errc::wrong_protocol_type,
             errc::not_a_directory, errc::too_many_symbolic_link_levels, errc::filename_too_long))
    return datagram_failure::bad_address;
  return datagram_failure::other;
}

/// What says of a socket that it is none, or none any more.
inline bool is_fatal_for_datagrams(std::error_code error) noexcept {
  return is(error, std::errc::bad_file_descriptor) || is(error, std::errc::not_a_socket);
}

/// An error of receiving. Nothing but a closed socket ends a receive loop: everything else was an earlier send's, or passes.
inline datagram_action judge_receive_error(std::error_code error) noexcept {
  if (is(error, std::errc::interrupted)) return datagram_action::repeat;
  if (is(error, std::errc::resource_unavailable_try_again)) return datagram_action::wait;
  return is_fatal_for_datagrams(error) ? datagram_action::fatal : datagram_action::drop;
}

/// The errors of sending one datagram, one after another.
class send_attempt {
 public:
  /// On a UNIX socket all but connection_reset is the datagram's own; and asking again would end the connection to a peer that refuses.
  explicit send_attempt(bool is_unix = false) noexcept : is_unix_(is_unix) {}

  datagram_action failed(std::error_code error) noexcept {
    if (is(error, std::errc::interrupted)) return datagram_action::repeat;
    if (is(error, std::errc::resource_unavailable_try_again)) return datagram_action::wait;
    if (is_fatal_for_datagrams(error)) return datagram_action::fatal;
    if (retried_ || !may_be_earlier(error)) return datagram_action::drop;
    retried_ = true;
    return datagram_action::retry;
  }

 private:
  /// What the kernel makes of an ICMP message (icmp_err_convert), and of a connected UNIX peer that has closed.
  [[nodiscard]] bool may_be_earlier(std::error_code error) const noexcept {
    using std::errc;
    if (is(error, errc::connection_reset)) return true;
    if (is_unix_) return false;
    const datagram_failure kind = kind_of(error);
    return kind == datagram_failure::unreachable || kind == datagram_failure::too_long ||
           is(error, errc::connection_refused) || is(error, errc::protocol_error) ||
           is(error, errc::no_protocol_option) || is(error, errc::operation_not_supported);
  }

  bool is_unix_;
  bool retried_ = false;
};

}  // namespace duet::policy
