// SPDX-License-Identifier: MIT
#include "echo/options_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "duet/policy/datagram_probe.hpp"
#include "support/arguments.hpp"
#include "support/printable.hpp"
#include "support/quantity.hpp"

namespace duet::apps::echo {
namespace {

void check_model(const common_options& options) {
  const bool loops = options.model == model::async || options.model == model::prefork;
  if (loops && options.io != io_calls::read_write) {
    throw usage_error("--io sendrecv goes with --model blocking");
  }
}

void check_local(const client_options& options, const endpoint& to) {
  if (!options.local) return;
  if (options.local->is_unix() != to.is_unix()) {
    throw usage_error(fmt::format("--local {}: no address to connect to {} from",
                                  options.local->to_string(), scheme(to.transport())));
  }
  const bool any = to.is_unix() || options.local->is_wildcard() || !to.host().empty();
  if (!any && options.local->address().get_family() !=
                  (to.is_wildcard() ? address::family::v6 : to.address().get_family())) {
    throw usage_error(fmt::format("--local {}: of another family than {}",
                                  options.local->to_string(), to.to_string()));
  }
}

/// Of a stream's client.
void check_connecting(const client_options& options, const endpoint& to) {
  if (options.connect_timeout && options.model == model::blocking) {
    throw usage_error("--connect-timeout goes with --model async");
  }
  check_local(options, to);
}

/// Datagrams have no connection.
void check_no_connecting(const client_options& options) {
  for (const auto& [option, given] :
       {std::pair("--connect-timeout", options.connect_timeout.has_value()),
        std::pair("--retry", options.retries > 0),
        std::pair("--local", options.local.has_value())}) {
    if (given) throw usage_error(fmt::format("{} goes with a tcp or unix endpoint", option));
  }
}

void check_blocking_size(std::size_t bytes) {
  if (bytes <= largest_blocking_bytes) return;
  throw usage_error(fmt::format(
      "--size {}: the blocking model sends all of it before it reads, so it takes at most {}",
      format_size(bytes), format_size(largest_blocking_bytes)));
}

void check_datagram_io(const common_options& options) {
  if (options.io == io_calls::read_write) return;
  throw usage_error("--io goes with a tcp or unix endpoint: datagrams go with sendto");
}

void check_datagram_size(std::size_t bytes, const endpoint& to) {
  const std::size_t most = largest_datagram_bytes(to);
  if (bytes <= most) return;
  throw usage_error(fmt::format("--size {}: a {} datagram has at most {} bytes", format_size(bytes),
                                scheme(to.transport()), most));
}

void check_datagrams(const send_options& options) {
  check_datagram_io(options);
  check_no_connecting(options);
  if (options.peek || options.wait_all) {
    throw usage_error("--recv-flags goes with a tcp or unix endpoint");
  }
  if (!options.chunk_bytes) return;
  if (options.lines.value_or(false)) throw usage_error("--size goes with --chunks");
  check_datagram_size(*options.chunk_bytes, options.to);
}

void check_datagrams(const ping_options& options) {
  check_datagram_io(options);
  check_no_connecting(options);
  check_datagram_size(options.message_bytes, options.to);
  if (options.message_bytes >= policy::probe_header_bytes) return;
  throw usage_error(fmt::format("--size {}: a datagram's number and checksum take {} bytes",
                                options.message_bytes, policy::probe_header_bytes));
}

void check_fork(const serve_options& options) {
  for (const endpoint& each : options.endpoints) {
    if (each.is_stream()) continue;
    throw usage_error(fmt::format(
        "{}: --model fork goes with tcp and unix endpoints: a datagram has no connection that a "
        "process could serve",
        printable(each.to_string())));
  }
  if (options.max_connections.value_or(1) > most_children) {
    throw usage_error(fmt::format(
        "--max-connections {}: with --model fork each is a process, and at most {} are allowed",
        *options.max_connections, most_children));
  }
}

}  // namespace

void check(const serve_options& options) {
  check_model(options);
  if (options.endpoints.empty() && !options.handed_in)
    throw usage_error("serve: ENDPOINT is required");
  const auto any = [&options](auto&& is) { return std::ranges::any_of(options.endpoints, is); };
  // What is handed in may be of any kind.
  const bool datagrams =
      options.handed_in || any([](const endpoint& each) { return !each.is_stream(); });
  const bool udp = any([](const endpoint& each) { return each.transport() == transport::udp; });
  if (options.model == model::fork) check_fork(options);
  const bool loops = options.model == model::async || options.model == model::prefork;
  for (const auto& [option, given] :
       {std::pair("--workers", options.workers.has_value()),
        std::pair("--reuse-port", options.reuse_port),
        std::pair("--hang-timeout", options.hang_timeout.has_value()),
        std::pair("--restart-pause", options.restart_pause.has_value())}) {
    if (given && options.model != model::prefork)
      throw usage_error(fmt::format("{} goes with --model prefork", option));
  }
  if (options.batch_size && options.model == model::blocking) {
    throw usage_error("--batch goes with --model async");
  }
  if (options.handed_in && !loops)
    throw usage_error("--handed-in goes with --model async or prefork");
  const bool streams =
      options.handed_in || any([](const endpoint& each) { return each.is_stream(); });
  for (const auto& [option, given] :
       {std::pair("--max-per-address", options.max_per_address.has_value()),
        std::pair("--idle-timeout", options.idle_timeout.has_value()),
        std::pair("--stall-timeout", options.stall_timeout.has_value()),
        std::pair("--metrics", options.metrics.has_value())}) {
    if (given && !loops)
      throw usage_error(fmt::format("{} goes with --model async or prefork", option));
    if (given && !streams && option != std::string_view("--metrics"))
      throw usage_error(fmt::format("{} goes with a tcp or unix endpoint", option));
  }
  if (options.metrics && !options.metrics->is_stream()) {
    throw usage_error(fmt::format("--metrics {}: a tcp or unix endpoint is wanted",
                                  printable(options.metrics->to_string())));
  }
  for (const auto& [option, given] :
       {std::pair("--rcvbuf", options.receive_buffer_bytes.has_value()),
        std::pair("--batch", options.batch_size.has_value()),
        std::pair("--no-loop-guard", !options.loop_guard)}) {
    if (given && !datagrams) {
      throw usage_error(fmt::format("{} goes with a udp or unixgram endpoint", option));
    }
  }
  const bool files =
      any([](const endpoint& each) { return each.is_unix() && !each.is_abstract(); });
  if ((options.file_mode || options.owner) && !files) {
    throw usage_error(fmt::format("{} goes with a unix or unixgram endpoint that is a file",
                                  options.file_mode ? "--mode" : "--owner"));
  }
  if (options.hops && !udp) throw usage_error("--ttl goes with a udp endpoint");
}

void check(const send_options& options) {
  check_model(options);
  if (!options.to.is_stream()) return check_datagrams(options);
  check_connecting(options, options.to);
  if (options.lines) {
    throw usage_error(fmt::format("{} goes with a udp or unixgram endpoint",
                                  *options.lines ? "--lines" : "--chunks"));
  }
  if ((options.peek || options.wait_all) && options.io != io_calls::send_recv) {
    throw usage_error("--recv-flags goes with --io sendrecv");
  }
  if (options.model == model::blocking) check_blocking_size(options.chunk_bytes.value_or(1));
}

void check(const ping_options& options) {
  check_model(options);
  const bool blocking = options.model == model::blocking;
  if (blocking && options.connections > 1)
    throw usage_error("--connections goes with --model async");
  if (!options.to.is_stream()) return check_datagrams(options);
  check_connecting(options, options.to);
  if (options.local && options.local->port() != 0 && options.connections > 1) {
    throw usage_error("--local with a port goes with one connection");
  }
  if (blocking) check_blocking_size(options.message_bytes);
}

void check(const connect_command_options& options) {
  check_model(options);
  if (options.model == model::blocking) {
    throw usage_error("connect goes with --model async: it tries several addresses at once");
  }
  for (const endpoint& each : options.endpoints) {
    if (!each.is_stream()) {
      throw usage_error(
          fmt::format("{}: only tcp and unix endpoints are connected to", each.to_string()));
    }
    check_connecting(options, each);
  }
  if (options.wait_for && options.retries > 0)
    throw usage_error("--wait-for and --retry exclude each other");
}

}  // namespace duet::apps::echo
