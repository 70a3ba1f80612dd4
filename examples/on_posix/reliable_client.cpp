// SPDX-License-Identifier: MIT
// A connection that you can rely on, on duet's epoll loop: made again when it is lost, after growing pauses, and written to through a
// bounded queue. It sends a line on each connection. usage: reliable_client [ENDPOINT]
#include <csignal>
#include <cstddef>
#include <exception>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/on_posix/reconnecting_client.hpp"
#include "duet/on_posix/sender.hpp"
#include "duet/on_posix/stream.hpp"

namespace {

namespace column = duet::on_posix;

class reporter {
 public:
  reporter(column::loop& loop, const duet::endpoint& to) : client_(loop, to) {
    client_.on_change([](const auto& now) { std::cout << to_string(now.state) << std::endl; });
    client_.start([this](column::stream& connected) {
      queue_.emplace(connected);
      const std::string line = "report " + std::to_string(++reports_) + '\n';
      const auto bytes = std::as_bytes(std::span(line));
      queue_->try_send({bytes.begin(), bytes.end()});  // from anywhere, at any time
      read();
    });
  }
  void stop() { queue_.reset(), client_.stop(); }

 private:
  /// Whoever reads finds out that the connection is lost.
  void read() {
    client_.connection().async_read_some(buffer_, [this](std::error_code ec, std::size_t) {
      if (ec == duet::condition::operation_canceled) return;  // stopped
      if (!ec) return read();
      queue_.reset();
      client_.lost(ec);
    });
  }

  column::reconnecting_client client_;
  std::optional<column::sender> queue_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(4096);
  int reports_ = 0;
};

}  // namespace

int main(int argc, char** argv) try {
  column::loop loop;
  reporter it(loop, duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000"));
  column::signal_set signals(loop, {SIGINT, SIGTERM});
  signals.async_wait([&](std::error_code, int) { it.stop(); });
  loop.run();
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
