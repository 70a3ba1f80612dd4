// SPDX-License-Identifier: MIT
// reply_ledger: what became of numbered messages: answered, lost, answered twice, out of order. It sends nothing and reads no clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace duet::policy {

struct reply_counts {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;    ///< numbers answered in time, each once
  std::uint64_t lost = 0;        ///< not answered by their deadline
  std::uint64_t late = 0;        ///< answered after it; counted as lost too
  std::uint64_t duplicates = 0;  ///< answered before
  std::uint64_t reordered = 0;   ///< received after a higher number
  std::uint64_t strange = 0;     ///< never sent

  bool operator==(const reply_counts&) const = default;
};

enum class reply_kind : std::uint8_t { first, duplicate, late, strange };

/// Numbers begin with 1 and are sent in order. Remembers the numbers that are still waited for and, to know duplicates, at most
/// `remembered` that are not.
class reply_ledger {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit reply_ledger(std::size_t remembered = 65536) : most_(remembered) {}

  /// The number of the next message, for its bytes.
  [[nodiscard]] std::uint64_t next_number() const noexcept { return first_ + entries_.size(); }
  /// It was sent, and is lost at `deadline`, which does not come before earlier ones'.
  void sent(time_point now, time_point deadline) {
    entries_.push_back({now, deadline, state::open});
    ++open_;
    ++counts_.sent;
    while (entries_.size() > most_ && entries_.front().now != state::open) forget_first();
  }

  struct verdict {
    reply_kind kind;
    std::chrono::nanoseconds round_trip{};  ///< of the first answer
  };
  verdict receive(std::uint64_t number, time_point now) {
    if (number == 0 || number >= next_number()) {
      ++counts_.strange;
      return {reply_kind::strange};
    }
    if (number < first_) {
      ++counts_.duplicates;
      return {reply_kind::duplicate};
    }
    entry& of = entries_[static_cast<std::size_t>(number - first_)];
    if (of.now == state::answered) {
      ++counts_.duplicates;
      return {reply_kind::duplicate};
    }
    if (of.now == state::lost) {
      of.now = state::answered;
      ++counts_.late;
      return {reply_kind::late};
    }
    of.now = state::answered;
    --open_;
    ++counts_.received;
    if (number < highest_) ++counts_.reordered;
    if (number > highest_) highest_ = number;
    return {reply_kind::first, now - of.sent_at};
  }

  /// What has not been answered by now is lost; how many were.
  std::size_t expire(time_point now) {
    std::size_t lost = 0;
    for (; expired_ < entries_.size() && entries_[expired_].deadline <= now; ++expired_) {
      if (entries_[expired_].now != state::open) continue;
      entries_[expired_].now = state::lost;
      --open_;
      ++lost;
    }
    counts_.lost += lost;
    return lost;
  }

  /// When expire() has something to do; nullopt: nothing is waited for.
  [[nodiscard]] std::optional<time_point> next_deadline() noexcept {
    while (expired_ < entries_.size() && entries_[expired_].now != state::open) ++expired_;
    if (expired_ == entries_.size()) return std::nullopt;
    return entries_[expired_].deadline;
  }
  [[nodiscard]] std::size_t open() const noexcept { return open_; }
  [[nodiscard]] const reply_counts& counts() const noexcept { return counts_; }

 private:
  enum class state : std::uint8_t { open, answered, lost };
  struct entry {
    time_point sent_at;
    time_point deadline;
    state now;
  };

  void forget_first() {
    entries_.pop_front();
    ++first_;
    if (expired_ > 0) --expired_;
  }

  std::size_t most_;
  std::deque<entry> entries_;
  std::uint64_t first_ = 1;
  std::size_t expired_ = 0;  ///< in front of it none is open
  std::size_t open_ = 0;
  std::uint64_t highest_ = 0;
  reply_counts counts_;
};

}  // namespace duet::policy
