// SPDX-License-Identifier: MIT
// owed_replies: which datagrams an echo client still waits for, when it may send more, and what a reply is, when nothing but its bytes tells
// whose it is. By number: reply_ledger. It sends nothing and reads no clock. Source of the hash: FNV-1a.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>

namespace duet::policy {

/// What a datagram is known again by: its length and a hash of its bytes.
struct datagram_mark {
  std::size_t bytes = 0;
  std::uint64_t hash = 0;

  bool operator==(const datagram_mark&) const = default;
};

inline datagram_mark mark_of(std::span<const std::byte> datagram) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const std::byte each : datagram)
    hash = (hash ^ static_cast<std::uint64_t>(each)) * 0x100000001b3U;
  return {datagram.size(), hash};
}

struct owed_options {
  /// What may be on its way at a time, in datagrams and in bytes of them; one may be, however long.
  std::size_t window_datagrams = 64;
  std::size_t window_bytes = 131'072;

  /// So long after it was sent, what is not answered is missing. nanoseconds::max(): never.
  std::chrono::nanoseconds patience = std::chrono::seconds(5);

  /// A reply that equals nothing owed answers nothing. Otherwise it answers the oldest one: who is asked need not be an echo server.
  bool verify = false;

  /// How many of those no longer owed are remembered, in datagrams, to know late and second replies. Range: >= 1.
  std::size_t remembered = 1024;
};

/// In datagrams.
struct owed_counts {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;    ///< answered in time
  std::uint64_t missing = 0;     ///< not answered in time, or not sent at all
  std::uint64_t late = 0;        ///< answered later; missing all the same
  std::uint64_t duplicates = 0;  ///< replies that equal what was answered before
  std::uint64_t strange = 0;     ///< replies that equal nothing

  bool operator==(const owed_counts&) const = default;
};

enum class owed_verdict : std::uint8_t { answered, late, duplicate, strange };

/// Of equal datagrams the oldest is answered first. Looking one up takes as long as the window is, and longer only for a strange one.
class owed_replies {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit owed_replies(const owed_options& how) : how_(how) {}

  [[nodiscard]] bool has_room(std::size_t bytes) const noexcept {
    if (owed_.empty()) return true;
    return owed_.size() < how_.window_datagrams && bytes <= how_.window_bytes &&
           owed_bytes_ <= how_.window_bytes - bytes;
  }

  /// It went now; time does not run backwards.
  void sent(std::span<const std::byte> datagram, time_point now) {
    ++counts_.sent;
    owed_bytes_ += datagram.size();
    owed_.push_back({mark_of(datagram), now});
  }
  /// It could not be sent: nobody will answer it.
  void not_sent() noexcept {
    ++counts_.sent;
    ++counts_.missing;
  }

  owed_verdict returned(std::span<const std::byte> reply) {
    const datagram_mark mark = mark_of(reply);
    for (auto each = owed_.begin(); each != owed_.end(); ++each)
      if (each->mark == mark) return answered(each);
    if (settled* const before = settled_as(mark)) return again(*before);
    if (!how_.verify && !owed_.empty()) return answered(owed_.begin());
    ++counts_.strange;
    return owed_verdict::strange;
  }

  /// What was not answered by now is missing; how many became so.
  std::size_t expire(time_point now) {
    std::size_t count = 0;
    for (; !owed_.empty() && how_.patience <= now - owed_.front().sent_at; ++count) {
      settle(owed_.begin(), true);
      ++counts_.missing;
    }
    return count;
  }

  /// Nobody will answer what is owed now: it is missing.
  void give_up() {
    while (!owed_.empty()) {
      settle(owed_.begin(), true);
      ++counts_.missing;
    }
  }

  /// When expire() has something to do; nullopt: nothing is waited for, or for ever.
  [[nodiscard]] std::optional<time_point> next_deadline() const noexcept {
    if (owed_.empty() || how_.patience >= time_point::max() - owed_.front().sent_at)
      return std::nullopt;
    return owed_.front().sent_at + how_.patience;
  }

  /// How many are owed.
  [[nodiscard]] std::size_t open() const noexcept { return owed_.size(); }
  [[nodiscard]] const owed_counts& counts() const noexcept { return counts_; }

 private:
  struct owed {
    datagram_mark mark;
    time_point sent_at;
  };
  struct settled {
    datagram_mark mark;
    bool missing;
  };

  using place = std::deque<owed>::iterator;

  owed_verdict answered(const place& which) {
    settle(which, false);
    ++counts_.received;
    return owed_verdict::answered;
  }

  /// One that this may be the reply to, of those no longer owed: a missing one rather than one that has been answered.
  settled* settled_as(const datagram_mark& mark) noexcept {
    settled* found = nullptr;
    for (settled& each : settled_) {
      if (each.mark != mark) continue;
      found = &each;
      if (each.missing) break;
    }
    return found;
  }

  owed_verdict again(settled& which) noexcept {
    const bool first = which.missing;
    which.missing = false;
    ++(first ? counts_.late : counts_.duplicates);
    return first ? owed_verdict::late : owed_verdict::duplicate;
  }

  void settle(const place& which, bool missing) {
    owed_bytes_ -= which->mark.bytes;
    settled_.push_back({which->mark, missing});
    if (settled_.size() > how_.remembered) settled_.pop_front();
    owed_.erase(which);
  }

  owed_options how_;
  std::deque<owed> owed_;
  std::size_t owed_bytes_ = 0;
  std::deque<settled> settled_;
  owed_counts counts_;
};

}  // namespace duet::policy
