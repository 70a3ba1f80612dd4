// SPDX-License-Identifier: MIT
// connect_report: what `connect` prints: each lookup, each attempt, and how it ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <system_error>

#include "duet/connect_report.hpp"
#include "duet/endpoint.hpp"
#include "echo/options.hpp"
#include "support/console.hpp"
#include "support/exit_code.hpp"

namespace duet::apps::echo {

class connect_printer {
 public:
  connect_printer(const connect_command_options& options, console& to) noexcept
      : options_(options), console_(to) {}

  /// What one connect tried.
  void tried(const endpoint& to, const connect_report& report);

  /// The end of an endpoint; `rounds`: how often it was tried. `waited`: --wait-for was over.
  exit_code finished(const endpoint& to, std::error_code why, bool waited, std::uint64_t rounds,
                     std::chrono::nanoseconds duration);

 private:
  void print(const endpoint& to, const connect_report::lookup& it);
  void print(const endpoint& to, const connect_report::attempt& it);
  exit_code complain(const endpoint& to, std::error_code why, bool waited);

  const connect_command_options& options_;
  console& console_;
};

}  // namespace duet::apps::echo
