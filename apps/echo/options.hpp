// SPDX-License-Identifier: MIT
// options: what the command line of duet-echo asks for, as values, and the function of argv that reads it. No I/O (but for who a user or
// a group is): what is to be printed is returned.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "duet/endpoint.hpp"
#include "support/console.hpp"
#include "support/exit_code.hpp"
#include "support/file_access.hpp"
#include "support/quantity.hpp"

namespace duet::apps::echo {

enum class backend_choice { asio, posix };

/// async: many connections on one loop. blocking: one call after another, each of which blocks. fork: the same in a process for each connection,
/// of serve only. prefork: async in several processes under a supervisor, of serve only.
enum class model { async, blocking, fork, prefork };

/// The pair of calls that the blocking model moves bytes with.
enum class io_calls { read_write, send_recv };

struct common_options {
  backend_choice backend = backend_choice::asio;
  apps::echo::model model = model::async;
  io_calls io = io_calls::read_write;
  bool trace = false;
  bool json = false;
  bool quiet = false;
  color_mode color = color_mode::automatic;
};

/// How long a peer may take nothing while there is something for it.
inline constexpr std::chrono::seconds default_stall_timeout{30};
/// How long a stopping server lets its connections finish.
inline constexpr std::chrono::seconds default_drain_timeout{10};

/// The largest number of connections that an option takes.
inline constexpr std::uint64_t most_connections = 1'000'000;

/// Connections at a time where each is a process.
inline constexpr std::size_t default_children = 256;
inline constexpr std::size_t most_children = 32768;

/// duet-echo serve
struct serve_options : common_options {
  std::vector<endpoint> endpoints;  ///< none: only with handed_in
  bool handed_in = false;
  std::string port_file;
  std::optional<std::size_t> max_connections;  ///< unset: as many as the descriptor limit allows
  std::optional<int> backlog;                  ///< unset: the library's default
  bool stats = false;                          ///< a live line each second

  // Of streams, and the async model.
  std::optional<std::size_t> max_per_address;             ///< unset: no cap
  std::optional<std::chrono::nanoseconds> idle_timeout;   ///< unset: never
  std::optional<std::chrono::nanoseconds> stall_timeout;  ///< unset: default_stall_timeout
  std::optional<endpoint> metrics;

  std::chrono::nanoseconds drain_timeout = default_drain_timeout;

  // Of the prefork model.
  std::optional<std::size_t> workers;  ///< unset: one for each processor that may be used
  bool reuse_port = false;             ///< a socket each, the kernel chooses by the peer's address
  std::optional<std::chrono::nanoseconds> hang_timeout;  ///< unset: the library's default
  std::optional<std::chrono::nanoseconds>
      restart_pause;  ///< the longest; unset: the library's default

  /// Of the files of UNIX endpoints; unset: as the umask says, and the process's own.
  std::optional<unsigned> file_mode;
  std::optional<file_owner> owner;

  /// Of datagram endpoints.
  std::optional<int> receive_buffer_bytes;  ///< unset: the kernel's default
  std::optional<std::size_t> batch_size;    ///< unset: the library's default
  bool loop_guard = true;
  std::optional<int> hops;  ///< TTL of the replies; unset: the kernel's default
};

/// How the clients connect.
struct client_options : common_options {
  std::optional<std::chrono::nanoseconds> connect_timeout;  ///< unset: as the command says
  std::uint64_t retries = 0;                                ///< how often to connect again
  std::optional<endpoint> local;                            ///< bound before connecting
};

/// duet-echo send
struct send_options : client_options {
  endpoint to;
  bool verify = false;
  std::optional<std::size_t> chunk_bytes;
  std::optional<bool>
      lines;              ///< a datagram of each line, or of each chunk; unset: as suits the input
  bool peek = false;      ///< look with recv(MSG_PEEK) first
  bool wait_all = false;  ///< recv(MSG_WAITALL)
  std::chrono::nanoseconds patience = never;  ///< of datagrams the default is 5 s
};

/// duet-echo connect
struct connect_command_options : client_options {
  std::vector<endpoint> endpoints;
  std::optional<std::chrono::nanoseconds> wait_for;  ///< unset: no longer than the retries
};

/// duet-echo ping
struct ping_options : client_options {
  endpoint to;
  std::optional<std::uint64_t> count;  ///< messages in all; unset: endless
  std::chrono::nanoseconds interval{std::chrono::seconds(1)};
  std::size_t message_bytes = 64;
  std::chrono::nanoseconds reply_deadline{std::chrono::seconds(5)};
  std::chrono::nanoseconds whole_deadline = never;
  std::size_t connections = 1;
  bool reconnect = false;
};

/// Nothing to run: help, a version, or a command line that cannot be understood.
struct finished {
  exit_code code = exit_code::done;
  std::string text;      ///< for standard output, or the error without "duet-echo: "
  bool version = false;  ///< print the version instead
};

using invocation =
    std::variant<finished, serve_options, send_options, ping_options, connect_command_options>;

/// Largest message or chunk that the blocking model takes: it writes all of it before it reads, and more might fill the buffers of
/// both kernels and stop for ever.
inline constexpr std::size_t largest_blocking_bytes = 64 * 1024;

/// Largest datagram that a client sends: of UDP what one IPv4 packet holds, of UNIX sockets what duet's servers take.
inline std::size_t largest_datagram_bytes(const endpoint& to) noexcept {
  return to.is_ip() ? 65507 : 65535;
}

/// Reads the command line. Threads: any. Errors: std::bad_alloc only; a bad command line is a `finished` with exit_code::usage.
invocation parse_options(int argc, const char* const* argv);

}  // namespace duet::apps::echo
