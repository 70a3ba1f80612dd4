// SPDX-License-Identifier: MIT
// relay_flow: two pumps that go opposite ways between two streams, and when both are over. It moves nothing: a column takes each way's
// action, tells the outcome, and asks again until over().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

#include "duet/error.hpp"
#include "duet/policy/pump.hpp"

namespace duet::policy {

class relay_flow {
 public:
  enum class way : std::uint8_t { forth, back };  ///< from the first stream to the second, and back
  using action = pump::action;

  /// Steps of one way before the other, and other handlers, have their turn.
  static constexpr int steps_a_turn = 32;

  [[nodiscard]] action next(way of) const noexcept { return over_ ? action::done : at(of).next(); }
  [[nodiscard]] bool over() const noexcept { return over_; }
  /// The first error, of either way.
  [[nodiscard]] std::error_code failure() const noexcept { return failure_; }
  /// This way has come to nothing, for its sink takes no more: whoever sends to its source had better know.
  [[nodiscard]] bool is_in_vain(way of) const noexcept {
    return at(of).next() == action::done && at(of).failure();
  }

  // What pump's functions of these names are told.
  void ready(way of, std::error_code error) noexcept {
    if (error) return stop(error);
    at(of).ready(error);
  }
  /// A stream that cannot be read has nothing to be written to either.
  void read(way of, std::optional<std::size_t> size, std::error_code error) noexcept {
    if (error && error != condition::end_of_stream) {
      if (std::exchange(gone_, false)) failure_.clear();
      return stop(error);
    }
    at(of).read(size, error);
  }
  void wrote(way of, std::optional<std::size_t> size, std::error_code error) noexcept {
    at(of).wrote(size, error);
    settle(error);
  }
  void ended(way of, std::error_code error) noexcept {
    at(of).ended(error);
    // The sink has no connection any more; why, only reading it tells.
    gone_ = gone_ || (!failure_ && duet::is(error, std::errc::not_connected));
    settle(error);
  }

  /// Both ways are over, now.
  void stop(std::error_code why) noexcept {
    if (!failure_) failure_ = why;
    over_ = true;
  }

 private:
  [[nodiscard]] pump& at(way of) noexcept { return ways_[static_cast<std::size_t>(of)]; }
  [[nodiscard]] const pump& at(way of) const noexcept {
    return ways_[static_cast<std::size_t>(of)];
  }

  void settle(std::error_code error) noexcept {
    if (error && !failure_) failure_ = error;
    over_ = over_ || (ways_[0].next() == action::done && ways_[1].next() == action::done);
  }

  std::array<pump, 2> ways_;
  std::error_code failure_;
  bool over_ = false;
  bool gone_ = false;  ///< failure_ is what it says, not why
};

}  // namespace duet::policy
