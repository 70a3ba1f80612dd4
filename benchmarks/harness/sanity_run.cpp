// SPDX-License-Identifier: MIT
// See sanity_run.hpp.
#include "harness/sanity_run.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace duet::bench {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds server_limit{5'000};
constexpr milliseconds client_limit{15'000};  // it measures for 2 s

/// One that was free a moment ago: neither tool tells which one it got of port 0.
std::uint16_t free_port(bool of_datagrams) {
  const int fd = ::socket(AF_INET, (of_datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::system_error(errno, std::system_category(), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool has_one = ::bind(fd, generic, size) == 0 && ::getsockname(fd, generic, &size) == 0;
  const int error = errno;
  ::close(fd);
  if (!has_one) throw std::system_error(error, std::system_category(), "bind");
  return ntohs(address.sin_port);
}

std::string output_of_client(const run_context& run, const sanity_commands& commands,
                             const placement& where) {
  const auto cpu = [&](int number) { return where.pinned ? std::optional(number) : std::nullopt; };
  child server(commands.server[0] + " server", commands.server, cpu(where.server_cpu),
               run.interrupts);
  while (server.read_line(server_limit).find(commands.ready) == std::string::npos) {
  }
  child client(commands.client[0], commands.client, cpu(where.loader_cpu), run.interrupts);
  return client.read_all(client_limit);
}

}  // namespace

void measure_sanity(const run_context& run, sanity_tool tool, cell_result& cell) {
  sanity_result line = empty_sanity(tool);
  constexpr int attempts = 3;  // somebody else may take the port
  for (int attempt = 0; attempt < attempts && !line.figure; ++attempt) {
    try {
      const auto port = free_port(cell.what.datagrams.has_value());
      const auto commands = commands_of(tool, cell.what, port, run.how.settings.congestion_control);
      const auto reading = read_output(tool, output_of_client(run, commands, cell.where));
      line.figure = reading.figure;
      line.version = reading.version;
      line.not_measured.clear();
    } catch (const std::system_error& error) {
      const bool is_missing = error.code() == std::errc::no_such_file_or_directory;
      line.not_measured = is_missing ? fmt::format("{} (Debian: {})", not_installed, name_of(tool))
                                     : std::string(error.what());
      if (is_missing) break;
    } catch (const std::runtime_error& error) {
      line.not_measured = error.what();
    }
  }
  cell.sanity = std::move(line);
}

}  // namespace duet::bench
