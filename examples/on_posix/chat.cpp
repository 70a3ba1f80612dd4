// SPDX-License-Identifier: MIT
// A chat on duet's epoll loop: messages are lines, and whoever is there gets each. Reading is a handler a client; writing goes through a
// bounded queue a client, and who takes too little is let go. usage: chat [ENDPOINT]
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
#include "duet/on_posix/frame.hpp"
#include "duet/on_posix/sender.hpp"
#include "duet/on_posix/server.hpp"
#include "duet/policy/frame_text.hpp"

namespace {

using duet::on_posix::session_ptr;
using duet::policy::line_framing;

struct member {
  explicit member(const session_ptr& of)
      : out(of->connection(), {.overflow = duet::overflow_rule::close}) {}
  duet::policy::frame_buffer<line_framing> in{line_framing(1024)};
  duet::on_posix::sender out;
};

class room {
 public:
  void enter(const session_ptr& by) {
    talk(by, members_.emplace_back(std::make_shared<member>(by)));
  }

 private:
  void talk(const session_ptr& client, const std::shared_ptr<member>& self) {
    async_read_frame(client->connection(), self->in, client->guard([=, this](auto ec, auto line) {
      if (ec) members_.remove(self);
      if (ec) throw std::system_error(ec);
      std::vector<std::byte> message;
      if (!append_frame(self->in.how(), line, message))
        for (const auto& each : members_) each->out.try_send(std::vector(message));
      talk(client, self);
    }));
  }

  std::list<std::shared_ptr<member>> members_;
};

}  // namespace

int main(int argc, char** argv) try {
  duet::on_posix::loop loop;
  room all;
  duet::on_posix::server server(loop);
  const auto at = server.listen(duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000"));
  server.start([&](const session_ptr& client) { all.enter(client); });
  duet::on_posix::signal_set signals(loop, {SIGINT, SIGTERM});
  signals.async_wait(
      [&](std::error_code, int) { server.drain(std::chrono::seconds(1), [](const auto&) {}); });
  std::cout << "listening " << at << std::endl;
  loop.run();
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
