// SPDX-License-Identifier: MIT
// probe_run: one run of an echo client of datagrams: the schedule, the ledger and the bytes together. It says what is to be done next, is
// told what came of it, and tells each result on. It sends nothing, and time comes as an argument.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include "duet/datagram_echo_options.hpp"
#include "duet/datagram_types.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/policy/datagram_errors.hpp"
#include "duet/policy/datagram_probe.hpp"
#include "duet/policy/probe_schedule.hpp"
#include "duet/policy/reply_ledger.hpp"

namespace duet::policy {

/// Each function tells one result at most, so that its caller can look whether that has ended the run.
class probe_run {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  probe_run(const datagram_echo_client_options& how, const endpoint& to)
      : told_(how.told),
        to_(to),
        schedule_({how.count, how.interval, how.window, how.reply_deadline}),
        probe_(std::max(how.bytes, probe_header_bytes)) {}

  /// Why such a run cannot be: invalid_argument, or bad_endpoint.
  static std::error_code refusal(const datagram_echo_client_options& how, const endpoint& to) {
    const bool good = how.bytes >= probe_header_bytes && how.count != std::uint64_t{0} &&
                      how.window > 0 && how.interval.count() >= 0 && how.reply_deadline.count() > 0;
    if (!good) return std::make_error_code(std::errc::invalid_argument);
    return to.is_stream() || !to.is_numeric() ? make_error_code(error::bad_endpoint)
                                              : std::error_code();
  }

  enum class action {
    send,   ///< probe(), then say sent(), not_sent() or no_room()
    again,  ///< something was told: ask again
    wait,   ///< until then, or until a reply is there
    done,
  };
  struct step {
    action what;
    time_point until = time_point::max();
  };
  step next(time_point now) {
    if (const auto number = ledger_.expire_one(now)) {
      tell({reply_kind::lost, *number, {}, &to_, error::timed_out});
      return {action::again};
    }
    const time_point lost_at = ledger_.next_deadline().value_or(time_point::max());
    if (full_until_ > now) return {action::wait, std::min(lost_at, full_until_)};
    if (full_until_ != none) {
      not_sent(std::make_error_code(std::errc::resource_unavailable_try_again), now);
      return {action::again};
    }
    const auto decided = schedule_.next(now, ledger_.open());
    switch (decided.what) {
      case probe_schedule::action::send: return {action::send};
      case probe_schedule::action::done: return {action::done};
      case probe_schedule::action::wait: break;
    }
    return {action::wait, std::min(lost_at, decided.until)};
  }

  /// The bytes of the next datagram.
  std::span<const std::byte> probe() noexcept {
    write_probe(probe_, ledger_.next_number());
    return probe_;
  }
  void sent(time_point now) {
    full_until_ = none;
    ledger_.sent(now, schedule_.deadline(now));
    schedule_.began(now);
  }
  void not_sent(std::error_code why, time_point now) {
    full_until_ = none;
    const std::uint64_t number = ledger_.next_number();
    ledger_.not_sent();
    schedule_.began(now);
    schedule_.failed(now);
    tell({reply_kind::not_sent, number, {}, &to_, why});
  }
  /// Nothing can be sent until room() is called, or it is given up.
  void no_room(time_point now) noexcept {
    if (full_since_ != ledger_.next_number()) give_up_at_ = schedule_.deadline(now);
    full_since_ = ledger_.next_number();
    full_until_ = give_up_at_;
  }
  void room() noexcept { full_until_ = none; }

  /// A datagram came. One that was truncated comes without bytes.
  void received(std::span<const std::byte> bytes, time_point now) {
    const auto number = read_probe(bytes);
    if (!number) {
      ledger_.receive_bad();
      return tell({reply_kind::bad, 0, {}, &to_, {}});
    }
    const auto verdict = ledger_.receive(*number, now);
    if (verdict.kind == reply_kind::first) schedule_.answered();
    tell({verdict.kind, *number, verdict.round_trip, &to_, {}});
  }
  /// Receiving told an error, which was an earlier datagram's. Of which one it does not say: of the first that is waited for.
  void refused(std::error_code why, time_point now) {
    if (kind_of(why) == datagram_failure::no_room) return;
    const auto number = ledger_.lose_first();
    if (!number) return;
    schedule_.failed(now);
    tell({reply_kind::lost, *number, {}, &to_, why});
  }

  /// Whether an answer is waited for.
  [[nodiscard]] bool waits() const noexcept { return ledger_.open() > 0; }
  [[nodiscard]] const reply_counts& counts() const noexcept { return ledger_.counts(); }

 private:
  static constexpr time_point none = time_point::min();

  void tell(const datagram_reply& about) const {
    if (told_) told_(about);
  }

  std::function<void(const datagram_reply&)> told_;
  endpoint to_;
  probe_schedule schedule_;
  reply_ledger ledger_;
  std::vector<std::byte> probe_;
  time_point full_until_ = none;  ///< while there is no room: when the datagram is given up
  time_point give_up_at_ = none;
  std::uint64_t full_since_ = 0;  ///< the datagram that give_up_at_ is of
};

}  // namespace duet::policy
