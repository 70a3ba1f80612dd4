// SPDX-License-Identifier: MIT
// A chat on Asio: messages are lines, and whoever is there gets each. Reading is a coroutine a client; writing goes through a bounded
// queue a client, and who takes too little is let go. usage: chat [ENDPOINT]
#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <exception>
#include <iostream>
#include <list>
#include <memory>
#include <system_error>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/on_asio/frame.hpp"
#include "duet/on_asio/sender.hpp"
#include "duet/on_asio/server.hpp"
#include "duet/policy/frame_text.hpp"

namespace {

using duet::policy::line_framing;

class room {
 public:
  /// One client, until it ends, says too long a line, or takes too little.
  asio::awaitable<void> talk(duet::on_asio::session_ptr client) {
    const duet::sender_options bounds{.overflow = duet::overflow_rule::close};
    const auto self = queues_.emplace(queues_.end(), client->connection(), bounds);
    const std::shared_ptr<void> leave(nullptr, [=, this](void*) { queues_.erase(self); });
    duet::policy::frame_buffer<line_framing> in(line_framing(1024));
    for (;;) {
      const auto line = co_await async_read_frame(client->connection(), in, asio::use_awaitable);
      std::vector<std::byte> message;
      if (append_frame(in.how(), line, message)) continue;
      for (auto& each : queues_) each.try_send(std::vector(message));
    }
  }

 private:
  std::list<duet::on_asio::sender> queues_;
};

}  // namespace

int main(int argc, char** argv) try {
  asio::io_context context;
  duet::on_asio::loop loop(context);
  room all;
  duet::on_asio::server server(loop);
  const auto at = server.listen(duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000"));
  server.start([&](duet::on_asio::session_ptr client) { return all.talk(std::move(client)); });
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait(
      [&](std::error_code, int) { server.drain(std::chrono::seconds(1), [](const auto&) {}); });
  std::cout << "listening " << at << std::endl;
  loop.run();
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
