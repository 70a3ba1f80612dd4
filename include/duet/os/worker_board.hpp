// SPDX-License-Identifier: MIT
// worker_board: memory that a supervisor shares with its workers: a row each, of heartbeat and counters, and the sum of those who have gone.
// Nobody waits for anybody: all of it is lock-free atomics, and a worker that dies in the middle of a line harms its own row only.
// Source: mmap(2) MAP_SHARED|MAP_ANONYMOUS, kept over fork(2).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace duet::os {

/// Counters of a worker. What each means is the program's.
inline constexpr std::size_t most_worker_counters = 64;
using worker_numbers = std::array<std::uint64_t, most_worker_counters>;

/// How the counters of several workers make one.
enum class counter_rule : std::uint8_t {
  sum,      ///< of those who have gone as well: it never falls
  present,  ///< the sum of those who live
  largest,  ///< of those who have gone as well
};

/// A worker's row. Aligned, so that no two workers write to one cache line.
struct alignas(64) worker_row {
  std::atomic<std::uint64_t> beats{0};
  std::atomic<std::uint32_t> ready{0};
  std::array<std::atomic<std::uint64_t>, most_worker_counters> counters{};
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
              std::atomic<std::uint32_t>::is_always_lock_free);

class worker_board {
 public:
  /// Counters beyond the rules are `sum`. Throws std::system_error: mmap(2)'s.
  worker_board(std::size_t rows, std::vector<counter_rule> rules);
  ~worker_board();
  worker_board(const worker_board&) = delete;
  worker_board& operator=(const worker_board&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return rows_; }
  [[nodiscard]] worker_row& row(std::size_t which) noexcept;

  /// The supervisor's: what the row has counted goes to the sum of those who have gone, and the row is as new.
  void retire(std::size_t which) noexcept;

  /// Everybody goes, and nobody comes after.
  void set_stopping() noexcept;
  [[nodiscard]] bool stopping() const noexcept;

  /// Of all, now. Threads and processes: any that have the memory. Each number is right by itself; while a row is being retired it asks again.
  [[nodiscard]] worker_numbers total() const noexcept;

 private:
  struct shared;
  [[nodiscard]] counter_rule rule_of(std::size_t which) const noexcept {
    return which < rules_.size() ? rules_[which] : counter_rule::sum;
  }
  [[nodiscard]] worker_numbers add_up() const noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept;

  std::size_t rows_;
  std::vector<counter_rule> rules_;
  shared* memory_ = nullptr;
};

}  // namespace duet::os
