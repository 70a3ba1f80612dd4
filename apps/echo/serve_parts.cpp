// SPDX-License-Identifier: MIT
#include "echo/serve_parts.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>

#include "duet/supervisor_options.hpp"
#include "echo/command_parts.hpp"
#include "support/arguments.hpp"

namespace duet::apps::echo {
namespace {

constexpr std::uint64_t largest_buffer = std::uint64_t{1} << 30;
constexpr std::uint64_t largest_batch = 1024;
constexpr std::uint64_t most_hops = 255;

}  // namespace

void add_limits(CLI::App& to, serve_options& into) {
  add_value(to, "--max-per-address", "N|off", "Connections at a time from one address (off)",
            [&into](const auto& option, const auto& text) {
              into.max_per_address =
                  text == "off" ? 0 : number_argument(option, text, {1, most_connections});
            });
  add_duration(to, "--idle-timeout", "TIME", "Close connections silent for so long (off)",
               into.idle_timeout, zero::refused, off::allowed);
  add_duration(to, "--stall-timeout", "TIME", "Close those that take nothing for so long (30s)",
               into.stall_timeout, zero::refused, off::allowed);
  add_duration(to, "--drain-timeout", "TIME", "What a stopping server gives connections (10s)",
               into.drain_timeout, zero::refused, off::allowed);
}

void add_prefork_options(CLI::App& to, serve_options& into) {
  add_value(to, "--workers", "N|auto", "Processes of --model prefork (auto: processors)",
            [&into](const auto& option, const auto& text) {
              into.workers.reset();
              if (text != "auto") into.workers = number_argument(option, text, {1, most_workers});
            });
  to.add_flag("--reuse-port", into.reuse_port, "A TCP socket each (SO_REUSEPORT), not one for all");
  add_value(to, "--hang-timeout", "TIME", "Replace a worker that stands still so long (10s)",
            [&into](const auto& option, const auto& text) {
              into.hang_timeout = duration_argument(option, text, zero::refused, off::allowed);
              if (*into.hang_timeout < shortest_hang_timeout)
                refuse_argument(option, text, "100ms or more, or off");
            });
  add_duration(to, "--restart-pause", "TIME", "Longest pause before a worker is replaced (30s)",
               into.restart_pause, zero::refused, off::refused);
}

void add_file_options(CLI::App& to, serve_options& into) {
  add_value(to, "--mode", "OCTAL", "Mode of UNIX socket files (0777 less the umask)",
            [&into](const auto& option, const auto& text) {
              into.file_mode = mode_argument(option, text);
            });
  add_value(
      to, "--owner", "USER[:GROUP]", "Owner of UNIX socket files, names or numbers",
      [&into](const auto& option, const auto& text) { into.owner = owner_argument(option, text); });
}

void add_datagram_options(CLI::App& to, serve_options& into) {
  add_value(to, "--rcvbuf", "SIZE", "Buffer of datagrams that wait (the kernel's)",
            [&into](const auto& option, const auto& text) {
              into.receive_buffer_bytes =
                  static_cast<int>(size_argument(option, text, {1, largest_buffer}));
            });
  add_value(to, "--batch", "N", "Datagrams of one system call (64)",
            [&into](const auto& option, const auto& text) {
              into.batch_size = number_argument(option, text, {1, largest_batch});
            });
  add_value(to, "--ttl", "N", "TTL or hop limit of UDP replies (the kernel's)",
            [&into](const auto& option, const auto& text) {
              into.hops = static_cast<int>(number_argument(option, text, {1, most_hops}));
            });
  to.add_flag_callback(
      "--no-loop-guard", [&into] { into.loop_guard = false; },
      "Answer datagrams of any port, however many");
}

}  // namespace duet::apps::echo
