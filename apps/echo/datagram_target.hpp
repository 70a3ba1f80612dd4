// SPDX-License-Identifier: MIT
// datagram_target: where a client's datagrams go: the addresses of its endpoint, a connected blocking socket to one of them, and which errors
// say that nobody is there.
#pragma once

#include <chrono>
#include <string>
#include <system_error>
#include <vector>

#include "duet/datagram_types.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/observer.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/sys.hpp"
#include "duet/policy/datagram_errors.hpp"
#include "duet/resolve_options.hpp"
#include "support/quantity.hpp"

namespace duet::apps::echo {

/// What the name of a server is looked up with: host, service, and for how long.
struct server_question {
  server_question(const endpoint& to, std::chrono::nanoseconds deadline, observer* watcher)
      : host(to.host().empty() ? to.address().to_string() : to.host()),
        service(to.service().empty() ? std::to_string(to.port()) : to.service()) {
    how.transport = to.transport();
    how.watcher = watcher;
    how.deadline = std::chrono::milliseconds(0);  // none
    if (deadline != never) how.deadline = std::chrono::ceil<std::chrono::milliseconds>(deadline);
  }

  std::string host;
  std::string service;
  resolve_options how;
};

/// The addresses to try, looked up on this thread if need be; at least one if there is no error.
template <class Backend>
std::vector<endpoint> look_up_server(const endpoint& to, std::chrono::nanoseconds deadline,
                                     observer* watcher, std::error_code& ec) {
  ec.clear();
  if (to.is_numeric()) return {to};
  const server_question asked(to, deadline, watcher);
  typename Backend::loop loop;
  typename Backend::resolver names(loop);
  auto found = names.resolve(asked.host, asked.service, asked.how, ec).endpoints;
  if (!ec && found.empty()) ec = error::name_no_data;
  return found;
}

/// A client's blocking socket, connected: a refusal is told to none that is not.
template <class Backend>
typename Backend::blocking_datagram_socket open_connected(const endpoint& to, observer* watcher,
                                                          std::error_code& ec) try {
  ec.clear();
  auto made = Backend::open_datagram(to, {}, watcher);
  const os::socket_address address = os::to_socket_address(to, ec);
  if (ec) return {};
  const int result = os::sys::connect(made.native_handle(), &address.generic, address.size);
  if (result != 0) ec = os::sys::last_error();
  const bool connected = os::flow(watcher).took("connect", result, ec,
                                                [&] { return os::describe(address, SOCK_DGRAM); });
  if (!connected) made.close();
  return made;
} catch (const std::system_error& failed) {
  ec = failed.code();
  return {};
}

/// Whether an error says that nobody is there, or that there is no way; not that one datagram was too long or found no room.
inline bool says_nobody_is_there(std::error_code why) noexcept {
  switch (policy::kind_of(why)) {
    case datagram_failure::refused:
    case datagram_failure::unreachable:
    case datagram_failure::forbidden:
    case datagram_failure::bad_address: return true;
    case datagram_failure::no_room:
    case datagram_failure::too_long:
    case datagram_failure::other: break;
  }
  return false;
}

}  // namespace duet::apps::echo
