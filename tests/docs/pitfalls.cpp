// SPDX-License-Identifier: MIT
// The code of docs/pitfalls.md: the blocks of the page are parts of this file, so that they compile.
#include <array>
#include <asio.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/on_asio/connect.hpp"
#include "duet/on_asio/datagram.hpp"
#include "duet/on_asio/fork_server.hpp"
#include "duet/on_asio/frame.hpp"
#include "duet/on_asio/reconnecting_client.hpp"
#include "duet/on_asio/relay.hpp"
#include "duet/on_asio/resolver.hpp"
#include "duet/on_asio/sender.hpp"
#include "duet/on_asio/server.hpp"
#include "duet/on_asio/with_deadline.hpp"
#include "duet/policy/frame_text.hpp"

namespace guide {

using namespace std::chrono_literals;
using duet::on_asio::stream;

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

namespace interleaved_writes {

class subscriber {
 public:
  explicit subscriber(stream peer) : peer_(std::move(peer)), out_(peer_, bounds()) {}

  void tell(std::string_view news) {  // from anywhere, as often as there is news
    if (out_.try_send(bytes_of(news)) == duet::send_verdict::refused) ++missed_;
  }

 private:
  static duet::sender_options bounds() {
    duet::sender_options options;
    options.max_bytes = 65536;
    options.overflow = duet::overflow_rule::refuse;  // or wait, drop_oldest, close
    return options;
  }

  stream peer_;
  duet::on_asio::sender out_;
  unsigned missed_ = 0;
};

}  // namespace interleaved_writes

namespace descriptors {

duet::on_asio::server bounded(duet::on_asio::loop& loop, duet::observer& log) {
  duet::server_options options;
  options.max_connections = 10'000;  // further ones wait in the kernel's backlog
  options.max_per_address = 100;
  options.limits.stall = 30s;  // a peer that takes nothing
  options.watcher = &log;      // "accept paused", once an episode, and why
  return duet::on_asio::server(loop, options);
}

}  // namespace descriptors

namespace deadlines {

asio::awaitable<std::size_t> read_in_time(stream& from, std::span<std::byte> to) {
  // A result that races the time wins; condition::timed_out is thrown only if the read was given up.
  co_return co_await duet::on_asio::with_deadline(
      from, 5s, [&](auto token) { return from.async_read_some(to, std::move(token)); },
      asio::use_awaitable);
}

}  // namespace deadlines

namespace draining {

void stop(duet::on_asio::server& server, std::function<void()> done) {
  server.drain(10s, [done = std::move(done)](const std::vector<duet::endpoint>& survivors) {
    for (const duet::endpoint& each : survivors) std::cerr << each << " was cut\n";
    done();  // nothing of the server's is left in the loop: run() returns
  });
}

}  // namespace draining

namespace names {

void look_up(duet::on_asio::resolver& names, std::function<void(duet::resolve_result)> done) {
  duet::resolve_options options;
  options.deadline = 2s;  // of this lookup; a stuck one does not hold up another, nor exit()
  names.async_resolve("example.org", "https", options,
                      [done = std::move(done)](std::error_code ec, duet::resolve_result found) {
                        if (ec == duet::condition::name_not_found) return;  // and will not be
                        if (ec == duet::condition::name_try_again)
                          return;  // its servers fail for now
                        if (!ec) done(std::move(found));
                      });
}

}  // namespace names

namespace races {

asio::awaitable<stream> reach(duet::on_asio::loop& loop, std::string host) {
  stream to(loop);
  duet::connect_options options;
  options.deadline = 10s;
  options.attempt_deadline = 3s;
  const duet::connect_report report =
      co_await duet::on_asio::async_connect(to, host, "443", options, asio::use_awaitable);
  for (const auto& each : report.attempts)
    std::clog << each.to << ' ' << each.error.message() << '\n';
  co_return to;
}

}  // namespace races

namespace sources {

class answerer {
 public:
  answerer(duet::on_asio::loop& loop, const duet::endpoint& at) : socket_(loop) {
    duet::datagram_options options;
    options.metadata.local_address = true;  // which of this host's addresses was asked
    socket_.bind(at, options);              // udp://:9000 is all of them
  }

  asio::awaitable<void> run() {
    for (;;) {
      duet::datagram_info from;
      co_await socket_.async_receive_from(std::span(buffer_), from, asio::use_awaitable);
      if (from.truncated() || from.to_many()) continue;  // a group is not answered
      co_await socket_.async_send_to(std::span(buffer_).first(from.bytes), duet::reply_to(from),
                                     asio::use_awaitable);
    }
  }

 private:
  duet::on_asio::datagram_socket socket_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(1500);
};

}  // namespace sources

namespace half_close {

asio::awaitable<void> ask(stream& server, std::span<const std::byte> question) {
  co_await server.async_write(question, asio::use_awaitable);
  server.shutdown(duet::shutdown_type::send);  // "that is all": the answer still comes
  std::array<std::byte, 4096> buffer;
  try {
    for (;;) co_await server.async_read_some(std::span(buffer), asio::use_awaitable);
  } catch (const std::system_error& over) {
    if (over.code() != duet::condition::end_of_stream) throw;
  }
}

asio::awaitable<void> join(stream& one, stream& other) {
  co_await duet::on_asio::async_relay(one, other, {}, asio::use_awaitable);
}

}  // namespace half_close

namespace frames {

asio::awaitable<void> lines(stream& from) {
  duet::policy::frame_buffer<duet::policy::line_framing> buffer;  // at most 65536 bytes a line
  for (;;) {
    const auto line = co_await duet::on_asio::async_read_frame(from, buffer, asio::use_awaitable);
    std::cout << std::string_view(reinterpret_cast<const char*>(line.data()), line.size()) << '\n';
  }
}

}  // namespace frames

namespace forks {

void serve(const duet::endpoint& at, int stop_descriptor) {
  duet::on_asio::fork_server server([](duet::on_asio::blocking::connection& client) {
    std::array<std::byte, 4096> buffer;
    while (const std::size_t size = client.read(buffer))
      client.write(std::span(buffer).first(size));
    return 0;
  });
  server.listen(at);
  server.run(stop_descriptor);
}

}  // namespace forks

}  // namespace guide
