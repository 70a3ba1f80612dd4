// SPDX-License-Identifier: MIT
// Forwards connections from one endpoint to another, TCP or UNIX, on duet's epoll loop: accept, connect, relay.
// usage: port_forwarder LISTEN TARGET
#include <csignal>
#include <exception>
#include <iostream>
#include <memory>
#include <system_error>
#include <utility>

#include "duet/connect_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_posix/connect.hpp"
#include "duet/on_posix/listener.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/on_posix/relay.hpp"
#include "duet/on_posix/stream.hpp"

namespace {

using duet::on_posix::stream;

/// One connection and its other half. The handler of the operation in flight keeps both; when there is none, they close.
struct halves {
  stream client;
  stream target;
};

void fail(std::error_code ec) { std::cerr << "forward: " << ec.message() << std::endl; }

void relay(const std::shared_ptr<halves>& both) {
  async_relay(both->client, both->target, {}, [both](std::error_code ec, duet::relay_result moved) {
    if (ec) return fail(ec);
    std::cout << moved.first_to_second << " to, " << moved.second_to_first << " from" << std::endl;
  });
}

void accept(duet::on_posix::listener& at, const duet::endpoint& to) {
  at.async_accept([&](std::error_code ec, stream client) {
    if (ec) throw std::system_error(ec, "accept");
    stream target(client.get_loop());
    const auto both = std::make_shared<halves>(halves{std::move(client), std::move(target)});
    duet::on_posix::async_connect(both->target, to, {}, [both](std::error_code failed) {
      failed ? fail(failed) : relay(both);
    });
    accept(at, to);
  });
}

}  // namespace

int main(int argc, char** argv) try {
  const auto from = duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000");
  const auto to = duet::endpoint::parse(argc > 2 ? argv[2] : "tcp://127.0.0.1:9001");
  duet::on_posix::loop loop;
  duet::on_posix::signal_set signals(loop, {SIGINT, SIGTERM});
  signals.async_wait([&](std::error_code, int) { loop.stop(); });
  duet::on_posix::listener door(loop);
  door.listen(from);
  std::cout << "listening " << door.local_endpoint() << std::endl;
  accept(door, to);
  loop.run();
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
