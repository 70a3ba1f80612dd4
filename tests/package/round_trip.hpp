// SPDX-License-Identifier: MIT
// What every consumer does: listen on a port of the kernel's choice, connect, accept, one byte across.
// Written once over the backend, as duet's own conformance tests are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdio>
#include <span>
#include <system_error>
#include <utility>

#include "duet/connect_options.hpp"
#include "duet/endpoint.hpp"

/// True if the byte arrived.
template <class Backend>
bool round_trip() {
  typename Backend::loop loop;
  typename Backend::listener listener(loop);
  typename Backend::stream client(loop);
  typename Backend::stream server(loop);
  const std::array<std::byte, 1> sent{std::byte{42}};
  std::array<std::byte, 1> received{};

  listener.listen(duet::endpoint::parse("tcp://127.0.0.1:0"));
  listener.async_accept([&](std::error_code ec, typename Backend::stream accepted) {
    if (ec) return;
    server = std::move(accepted);
    server.async_read_some(std::span(received), [](std::error_code, std::size_t) {});
  });
  Backend::async_connect(client, listener.local_endpoint(), duet::connect_options{},
                         [&](std::error_code ec) {
                           if (ec) return;
                           client.async_write(std::span(sent), [](std::error_code, std::size_t) {});
                         });
  loop.run();
  return received == sent;
}

/// Prints which backend, for the log of ctest.
template <class Backend>
int report() {
  const bool arrived = round_trip<Backend>();
  std::printf("%.*s: %s\n", static_cast<int>(Backend::name.size()), Backend::name.data(),
              arrived ? "one byte arrived" : "nothing arrived");
  return arrived ? 0 : 1;
}
