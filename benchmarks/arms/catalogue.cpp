// SPDX-License-Identifier: MIT
// See catalogue.hpp.
#include "arms/catalogue.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace duet::bench {

namespace {

constexpr std::string_view prefix = "duet-arm-";

bool has_name(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string_view> known_names() {
  std::vector<std::string_view> names;
  for (const arm& each : all_arms()) names.push_back(each.name);
  return names;
}

void require_known(std::string_view name) {
  const auto known = known_names();
  if (std::find(known.begin(), known.end(), name) == known.end())
    throw std::invalid_argument(
        fmt::format("no arm is called \"{}\"; there are {}", name, fmt::join(known, ", ")));
}

/// From "NAME=COMMAND".
arm own_arm(const std::string& text) {
  const auto equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  constexpr std::size_t longest = 12;  // the tables' first column
  if (equals == text.npos || equals + 1 == text.size() || name.empty() || name.size() > longest ||
      !std::all_of(name.begin(), name.end(), is_plain))
    throw std::invalid_argument(fmt::format(
        "--arm \"{}\" is not NAME=COMMAND, the name of at most {} letters, digits and -_.", text,
        longest));
  const auto known = known_names();
  if (std::find(known.begin(), known.end(), name) != known.end())
    throw std::invalid_argument(fmt::format("--arm: {} is an arm already", name));
  return {name, text.substr(equals + 1), "own: " + text.substr(equals + 1), arm_group::own};
}

bool is_wanted(const arm& candidate, const arm_wishes& wishes) {
  if (candidate.name == reference_name || candidate.name == control_name) return true;
  if (has_name(wishes.names, candidate.name)) return true;
  if (wishes.peers) return candidate.group == arm_group::peer;
  return wishes.names.empty() && candidate.group == arm_group::standard;
}

std::string listen_of(const arm& which, const cell& what) {
  const auto scheme = what.transport();
  if (scheme == "tcp" || scheme == "udp") return fmt::format("{}://127.0.0.1:0", scheme);
  return fmt::format("{}:@duet-bench-{}-{}", scheme, ::getpid(), which.name);
}

void add_stream_options(std::vector<std::string>& argv, const cell& what,
                        const arm_settings& settings) {
  argv.push_back(fmt::format("--buffer-bytes={}", settings.buffer_bytes));
  argv.push_back(fmt::format("--congestion-control={}", settings.congestion_control));
  argv.push_back(fmt::format("--connections={}", what.connections));
  if (what.kind == traffic_kind::one_way)
    argv.push_back(fmt::format("--sink={}", what.message_bytes));
  if (what.kind == traffic_kind::framed) argv.emplace_back("--framed");
}

void add_datagram_options(std::vector<std::string>& argv, const cell& what,
                          const arm_settings& settings) {
  constexpr std::size_t room = 2048;
  const datagram_shape& shape = *what.datagrams;
  argv.push_back(fmt::format("--batch={}", shape.batch));
  if (what.message_bytes > room)
    argv.push_back(fmt::format("--datagram-bytes={}", what.message_bytes));
  argv.push_back(fmt::format("--receive-buffer-bytes={}", settings.receive_buffer_bytes));
  if (shape.one_way) argv.emplace_back("--one-way");
  if (shape.extra == datagram_extra::metadata) argv.emplace_back("--metadata");
  if (shape.extra == datagram_extra::segments) argv.emplace_back("--segments");
}

}  // namespace

std::string_view name_of(arm_group group) {
  switch (group) {
    case arm_group::standard: return "standard";
    case arm_group::uring: return "uring";
    case arm_group::peer: return "peer";
    case arm_group::process: return "process";
    case arm_group::own: break;
  }
  return "own";
}

arm_group arm_group_of(std::string_view name) {
  for (const auto group : {arm_group::standard, arm_group::uring, arm_group::peer,
                           arm_group::process, arm_group::own}) {
    if (name_of(group) == name) return group;
  }
  throw std::invalid_argument(fmt::format("no group of arms is called \"{}\"", name));
}

const std::vector<arm>& all_arms() {
  static const std::vector<arm> arms{
      {std::string(reference_name), "duet-arm-raw",
       "duet::on_posix's echo server: level-triggered epoll"},
      {std::string(control_name), "duet-arm-raw", "the very same binary again: the A/A control"},
      {"asio", "duet-arm-asio", "duet::on_asio's echo server"},
      {"asio-stock", "duet-arm-asio-stock",
       "an echo server as one writes it from Asio's own examples"},
      {"asio-coro", "duet-arm-asio-coro", "the same with C++20 coroutines"},
      {"limit", "duet-arm-limit",
       "the barest loop: blocking calls for one connection, epoll for many"},
      {"uring", "duet-arm-asio-uring", "asio on Asio's io_uring reactor", arm_group::uring},
      {"uring-stock", "duet-arm-asio-stock-uring", "asio-stock on it", arm_group::uring},
      {"uring-coro", "duet-arm-asio-coro-uring", "asio-coro on it", arm_group::uring},
      {"fork", "duet-arm-fork", "a process for each connection, duet::on_posix's fork_server",
       arm_group::process},
      {"fork-asio", "duet-arm-fork-asio", "the same of duet::on_asio", arm_group::process},
      {"prefork", "duet-arm-prefork", "raw in two workers under duet's supervisor",
       arm_group::process},
      {"prefork-asio", "duet-arm-prefork-asio", "asio in two workers", arm_group::process},
      {"libuv", "duet-arm-libuv", "an echo server on libuv", arm_group::peer},
      {"libevent", "duet-arm-libevent", "one on libevent's bare events", arm_group::peer},
      {"boost-asio", "duet-arm-boost-asio", "asio-stock's source on Boost.Asio", arm_group::peer},
      {"go", "duet-arm-go", "one in Go, a goroutine a connection, GOMAXPROCS 1", arm_group::peer},
      {"node", "duet-arm-node", "one on node's net module", arm_group::peer},
  };
  return arms;
}

std::vector<std::string> process_arm_names() {
  std::vector<std::string> names{"asio"};
  for (const arm& each : all_arms()) {
    if (each.group == arm_group::process) names.push_back(each.name);
  }
  return names;
}

std::vector<arm> select_arms(const arm_wishes& wishes) {
  for (const auto& name : wishes.names) require_known(name);
  std::vector<arm> result;
  for (const arm& candidate : all_arms()) {
    if (is_wanted(candidate, wishes)) result.push_back(candidate);
  }
  for (const auto& text : wishes.own) {
    arm added = own_arm(text);
    for (const arm& before : result) {
      if (before.name == added.name)
        throw std::invalid_argument(fmt::format("--arm: {} is an arm already", added.name));
    }
    result.push_back(std::move(added));
  }
  return result;
}

std::string arm::program_for(const cell& what) const {
  if (!what.datagrams || group != arm_group::standard) return program;
  return fmt::format("{}datagram-{}", prefix, std::string_view(program).substr(prefix.size()));
}

std::string arm::refusal(const cell& what) const {
  if (group == arm_group::standard) return {};
  if (group == arm_group::uring)
    return what.datagrams ? fmt::format("arm {} has no datagrams", name) : std::string();
  if (group == arm_group::process && what.scenario != fork_scenario)
    return fmt::format("arm {} is for the scenario fork", name);
  if (!what.is_echo()) return fmt::format("arm {} only echoes", name);
  if (what.spin) return fmt::format("arm {} does not spin", name);
  if (what.datagrams && (group == arm_group::peer || what.datagrams->extra != datagram_extra::none))
    return fmt::format("arm {} has no such datagrams", name);
  return {};
}

std::vector<std::string> command_of(const arm& which, const std::string& folder, const cell& what,
                                    const arm_settings& settings) {
  const std::string listen = listen_of(which, what);
  if (which.group == arm_group::own)
    return {"env", "DUET_BENCH_LISTEN=" + listen, "sh", "-c", "exec " + which.program};
  std::vector<std::string> argv{fmt::format("{}/{}", folder, which.program_for(what)),
                                "--listen=" + listen};
  what.datagrams ? add_datagram_options(argv, what, settings)
                 : add_stream_options(argv, what, settings);
  if (what.spin) argv.emplace_back("--spin");
  return argv;
}

}  // namespace duet::bench
