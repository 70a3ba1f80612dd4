// SPDX-License-Identifier: MIT
// relayed: two pairs of streams with a relay between them, as the cases about relays use it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "duet/error.hpp"
#include "duet/relay_options.hpp"
#include "fixture.hpp"

namespace duet::test {

struct relay_end {
  bool done = false;
  std::error_code ec;
  relay_result moved;
};

/// Two clients, `left` and `right`, with a relay between them.
template <class Row>
struct relayed {
  using stream = typename Row::backend::stream;

  explicit relayed(fixture_of<Row>& of, const socket_options& socket = {},
                   const relay_options& options = {})
      : f(of), first(f.connected_pair(socket)), second(f.connected_pair(socket)) {
    Row::backend::async_relay(first.first, second.first, options,
                              f.once("relay", [this](std::error_code ec, relay_result moved) {
                                end = {true, ec, moved};
                              }));
    CHECK_FALSE(end.done);
  }

  [[nodiscard]] stream& left() { return first.second; }
  [[nodiscard]] stream& right() { return second.second; }

  void send(stream& from, std::string_view text) {
    result written;
    from.async_write(as_bytes(text), f.into(written, "write"));
    f.run_until([&] { return written.done; });
    CHECK_FALSE(written.ec);
  }
  std::string receive(stream& at, std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t have = 0; have < size;) {
      result read;
      at.async_read_some(std::as_writable_bytes(std::span(text)).subspan(have),
                         f.into(read, "read"));
      f.run_until([&] { return read.done; });
      if (read.ec) return text.substr(0, have) + "...";
      have += read.size;
    }
    return text;
  }
  bool ends(stream& at) {
    std::byte byte{};
    result read;
    at.async_read_some(std::span(&byte, 1), f.into(read, "read the end"));
    f.run_until([&] { return read.done; });
    return read.ec == condition::end_of_stream;
  }
  void wait() {
    f.run_until([&] { return end.done; });
  }

  fixture_of<Row>& f;
  std::pair<stream, stream> first;
  std::pair<stream, stream> second;
  relay_end end;
};

/// Reads to the end, one buffer after another.
template <class Row>
struct collector {
  using stream = typename Row::backend::stream;

  collector(fixture_of<Row>& of, stream& at) : f(of), from(at) {}
  void go() {
    from.async_read_some(buffer, f.once("collect", [this](std::error_code ec, std::size_t size) {
      got.add(std::span(buffer).first(size));
      if (ec)
        ended = ec;
      else
        go();
    }));
  }

  fixture_of<Row>& f;
  stream& from;
  byte_vector buffer = byte_vector(65536);
  digest got{};
  std::error_code ended{};
};

/// Until `done()`, which does something itself each time.
template <class Fixture, class Done>
void take_turns(Fixture& f, Done done) {
  const auto until = std::chrono::steady_clock::now() + cap;
  while (!done()) {
    f.run_ready();
    REQUIRE(std::chrono::steady_clock::now() < until);
  }
}

inline digest digest_of(std::span<const std::byte> bytes) {
  digest all;
  all.add(bytes);
  return all;
}

}  // namespace duet::test
