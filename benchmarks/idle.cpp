// SPDX-License-Identifier: MIT
// duet-bench idle: the scenario on its stage. Each arm in turn is a process that serves; this one holds the clients.
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "arms/catalogue.hpp"
#include "commands.hpp"
#include "duet/endpoint.hpp"
#include "duet/os/limits.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/unique_fd.hpp"
#include "harness/environment.hpp"
#include "harness/interrupt.hpp"
#include "harness/process.hpp"
#include "harness/report.hpp"
#include "harness/result_json.hpp"
#include "harness/terminal.hpp"
#include "scenarios/idle.hpp"
#include "scenarios/scenario.hpp"
#include "setup.hpp"

namespace duet::bench {

namespace {

constexpr std::uint64_t kib = 1024;

/// The figure behind `label` in a file of /proc, in KiB there. Source: proc(5).
std::uint64_t bytes_of(const std::string& path, std::string_view label) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    std::uint64_t value = 0;
    if (word == label && file >> value) return value * kib;
  }
  throw std::runtime_error(fmt::format("{} has no {}", path, label));
}

int checked(int result, const char* call) {
  if (result < 0) throw std::system_error(errno, std::system_category(), call);
  return result;
}

/// A client that has had its byte echoed.
os::unique_fd served_client(const endpoint& at) {
  std::error_code ec;
  const os::socket_address to = os::to_socket_address(at, ec);
  if (ec) throw std::system_error(ec, at.to_string());
  os::unique_fd fd(
      checked(::socket(to.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  checked(::connect(fd.get(), &to.generic, to.size), "connect");
  char byte = 'x';
  checked(static_cast<int>(::send(fd.get(), &byte, 1, MSG_NOSIGNAL)), "send");
  if (checked(static_cast<int>(::recv(fd.get(), &byte, 1, 0)), "recv") != 1)
    throw std::runtime_error("the server has ended a connection");
  return fd;
}

idle_figures measure(const idle_plan& how, const arm& which, const std::string& transport,
                     interrupt_source& interrupts) {
  const std::string where =
      transport == "tcp" ? "tcp://127.0.0.1:0" : fmt::format("unix:@duet-bench-{}", ::getpid());
  child server(which.name,
               {own_folder().string() + '/' + which.program, "--listen=" + where,
                fmt::format("--connections={}", how.connections)},
               std::nullopt, interrupts);
  const std::string line = server.read_line(start_limit);
  const endpoint at = endpoint::parse(line.substr(line.find(' ') + 1));
  const std::string status = fmt::format("/proc/{}/status", server.pid());
  std::vector<os::unique_fd> clients;
  clients.reserve(how.connections);
  std::vector<idle_reading> readings;
  for (const std::size_t wanted : steps_of(how)) {
    if (const int signal = interrupts.take(); signal != 0) throw interrupted(signal);
    while (clients.size() < wanted) clients.push_back(served_client(at));
    readings.push_back({wanted, bytes_of(status, "RssAnon:"), bytes_of("/proc/meminfo", "Slab:")});
  }
  return figures_of(which.name, transport, std::move(readings));
}

void print_result(const options& o, const environment& where,
                  const std::vector<idle_figures>& all) {
  if (o.json) {
    nlohmann::json start{{"schema", schema}, {"type", "start"}, {"environment", to_json(where)}};
    fmt::print("{}\n", start.dump());
    for (const idle_figures& each : all) {
      nlohmann::json object = to_json(each);
      object["schema"] = schema;
      fmt::print("{}\n", object.dump());
    }
    return;
  }
  const bool color = use_color(o.color, STDOUT_FILENO);
  fmt::print("{}\n{}  {}\n\n{}", machine_text(where, color), paint("idle", ink::bold, color),
             description(o.idle), table_text(all, color));
}

}  // namespace

int idle_command(const options& o) {
  std::error_code ec;
  const std::size_t limit = os::raise_descriptor_limit(ec);
  if (limit < o.idle.connections + spare_descriptors) {
    fmt::print(stderr,
               "duet-bench: idle: not measured: {} connections need {} descriptors, the limit is "
               "{}; --connections takes fewer\n",
               o.idle.connections, o.idle.connections + spare_descriptors, limit);
    return exit_failed;
  }
  interrupt_source interrupts;
  const environment where = read_environment(interrupts);
  std::vector<idle_figures> all;
  try {
    progress_line progress;
    for (const arm& each : all_arms()) {
      // One process, one figure: the control says nothing. The limit's own memory is what its author wrote down beforehand, for TCP only.
      if (each.group != arm_group::standard) continue;
      if (each.name == control_name || each.name == "limit") continue;
      for (const char* const transport : {"tcp", "unix"}) {
        progress.show(fmt::format("idle: {} over {}", each.name, transport));
        all.push_back(measure(o.idle, each, transport, interrupts));
      }
    }
  } catch (const interrupted& stop) {
    die_by(stop.signal());
  }
  print_result(o, where, all);
  return 0;
}

}  // namespace duet::bench
