// SPDX-License-Identifier: MIT
// lookup: one question to libc, blocking, in every form that duet asks: getaddrinfo, gethostbyname2_r, getnameinfo, gethostbyaddr_r. Not on
// whose thread, and for how long: that is os/lookup_pool. Source: getaddrinfo(3), gethostbyname(3), getnameinfo(3).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/resolve_options.hpp"
#include "duet/resolve_result.hpp"

namespace duet::os {

/// What is asked. Equal questions have one answer.
struct lookup_question {
  enum class direction : std::uint8_t { forward, reverse };

  direction way = direction::forward;
  resolve_views views = resolve_views::addrinfo;
  std::optional<address::family> family{};
  duet::transport transport = duet::transport::tcp;
  std::string host;     ///< forward: the name
  std::string service;  ///< forward: a port number, the name of a service, or nothing
  bool service_only =
      false;            ///< forward: there is no host; the endpoint that is found has the wildcard
  duet::address where;  ///< reverse: the address

  auto operator<=>(const lookup_question&) const = default;
};

/// The error that the caller is told, and all that is known. The error is none as soon as one view has an answer.
struct lookup_outcome {
  std::error_code error;
  resolve_result result;
};

lookup_question forward_question(std::string_view host, std::string_view service,
                                 const resolve_options& options);
lookup_question reverse_question(const address& where, const resolve_options& options);
/// What an endpoint with a name in it has to ask, and the endpoints that follow from the outcome: its own address with a service's port, or
/// those of the host.
lookup_question endpoint_question(const endpoint& named);
std::vector<endpoint> endpoints_of(const endpoint& named, const lookup_outcome& outcome);

/// The outcome, if nobody has to be asked: a literal with a port number, a bad name, a bad port. Makes no system call.
std::optional<lookup_outcome> answer_at_once(const lookup_question& about);

/// Asks libc, whatever the question. Blocks, perhaps for minutes. Threads: any.
lookup_outcome look_up(const lookup_question& about);

/// Tells an observer, which may be nullptr, what was asked and what was said.
void tell(observer* watcher, const lookup_question& about, const lookup_outcome& outcome);

/// The endpoints of a named endpoint, asked for on this thread: RFC 6724's order. A numeric one is its own answer.
std::vector<endpoint> resolve(const endpoint& name, std::error_code& ec);

}  // namespace duet::os
