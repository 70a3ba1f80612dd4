// SPDX-License-Identifier: MIT
// send_report: how a run of `send` ended, as messages and an exit code. Standard output belongs to the echo, so that all of this
// goes to standard error, JSON too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "duet/echo_options.hpp"
#include "duet/policy/owed_replies.hpp"
#include "echo/options.hpp"
#include "support/console.hpp"
#include "support/exit_code.hpp"

namespace duet::apps::echo {

/// Why no connection came about: "connect tcp://127.0.0.1:9: Connection refused", "resolve tcp://nowhere:9: name not found". Tells it,
/// and returns the exit code.
exit_code connecting_failed(const endpoint& to, std::error_code why, console& on);

/// What a run over datagrams came to.
struct datagram_result {
  policy::owed_counts datagrams;
  std::uint64_t sent = 0;       ///< in bytes
  std::uint64_t received = 0;   ///< in bytes
  std::uint64_t errors = 0;     ///< calls that failed and did not end the run
  std::error_code error;        ///< of the input, the output, or a datagram that cannot be sent
  std::error_code unreachable;  ///< before anything came from the server
  std::optional<std::uint64_t> long_line;  ///< the number of a line that no datagram holds
  std::optional<std::size_t>
      strange_bytes;  ///< verifying: the length of a reply that equals nothing
};

class send_report {
 public:
  send_report(const send_options& options, console& to) noexcept
      : options_(options), console_(to) {}

  /// `timed_out`: the run was ended because nothing moved any more.
  exit_code finished(std::error_code error, bool timed_out, const echo_result& moved);
  exit_code finished(const datagram_result& all);

 private:
  exit_code judge(std::error_code error, bool timed_out, const echo_result& moved);
  exit_code judge(const datagram_result& all);
  exit_code fail(exit_code code, std::string_view text);

  const send_options& options_;
  console& console_;
};

}  // namespace duet::apps::echo
