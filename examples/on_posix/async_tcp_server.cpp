// SPDX-License-Identifier: MIT
// The TCP server's flow on duet's epoll loop: the same steps, many clients at once, each step a handler. echo.hpp has it ready
// made, with what is missing here (draining, limits, want of descriptors). usage: async_tcp_server [ENDPOINT]
#include <array>
#include <csignal>
#include <cstddef>
#include <exception>
#include <iostream>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

#include "duet/endpoint.hpp"
#include "duet/on_posix/listener.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/on_posix/stream.hpp"

namespace {

using duet::on_posix::stream;

/// One client. The handler of the operation in flight keeps it alive; when there is none, it closes.
class session : public std::enable_shared_from_this<session> {
 public:
  explicit session(stream client) : client_(std::move(client)) {}

  void read() {
    client_.async_read_some(buffer_,
                            [self = shared_from_this()](std::error_code ec, std::size_t size) {
                              if (!ec) self->write(size);  // else the client has ended, or is gone
                            });
  }

 private:
  void write(std::size_t size) {
    client_.async_write(std::span(buffer_).first(size),
                        [self = shared_from_this()](std::error_code ec, std::size_t) {
                          if (!ec) self->read();
                        });
  }

  stream client_;
  std::array<std::byte, 4096> buffer_{};
};

void accept(duet::on_posix::listener& at) {
  at.async_accept([&at](std::error_code ec, stream client) {
    if (ec) throw std::system_error(ec, "accept");
    std::make_shared<session>(std::move(client))->read();
    accept(at);
  });
}

}  // namespace

int main(int argc, char** argv) try {
  duet::on_posix::loop loop;
  duet::on_posix::signal_set signals(loop, {SIGINT, SIGTERM});
  signals.async_wait([&](std::error_code, int) { loop.stop(); });
  duet::on_posix::listener server(loop);
  server.listen(duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000"));
  std::cout << "listening " << server.local_endpoint() << std::endl;
  accept(server);
  loop.run();
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
