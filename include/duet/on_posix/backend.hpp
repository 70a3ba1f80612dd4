// SPDX-License-Identifier: MIT
// backend: this column as one row of names, for code that is written once for both. Counterpart: on_asio/backend.hpp.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "duet/contract.hpp"
#include "duet/on_posix/blocking.hpp"
#include "duet/on_posix/blocking_datagram.hpp"
#include "duet/on_posix/connect.hpp"
#include "duet/on_posix/datagram.hpp"
#include "duet/on_posix/datagram_echo.hpp"
#include "duet/on_posix/echo.hpp"
#include "duet/on_posix/fork_server.hpp"
#include "duet/on_posix/frame.hpp"
#include "duet/on_posix/listener.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/on_posix/reconnecting_client.hpp"
#include "duet/on_posix/relay.hpp"
#include "duet/on_posix/resolver.hpp"
#include "duet/on_posix/sender.hpp"
#include "duet/on_posix/server.hpp"
#include "duet/on_posix/stream.hpp"
#include "duet/on_posix/workers.hpp"
#include "duet/policy/frame_text.hpp"

namespace duet::on_posix {

struct backend {
  static constexpr std::string_view name = "posix";

  using loop = on_posix::loop;
  using timer = on_posix::timer;
  using descriptor = on_posix::descriptor;
  using signal_set = on_posix::signal_set;
  using stream = on_posix::stream;
  using listener = on_posix::listener;
  using datagram_socket = on_posix::datagram_socket;
  using datagram_echo_server = on_posix::datagram_echo_server;
  using datagram_echo_client = on_posix::datagram_echo_client;
  using incoming_batch = on_posix::incoming_batch;
  using outgoing_batch = on_posix::outgoing_batch;
  using resolver = on_posix::resolver;
  using reconnecting_client = on_posix::reconnecting_client;
  using sender = on_posix::sender;
  using session = on_posix::session;
  using server = on_posix::server;
  using echo_server = on_posix::echo_server;
  using echo_client = on_posix::echo_client;
  using worker = on_posix::worker;
  using blocking_server = blocking::server;
  using blocking_connection = blocking::connection;
  using fork_server = on_posix::fork_server;
  using blocking_datagram_socket = blocking::datagram_socket;

  template <class Handler>
  static void async_connect(stream& to, const endpoint& at, const connect_options& options,
                            Handler&& handler) {
    on_posix::async_connect(to, at, options, std::forward<Handler>(handler));
  }
  template <class Handler>
  static void async_connect(stream& to, std::string_view host, std::string_view service,
                            const connect_options& options, Handler&& handler) {
    on_posix::async_connect(to, host, service, options, std::forward<Handler>(handler));
  }
  template <class Framing, class Handler>
  static void async_read_frame(stream& from, policy::frame_buffer<Framing>& into,
                               Handler&& handler) {
    on_posix::async_read_frame(from, into, std::forward<Handler>(handler));
  }
  template <class Framing, class Handler>
  static void async_write_frame(stream& to, const Framing& how, std::span<const std::byte> message,
                                Handler&& handler) {
    on_posix::async_write_frame(to, how, message, std::forward<Handler>(handler));
  }
  template <class Handler>
  static void async_relay(stream& first, stream& second, const relay_options& options,
                          Handler&& handler) {
    on_posix::async_relay(first, second, options, std::forward<Handler>(handler));
  }
  static blocking::connection connect(const endpoint& at, const connect_options& options = {}) {
    return blocking::connect(at, options);
  }
  static blocking::datagram_socket bind_datagram(const endpoint& at,
                                                 const datagram_options& options = {},
                                                 observer* watcher = nullptr) {
    return blocking::bind_datagram(at, options, watcher);
  }
  static blocking::datagram_socket open_datagram(const endpoint& to,
                                                 const datagram_options& options = {},
                                                 observer* watcher = nullptr) {
    return blocking::open_datagram(to, options, watcher);
  }
};

static_assert(contract::backend<backend>);
static_assert(contract::frames<backend, stream, policy::frame_buffer<policy::line_framing>,
                               policy::line_framing>);

}  // namespace duet::on_posix
