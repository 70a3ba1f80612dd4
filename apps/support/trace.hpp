// SPDX-License-Identifier: MIT
// trace: the steps of a flow as a person reads them, one line a step: `socket AF_INET SOCK_STREAM 0 (tcp) -> 5`. What is printed is what
// the library tells its observer, no more.
#pragma once

#include <string>

#include "duet/observer.hpp"
#include "support/output.hpp"

namespace duet::apps {

/// One step, without a line's end. A call that only succeeds or fails shows no `-> 0`; one that failed shows
/// `-> EADDRINUSE (Address already in use)`; on_asio's shows Asio's call in brackets.
std::string trace_line(const flow_step& step);

/// Prints every step as it is taken.
class trace_printer final : public observer {
 public:
  explicit trace_printer(output& to) noexcept : to_(to) {}
  void on_step(const flow_step& step) override { to_.put_now(trace_line(step) + '\n'); }

 private:
  output& to_;
};

}  // namespace duet::apps
