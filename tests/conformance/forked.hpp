// SPDX-License-Identifier: MIT
// forked: what cases of servers that fork have in common: handlers for children, and how far the parent is to go. Nothing here checks anything
// in a child: what a child finds, it tells its client.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>

#include "bytes.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

namespace duet::test {

/// Echoes until the client's end.
inline constexpr auto echo_to_end = [](auto& connection) {
  std::array<std::byte, 4096> buffer;
  while (const std::size_t size = connection.read(buffer)) {
    std::span<const std::byte> rest = std::span(buffer).first(size);
    while (!rest.empty()) rest = rest.subspan(connection.write(rest));
  }
  return 0;
};

template <class Connection>
void say(Connection& to, const std::string& text) {
  std::span<const std::byte> rest = as_bytes(text);
  while (!rest.empty()) rest = rest.subspan(to.write(rest));
}

/// Until the next client has a child.
template <class Server>
void take_one(Server& server) {
  const auto before = server.counters().accepted;
  while (server.counters().accepted == before) server.run_one();
}

/// Until no child is left.
template <class Server>
void see_them_off(Server& server) {
  while (server.counters().active > 0) server.run_one();
}

/// All that comes until the end.
inline std::string all_of(const raw_socket& from) {
  return std::string(as_text(from.receive(1 << 20)));
}

/// A client that has been echoed once, and stays.
template <class Server>
raw_socket served_client(Server& server, const endpoint& at) {
  raw_socket client = raw_socket::connected(at);
  client.send_all(as_bytes("x"));
  take_one(server);
  CHECK(as_text(client.receive(1)) == "x");
  return client;
}

}  // namespace duet::test
