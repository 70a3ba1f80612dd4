// SPDX-License-Identifier: MIT
// connect_race: Happy Eyeballs version 2 (RFC 8305): which address of a name is tried when, while the answers for both families are still
// coming in. It resolves and connects nothing and reads no clock: a column tells it what happened, and does what next() says.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include "duet/connect_report.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"

namespace duet::policy {

struct connect_race_options {
  /// How long IPv4 addresses wait for an answer about IPv6 (RFC 8305, 3).
  std::chrono::milliseconds resolution_delay{50};
  /// How long an attempt has before the next one joins it (RFC 8305, 5).
  std::chrono::milliseconds attempt_delay{250};
  /// How long one attempt may take; 0: as long as the whole.
  std::chrono::milliseconds attempt_deadline{0};
  /// How long a lookup may take; 0: as long as the whole.
  std::chrono::milliseconds resolve_deadline{0};
};

/// One address that was tried. `ended`: unset while it is under way.
struct connect_attempt {
  endpoint to{};
  std::chrono::steady_clock::time_point started{};
  std::optional<std::chrono::steady_clock::time_point> ended{};
  std::error_code
      error{};  ///< of one that ended and did not win; operation_canceled: another one won
};

class connect_race {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  enum class family { ipv6, ipv4 };

  enum class action {
    start,    ///< start attempt `which`, to attempts()[which].to
    give_up,  ///< its time is over: end attempt `which`, and tell lost(which, attempt_timed_out)
    forget,  ///< its time is over: end the lookup `of`, and tell resolved(of, {}, resolve_timed_out)
    wait,    ///< nothing to do until something happens, or until `at` if it is set
    won,     ///< attempt `which` is connected: end the others
    failed,  ///< none of them can be reached: error()
  };
  struct step {
    action what;
    std::size_t which = 0;
    std::optional<time_point> at{};
    family of = family::ipv6;
  };

  explicit connect_race(connect_race_options options = {}, time_point begun = {}) noexcept
      : options_(options), begun_(begun) {}

  /// The lookup of a family has ended, with addresses or an error. A family that is not asked for is told with no addresses and no error.
  void resolved(family which, std::span<const endpoint> addresses, std::error_code error,
                time_point now) {
    lookup& of = lookups_[index_of(which)];
    of.ended = true;
    of.at = now;
    of.found = addresses.size();
    of.error = error;
    of.waiting.assign(addresses.begin(), addresses.end());
    if (which == family::ipv4 && !of.waiting.empty() && !lookups_[0].ended)
      patience_ = now + options_.resolution_delay;
  }

  /// What to do now. Call it again after each step and each event.
  [[nodiscard]] step next(time_point now) {
    if (winner_) return {action::won, *winner_};
    for (std::size_t each = 0; each < attempts_.size(); ++each) {
      if (overdue(attempts_[each], now)) return {action::give_up, each};
    }
    for (const family each : {family::ipv6, family::ipv4}) {
      if (overdue(lookups_[index_of(each)], now)) return {action::forget, 0, {}, each};
    }
    if (may_start(now)) return {action::start, start(now)};
    if (is_hopeless()) return {action::failed};
    return {action::wait, 0, next_time()};
  }

  void connected(std::size_t which, time_point now) {
    attempts_[which].ended = now;
    winner_ = which;
    end_attempts(std::make_error_code(std::errc::operation_canceled), now);
  }
  /// The attempt has failed: the next one need not wait for its turn.
  void lost(std::size_t which, std::error_code error, time_point now) {
    attempts_[which].ended = now;
    attempts_[which].error = error;
    error_ = error;
    turn_.reset();
  }

  /// It is ended from outside, with `why`: what is under way ends with it.
  void stop(std::error_code why, time_point now) { end_attempts(why, now); }

  [[nodiscard]] const std::vector<connect_attempt>& attempts() const noexcept { return attempts_; }

  /// What has happened so far. What is still under way is told as ended now, by a cancellation.
  [[nodiscard]] connect_report report(time_point now) const {
    const auto cancelled = std::make_error_code(std::errc::operation_canceled);
    connect_report all;
    all.duration = now - begun_;
    for (std::size_t each = 0; each < 2; ++each) {
      const lookup& it = lookups_[each];
      if (it.ended && it.found == 0 && !it.error) continue;  // not asked for
      all.lookups.push_back({each == 0 ? address::family::v6 : address::family::v4, it.found,
                             (it.ended ? it.at : now) - begun_, it.ended ? it.error : cancelled});
    }
    for (const connect_attempt& each : attempts_) {
      all.attempts.push_back({each.to, each.started - begun_,
                              each.ended.value_or(now) - each.started,
                              each.ended ? each.error : cancelled});
    }
    return all;
  }

