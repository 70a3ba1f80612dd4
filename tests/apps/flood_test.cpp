// SPDX-License-Identifier: MIT
// A second of more datagrams than duet-echo can take in, into a small receive buffer: its memory stays what it was, and its counters come
// out even: sent = received + lost + dropped by the kernel on the way, received = echoed + not answered. Bounded in number as in time, and
// on the loopback only.
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <ios>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "echo_app.hpp"
#include "raw_datagram.hpp"
#include "resident.hpp"
#include "skip.hpp"

using namespace duet::test;

namespace {

constexpr std::chrono::seconds flood_time{1};
constexpr std::uint64_t flood_count = 1'000'000;
constexpr std::int64_t kib_per_mib = 1024;

raw_datagram bound_peer() {
  return raw_datagram::bound(duet::endpoint::parse("udp://127.0.0.1:0"));
}

/// As fast as it goes. Returns how many the kernel took.
std::uint64_t flood(const duet::endpoint& at) {
  raw_datagram source = bound_peer();
  source.connect(at);
  const byte_vector bytes = some_bytes(64);
  const auto end = std::chrono::steady_clock::now() + flood_time;
  std::uint64_t sent = 0;
  for (std::uint64_t each = 0; each < flood_count; ++each) {
    if (::send(source.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0) ++sent;
    if (each % 64 == 0 && std::chrono::steady_clock::now() >= end) break;
  }
  return sent;
}

/// Numbered datagrams until the last one is answered: then all before it were received or lost, and the server has been told of those
/// lost. Returns how many it took.
std::uint64_t settle(const duet::endpoint& at) {
  const raw_datagram peer = bound_peer();
  for (std::uint64_t sent = 1; sent <= 150; ++sent) {
    peer.send_to(as_bytes(std::to_string(sent)), at);
    pollfd answer{peer.fd(), POLLIN, 0};
    while (::poll(&answer, 1, 100) == 1) {
      if (as_text(peer.receive().bytes) == std::to_string(sent)) return sent;
    }
  }
  FAIL("the server answers no more");
  return 0;
}

/// Datagrams that the kernel dropped on their way to any socket, for its queue between the network and the sockets was full: the sender is
/// told of success and the receiver of nothing. Source: the second column of /proc/net/softnet_stat, netdev_max_backlog in ip-sysctl.
std::uint64_t dropped_on_the_way() {
  std::ifstream file("/proc/net/softnet_stat");
  std::uint64_t sum = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::uint64_t processed = 0;
    std::uint64_t dropped = 0;
    words >> std::hex >> processed >> dropped;
    sum += dropped;
  }
  return sum;
}

std::uint64_t sum_of(const nlohmann::json& counters, const std::vector<const char*>& names) {
  std::uint64_t sum = 0;
  for (const char* const name : names) sum += counters.at(name).get<std::uint64_t>();
  return sum;
}

void check_flood(std::vector<std::string> command) {
  child program(std::move(command));
  const auto listening = nlohmann::json::parse(program.read_line());
  const auto at = duet::endpoint::parse(listening.at("endpoint").get<std::string>());
  const std::uint64_t dropped_before = dropped_on_the_way();
  std::uint64_t sent = settle(at);
  const std::int64_t before_kib = resident_kib(program.pid());
  sent += flood(at);
  sent += settle(at);
  const std::int64_t after_kib = resident_kib(program.pid());
  const std::uint64_t dropped = dropped_on_the_way() - dropped_before;
  CHECK(before_kib > 0);
  CHECK(after_kib - before_kib <= kib_per_mib);
  CHECK(before_kib - after_kib <= kib_per_mib);

  program.signal(SIGTERM);
  nlohmann::json counters;
  do counters = nlohmann::json::parse(program.read_line());
  while (counters.at("event") != "summary");
  CHECK(program.wait() == 0);
  const auto received = counters.at("datagrams_received").get<std::uint64_t>();
  const auto lost = counters.at("datagrams_lost").get<std::uint64_t>();
  MESSAGE("sent ", sent, ", received ", received, ", lost ", lost, ", dropped on the way ", dropped,
          "; resident ", before_kib, " KiB, then ", after_kib);
  CHECK(lost > 0);
  CHECK(received + lost <= sent);
  CHECK(received + lost + dropped >= sent);
  CHECK(sum_of(counters, {"datagrams_echoed", "datagrams_truncated", "datagrams_to_many",
                          "datagrams_nameless", "datagrams_looping", "datagrams_limited",
                          "datagrams_not_sent"}) == received);
}

}  // namespace

TEST_CASE_TEMPLATE("flood: a second of it leaves memory as it was and counters even", Row,
                   DUET_APP_COLUMNS) {
  if (under_asan || under_tsan) DUET_SKIP("a sanitizer's memory is not the server's");
  for (const std::string batch : {"1", "64"}) {
    CAPTURE(batch);
    const arguments small{"udp://127.0.0.1:0", "--json", "--rcvbuf", "1Ki", "--batch", batch};
    check_flood(command_line<Row>("serve", small));
    arguments unguarded = small;
    unguarded.emplace_back("--no-loop-guard");
    check_flood(command_line<Row>("serve", unguarded));
  }
}
