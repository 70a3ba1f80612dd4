// SPDX-License-Identifier: MIT
// send_blocking: `duet-echo send --model blocking`: the documented client in lockstep, one chunk out and its echo in, with read and
// write or with recv and send.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <span>
#include <system_error>
#include <vector>

#include "duet/echo_options.hpp"
#include "duet/policy/echo_check.hpp"
#include "echo/blocking_io.hpp"
#include "echo/connect_blocking.hpp"
#include "echo/options.hpp"
#include "echo/send_report.hpp"
#include "support/stop_switch.hpp"
#include "support/trace.hpp"

namespace duet::apps::echo {

inline constexpr std::size_t default_chunk_bytes = 16 * 1024;

template <class Backend>
class blocking_sender {
 public:
  blocking_sender(const send_options& options, console& to)
      : options_(options),
        console_(to),
        trace_(to.err),
        stop_(stop_switch::first_signal::kills),
        chunk_(options.chunk_bytes.value_or(default_chunk_bytes)),
        echo_(chunk_.size()) {}

  exit_code run() {
    std::error_code ec;
    server_ = connect_blocking<Backend>(options_, options_.to, options_.trace ? &trace_ : nullptr,
                                        stop_, ec);
    if (ec) return connecting_failed(options_.to, ec, console_);
    {
      const stop_switch::guard in_progress(stop_, server_.native_handle());
      copy(ec);
      stop_.set_deadline(never);
    }
    server_.close();
    return send_report(options_, console_).finished(ec, ec && stop_.expired(), moved_);
  }

 private:
  using connection = typename Backend::blocking_connection;

  void copy(std::error_code& ec) {
    while (const std::size_t size = read_input(chunk_, ec)) {
      const auto chunk = std::span(chunk_).first(size);
      stop_.set_deadline(options_.patience);
      send_all(server_, options_.io, chunk, ec);
      if (ec) return;
      moved_.sent += size;
      take_back(chunk, ec);
      stop_.set_deadline(never);
      if (ec || moved_.mismatch_at) return;
    }
    if (!ec) server_.shutdown(shutdown_type::send, ec);
    if (!ec) take_rest(ec);
  }

  /// The echo of a chunk, piece by piece.
  void take_back(std::span<const std::byte> chunk, std::error_code& ec) {
    while (!chunk.empty()) {
      const auto piece = receive_echo(chunk.size(), ec);
      if (ec) return;
      if (piece.empty()) {
        ec = error::end_of_stream;
        return;
      }
      if (!compare(chunk, piece) || !write_output(piece, ec)) return;
      chunk = chunk.subspan(piece.size());
    }
  }

  /// Behind the last echo comes the end, or something that was never sent.
  void take_rest(std::error_code& ec) {
    for (;;) {
      const auto piece = receive_echo(echo_.size(), ec);
      if (ec || piece.empty() || !compare({}, piece) || !write_output(piece, ec)) return;
    }
  }

  std::span<const std::byte> receive_echo(std::size_t most, std::error_code& ec) {
    const std::span<std::byte> into = std::span(echo_).first(most);
    if (options_.peek) receive(server_, options_.io, into, MSG_PEEK, ec);
    if (ec) return {};
    const std::size_t size =
        receive(server_, options_.io, into, options_.wait_all ? MSG_WAITALL : 0, ec);
    return into.first(size);
  }

  /// False once verifying has found a difference.
  bool compare(std::span<const std::byte> sent, std::span<const std::byte> returned) {
    const std::uint64_t before = moved_.received;
    moved_.received += returned.size();
    if (!options_.verify) return true;
    const std::size_t same = policy::common_prefix(sent, returned);
    if (same < returned.size()) moved_.mismatch_at = before + same;
    return !moved_.mismatch_at;
  }

  const send_options& options_;
  console& console_;
  trace_printer trace_;
  stop_switch stop_;
  connection server_;
  std::vector<std::byte> chunk_;
  std::vector<std::byte> echo_;
  echo_result moved_;
};

template <class Backend>
exit_code send_blocking(const send_options& options, console& to) {
  return blocking_sender<Backend>(options, to).run();
}

}  // namespace duet::apps::echo
