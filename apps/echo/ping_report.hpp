// SPDX-License-Identifier: MIT
// ping_report: what `ping` counts and tells: a line a message, progress on a terminal, the totals, the exit code. It sends nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "duet/datagram_echo_options.hpp"
#include "echo/options.hpp"
#include "echo/payload.hpp"
#include "support/console.hpp"
#include "support/exit_code.hpp"
#include "support/latency_histogram.hpp"

namespace duet::apps::echo {

class ping_report {
 public:
  using clock = std::chrono::steady_clock;

  ping_report(const ping_options& options, console& to) noexcept
      : options_(options), console_(to) {}

  /// Counts a message that is about to be sent and returns its number, from 1 on.
  std::uint64_t sending() noexcept { return ++sent_; }
  /// No further message may be sent.
  [[nodiscard]] bool enough() const noexcept { return options_.count && sent_ >= *options_.count; }

  // How a message ended; each has one end. `from` is the server's endpoint as text.
  void replied(std::uint64_t number, std::string_view from, std::chrono::nanoseconds latency);
  void damaged(std::uint64_t number, std::string_view from, const difference& where);
  void lost(std::uint64_t number, std::string_view from, std::error_code why);

  /// A reply that is no message's end, as datagrams have them: duplicate, late, strange or bad. `number` 0: of which, nobody knows.
  void stray(reply_kind kind, std::uint64_t number, std::string_view from);
  /// What was counted of datagrams so far: it is told in the totals.
  void count(const reply_counts& datagrams) noexcept;

  [[nodiscard]] std::uint64_t received() const noexcept { return latencies_.count(); }
  /// Standard output takes nothing more: there is no point in going on.
  [[nodiscard]] bool deaf() const noexcept { return static_cast<bool>(console_.out.error()); }
  /// Progress is worth telling: no line a reply, somebody who watches.
  [[nodiscard]] bool shows_progress() const noexcept;
  void progress();

  /// The totals. What has not ended by now is told as unanswered, and counts as lost only if nothing came back at all.
  exit_code finished();

 private:
  void line_ended();
  void print_totals();
  void print_totals_json();
  [[nodiscard]] std::string datagram_totals() const;
  [[nodiscard]] double loss_percent() const noexcept;
  [[nodiscard]] std::uint64_t unanswered() const noexcept {
    // A bad datagram's number stays open, for it is not known.
    return sent_ - received() - (datagrams_ ? 0 : damaged_) - lost_;
  }

  const ping_options& options_;
  console& console_;
  latency_histogram latencies_;
  std::uint64_t sent_ = 0;
  std::uint64_t damaged_ = 0;
  std::uint64_t lost_ = 0;
  std::optional<reply_counts> datagrams_;
  clock::time_point flushed_{};
  bool progress_shown_ = false;
};

}  // namespace duet::apps::echo
