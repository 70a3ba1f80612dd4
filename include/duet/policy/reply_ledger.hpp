// SPDX-License-Identifier: MIT
// reply_ledger: what became of numbered messages: answered, lost, answered twice, out of order. It sends nothing and reads no clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "duet/datagram_echo_options.hpp"

namespace duet::policy {

/// Numbers begin with 1 and are sent in order. Remembers the numbers that are still waited for and, to know duplicates, at most
/// `remembered` that are not. Memory grows to that, and then is used again.
class reply_ledger {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit reply_ledger(std::size_t remembered = 65536) : most_(remembered) {}

  /// The number of the next message, for its bytes.
  [[nodiscard]] std::uint64_t next_number() const noexcept { return first_ + size_; }
  /// It was sent, and is lost at `deadline`, which does not come before earlier ones'.
  void sent(time_point now, time_point deadline) {
    add({now, deadline, state::open});
    ++open_;
    ++counts_.sent;
  }
  /// It could not be sent; its number is not used again.
  void not_sent() {
    add({{}, time_point::min(), state::unsent});
    ++counts_.not_sent;
  }

  struct verdict {
    reply_kind kind;
    std::chrono::nanoseconds round_trip{};  ///< of the first answer
  };
  verdict receive(std::uint64_t number, time_point now) {
    if (number == 0 || number >= next_number()) return strange();
    if (number < first_) return duplicate();
    entry& of = at(static_cast<std::size_t>(number - first_));
    switch (of.now) {
      case state::unsent: return strange();
      case state::answered: return duplicate();
      case state::lost:
        of.now = state::answered;
        ++counts_.late;
        return {reply_kind::late};
      case state::open: break;
    }
    of.now = state::answered;
    --open_;
    ++counts_.received;
    if (number < highest_) ++counts_.reordered;
    if (number > highest_) highest_ = number;
    return {reply_kind::first, now - of.sent_at};
  }
  /// A reply that is none of what was sent.
  void receive_bad() noexcept { ++counts_.bad; }

  /// What has not been answered by now is lost; how many were.
  std::size_t expire(time_point now) {
    std::size_t lost = 0;
    while (expire_one(now)) ++lost;
    return lost;
  }
  /// The same one by one: the number of the first that is lost; nullopt: none is.
  std::optional<std::uint64_t> expire_one(time_point now) noexcept {
    const auto deadline = next_deadline();
    return deadline && *deadline <= now ? lose_first() : std::nullopt;
  }
  /// The first that is waited for is lost, whatever its deadline; its number.
  std::optional<std::uint64_t> lose_first() noexcept {
    if (!next_deadline()) return std::nullopt;
    at(expired_).now = state::lost;
    --open_;
    ++counts_.lost;
    return first_ + expired_;
  }

  /// When expire() has something to do; nullopt: nothing is waited for.
  [[nodiscard]] std::optional<time_point> next_deadline() noexcept {
    while (expired_ < size_ && at(expired_).now != state::open) ++expired_;
    if (expired_ == size_) return std::nullopt;
    return at(expired_).deadline;
  }
  [[nodiscard]] std::size_t open() const noexcept { return open_; }
  [[nodiscard]] const reply_counts& counts() const noexcept { return counts_; }

 private:
  enum class state : std::uint8_t { open, answered, lost, unsent };
  struct entry {
    time_point sent_at;
    time_point deadline;
    state now;
  };

  verdict strange() noexcept {
    ++counts_.strange;
    return {reply_kind::strange};
  }
  verdict duplicate() noexcept {
    ++counts_.duplicates;
    return {reply_kind::duplicate};
  }

  /// The ring's size is a power of two.
  entry& at(std::size_t index) noexcept { return ring_[(begin_ + index) & (ring_.size() - 1)]; }

  void add(entry last) {
    if (size_ == ring_.size()) grow();
    ++size_;
    at(size_ - 1) = last;
    while (size_ > most_ && at(0).now != state::open) forget_first();
  }
  void grow() {
    std::vector<entry> larger(ring_.empty() ? 16 : ring_.size() * 2);
    for (std::size_t index = 0; index < size_; ++index) larger[index] = at(index);
    ring_ = std::move(larger);
    begin_ = 0;
  }
  void forget_first() noexcept {
    begin_ = (begin_ + 1) & (ring_.size() - 1);
    --size_;
    ++first_;
    if (expired_ > 0) --expired_;
  }

  std::size_t most_;
  std::vector<entry> ring_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
  std::uint64_t first_ = 1;
  std::size_t expired_ = 0;  ///< in front of it none is open
  std::size_t open_ = 0;
  std::uint64_t highest_ = 0;
  reply_counts counts_;
};

}  // namespace duet::policy
