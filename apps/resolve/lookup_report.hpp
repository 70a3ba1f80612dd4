// SPDX-License-Identifier: MIT
// lookup_report: what is told of a run of lookups: each answer in the order of the names, whenever it came, then the totals and the exit
// code. It looks nothing up.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "resolve/answer.hpp"
#include "resolve/lookup_options.hpp"
#include "support/console.hpp"
#include "support/exit_code.hpp"
#include "support/latency_histogram.hpp"

namespace duet::apps::resolve {

class lookup_report {
 public:
  /// Answers that may wait for one before them; names beyond are to wait.
  static constexpr std::uint64_t most_waiting = 4096;

  lookup_report(const lookup_options& options, console& to) noexcept
      : options_(options), console_(to) {}

  /// The number of the name that is about to be asked, from 0 on.
  std::uint64_t asking() noexcept { return asked_++; }
  /// Another name may be asked: not too many answers wait to be printed.
  [[nodiscard]] bool has_room() const noexcept { return asked_ - printed_ < most_waiting; }

  /// Prints the answer as soon as those before it have been.
  void answered(std::uint64_t number, answer what);

  /// Standard output takes nothing more: there is no point in going on.
  [[nodiscard]] bool deaf() const noexcept { return static_cast<bool>(console_.out.error()); }

  /// Every lookup's time.
  [[nodiscard]] latency_histogram& times() noexcept { return times_; }

  /// The totals. `elapsed`: the whole run. The exit code: done if nothing failed; partly_failed if something did; and if everything
  /// did, the code that all have in common, or failed.
  exit_code finished(std::chrono::nanoseconds elapsed);

 private:
  void print(const answer& what);
  void print_text(const answer& what);
  void print_totals(std::chrono::nanoseconds elapsed);
  [[nodiscard]] exit_code code() const;

  const lookup_options& options_;
  console& console_;
  latency_histogram times_;
  std::map<std::uint64_t, answer> waiting_;
  std::uint64_t asked_ = 0;
  std::uint64_t printed_ = 0;
  std::uint64_t failed_ = 0;
  bool printed_block_ = false;
  std::set<exit_code> codes_;
};

}  // namespace duet::apps::resolve
