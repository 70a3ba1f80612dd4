// SPDX-License-Identifier: MIT
// send_report: how a run of `send` ended, as messages and an exit code. Standard output belongs to the echo, so that all of this
// goes to standard error, JSON too.
#pragma once

#include <string_view>
#include <system_error>

#include "duet/echo_options.hpp"
#include "echo/options.hpp"
#include "support/console.hpp"
#include "support/exit_code.hpp"

namespace duet::apps::echo {

/// Why no connection came about: "connect tcp://127.0.0.1:9: Connection refused", "resolve tcp://nowhere:9: name not found". Tells it,
/// and returns the exit code.
exit_code connecting_failed(const endpoint& to, std::error_code why, console& on);

class send_report {
 public:
  send_report(const send_options& options, console& to) noexcept
      : options_(options), console_(to) {}

  /// `timed_out`: the run was ended because nothing moved any more.
  exit_code finished(std::error_code error, bool timed_out, const echo_result& moved);

 private:
  exit_code judge(std::error_code error, bool timed_out, const echo_result& moved);
  exit_code fail(exit_code code, std::string_view text);

  const send_options& options_;
  console& console_;
};

}  // namespace duet::apps::echo
