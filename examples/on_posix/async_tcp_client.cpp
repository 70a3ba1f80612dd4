// SPDX-License-Identifier: MIT
// The TCP client's flow on duet's epoll loop: the same steps, each a handler, and a deadline for connecting, which the blocking
// flow cannot have. usage: async_tcp_client ENDPOINT [TEXT]
#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "duet/connect_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/on_posix/connect.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/on_posix/stream.hpp"

namespace {

class client {
 public:
  client(duet::on_posix::loop& loop, std::string text) : server_(loop), text_(std::move(text)) {}

  void connect(const duet::endpoint& to) {
    duet::connect_options options;
    options.deadline = std::chrono::seconds(5);
    async_connect(server_, to, options, [this, to](std::error_code ec) {
      if (ec) duet::throw_error(ec, "connect", &to);
      write();
    });
  }

 private:
  void write() {
    server_.async_write(std::as_bytes(std::span(text_)), [this](std::error_code ec, std::size_t) {
      if (ec) duet::throw_error(ec, "write");
      read(std::as_writable_bytes(std::span(text_)));  // the echo takes the place of what was sent
    });
  }

  void read(std::span<std::byte> rest) {
    if (rest.empty()) {
      server_.close();
      std::cout << text_ << '\n';
      return;
    }
    server_.async_read_some(rest, [this, rest](std::error_code ec, std::size_t size) {
      if (ec) duet::throw_error(ec, "read");
      read(rest.subspan(size));
    });
  }

  duet::on_posix::stream server_;
  std::string text_;
};

}  // namespace

int main(int argc, char** argv) try {
  duet::on_posix::loop loop;
  client one(loop, argc > 2 ? argv[2] : "hello, duet");
  one.connect(duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000"));
  loop.run();
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
