// SPDX-License-Identifier: MIT
// What the cases of the datagram echo client share: a client with books of what it tells, and a bad way to a server on the case's loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "lossy_echo.hpp"
#include "raw_datagram.hpp"

namespace duet::test {

inline datagram_echo_client_options at_once(std::optional<std::uint64_t> count,
                                            std::size_t window = 1) {
  datagram_echo_client_options how;
  how.count = count;
  how.interval = std::chrono::seconds(0);
  how.window = window;
  how.reply_deadline = std::chrono::hours(1);
  return how;
}

/// A client with books of what it tells.
template <class Row>
class client {
 public:
  client(fixture_of<Row>& of, datagram_echo_client_options how) : f(of) {
    how.told = [this](const datagram_reply& about) {
      told.push_back(about);
      peers.push_back(*about.peer);
      if (then) then(about);
    };
    it = std::make_unique<type>(f.loop(), how);
  }
  void start(const endpoint& to) {
    it->async_run(to, f.once("run", [this](std::error_code why, reply_counts counted) {
      done = true;
      ec = why;
      counts = counted;
    }));
  }
  void run(const endpoint& to) {
    start(to);
    f.run_until([&] { return done; });
  }
  [[nodiscard]] const reply_counts& progress() const { return it->progress(); }
  [[nodiscard]] std::vector<std::string> kinds() const {
    std::vector<std::string> texts;
    for (const datagram_reply& each : told)
      texts.push_back(std::string(to_string(each.kind)) + ' ' + std::to_string(each.number));
    return texts;
  }

  using type = typename Row::backend::datagram_echo_client;
  fixture_of<Row>& f;
  std::unique_ptr<type> it;
  std::function<void(const datagram_reply&)> then;
  std::vector<datagram_reply> told;
  std::vector<endpoint> peers;
  bool done = false;
  std::error_code ec;
  reply_counts counts;
};

/// A lossy echo that serves whenever the loop finds it readable.
template <class Row>
class served {
 public:
  served(fixture_of<Row>& f, const fate_odds& odds, std::uint64_t total, unsigned seed = 1)
      : echo(f.anywhere(), odds, seed), total_(total), watch_(f.loop(), echo.fd()) {
    serve();
  }

  lossy_echo echo;

 private:
  void serve() {
    watch_.async_wait(wait_type::read, [this](std::error_code ec) {
      if (ec) return;
      echo.serve_one(total_);
      serve();
    });
  }

  std::uint64_t total_;
  typename Row::backend::descriptor watch_;
};

/// An endpoint that nobody is behind.
template <class Row>
endpoint deserted(const fixture_of<Row>& f) {
  return raw_datagram::bound(f.anywhere()).local_endpoint();
}

}  // namespace duet::test
