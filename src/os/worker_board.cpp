// SPDX-License-Identifier: MIT
#include "duet/os/worker_board.hpp"

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

/// A supervisor that dies between the two does not hold readers up for ever.
constexpr int most_looks = 1000;

}  // namespace

/// What lies in front of the rows.
struct worker_board::shared {
  std::atomic<std::uint64_t> version{0};  ///< odd while a row is being retired
  std::atomic<std::uint32_t> stopping{0};
  worker_row gone{};
};

worker_board::worker_board(std::size_t rows, std::vector<counter_rule> rules)
    : rows_(rows), rules_(std::move(rules)) {
  void* const memory =
      sys::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(sys::last_error(), "mmap");
  memory_ = new (memory) shared;
  for (std::size_t each = 0; each < rows_; ++each) new (&row(each)) worker_row;
}

worker_board::~worker_board() { sys::munmap(memory_, bytes()); }

std::size_t worker_board::bytes() const noexcept {
  return sizeof(shared) + rows_ * sizeof(worker_row);
}

worker_row& worker_board::row(std::size_t which) noexcept {
  return reinterpret_cast<worker_row*>(memory_ + 1)[which];
}

void worker_board::retire(std::size_t which) noexcept {
  memory_->version.fetch_add(1);
  worker_row& from = row(which);
  for (std::size_t each = 0; each < most_worker_counters; ++each) {
    const std::uint64_t counted = from.counters[each].exchange(0);
    auto& gone = memory_->gone.counters[each];
    switch (rule_of(each)) {
      case counter_rule::sum: gone.fetch_add(counted); break;
      case counter_rule::present: break;
      case counter_rule::largest: gone.store(std::max(gone.load(), counted)); break;
    }
  }
  from.beats.store(0);
  from.ready.store(0);
  memory_->version.fetch_add(1);
}

void worker_board::set_stopping() noexcept { memory_->stopping.store(1); }

bool worker_board::stopping() const noexcept { return memory_->stopping.load() != 0; }

worker_numbers worker_board::add_up() const noexcept {
  worker_numbers all{};
  const auto take_in = [&](const worker_row& from) {
    for (std::size_t each = 0; each < most_worker_counters; ++each) {
      const std::uint64_t counted = from.counters[each].load();
      all[each] = rule_of(each) == counter_rule::largest ? std::max(all[each], counted)
                                                         : all[each] + counted;
    }
  };
  take_in(memory_->gone);
  const auto* const rows = reinterpret_cast<const worker_row*>(memory_ + 1);
  for (const worker_row& each : std::span(rows, rows_)) take_in(each);
  return all;
}

worker_numbers worker_board::total() const noexcept {
  for (int look = 0;; ++look) {
    const std::uint64_t before = memory_->version.load();
    const worker_numbers all = add_up();
    const bool whole = before % 2 == 0 && memory_->version.load() == before;
    if (whole || look == most_looks) return all;
  }
}

}  // namespace duet::os