  /// Why it failed: the last attempt's error, or that of resolving.
  [[nodiscard]] std::error_code error() const noexcept {
    if (error_) return error_;
    // What may help another time is told before what will not.
    for (const lookup& each : lookups_)
      if (each.error && each.error != condition::name_no_data &&
          each.error != condition::name_not_found)
        return each.error;
    for (const lookup& each : lookups_)
      if (each.error) return each.error;
    return error::name_no_data;
  }

 private:
  struct lookup {
    bool ended = false;
    time_point at{};        ///< when it ended
    std::size_t found = 0;  ///< addresses
    std::error_code error{};
    std::vector<endpoint> waiting{};  ///< not tried yet, in the resolver's order
  };

  static constexpr std::size_t index_of(family which) noexcept {
    return which == family::ipv6 ? 0 : 1;
  }

  [[nodiscard]] bool overdue(const connect_attempt& it, time_point now) const noexcept {
    return options_.attempt_deadline.count() > 0 && !it.ended &&
           now >= it.started + options_.attempt_deadline;
  }
  [[nodiscard]] bool overdue(const lookup& it, time_point now) const noexcept {
    return options_.resolve_deadline.count() > 0 && !it.ended &&
           now >= begun_ + options_.resolve_deadline;
  }
  void end_attempts(std::error_code why, time_point now) {
    for (connect_attempt& each : attempts_) {
      if (each.ended) continue;
      each.ended = now;
      each.error = why;
    }
  }
  [[nodiscard]] bool under_way() const noexcept {
    return std::ranges::any_of(attempts_, [](const connect_attempt& each) { return !each.ended; });
  }
  [[nodiscard]] bool has_address() const noexcept {
    return !lookups_[0].waiting.empty() || !lookups_[1].waiting.empty();
  }
  /// IPv4 is known, IPv6 is not yet, and nothing was tried.
  [[nodiscard]] bool is_patient(time_point now) const noexcept {
    return attempts_.empty() && !lookups_[0].ended && patience_ && now < *patience_;
  }
  [[nodiscard]] bool may_start(time_point now) const noexcept {
    return has_address() && !is_patient(now) && (!turn_ || now >= *turn_);
  }
  [[nodiscard]] bool is_hopeless() const noexcept {
    return lookups_[0].ended && lookups_[1].ended && !has_address() && !under_way();
  }

  /// The families take turns, IPv6 first (RFC 8305, 4).
  std::size_t start(time_point now) {
    const bool other = last_ && !lookups_[1 - *last_].waiting.empty();
    const std::size_t from = other                         ? 1 - *last_
                             : lookups_[0].waiting.empty() ? 1
                             : last_                       ? *last_
                                                           : 0;
    auto& waiting = lookups_[from].waiting;
    attempts_.push_back({waiting.front(), now});
    waiting.erase(waiting.begin());
    last_ = from;
    turn_ = now + options_.attempt_delay;
    return attempts_.size() - 1;
  }

  [[nodiscard]] std::optional<time_point> next_time() const noexcept {
    std::optional<time_point> first;
    const auto consider = [&first](time_point at) { first = first ? std::min(*first, at) : at; };
    if (has_address()) {
      if (attempts_.empty() && patience_) {
        consider(*patience_);
      } else if (turn_) {
        consider(*turn_);
      }
    }
    if (options_.attempt_deadline.count() > 0) {
      for (const connect_attempt& each : attempts_)
        if (!each.ended) consider(each.started + options_.attempt_deadline);
    }
    if (options_.resolve_deadline.count() > 0 && !(lookups_[0].ended && lookups_[1].ended))
      consider(begun_ + options_.resolve_deadline);
    return first;
  }

  connect_race_options options_;
  time_point begun_;
  lookup lookups_[2];
  std::optional<time_point> patience_;  ///< until then IPv4 waits for IPv6's answer
  std::optional<time_point> turn_;      ///< not before it the next attempt joins those under way
  std::optional<std::size_t> last_;     ///< the family that was tried last
  std::vector<connect_attempt> attempts_;
  std::optional<std::size_t> winner_;
  std::error_code error_;
};

}  // namespace duet::policy
