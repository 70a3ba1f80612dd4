// SPDX-License-Identifier: MIT
// lookup_task: the lookups of one input, as decisions: what to ask next, when to ask again, what the answers come to. It asks nobody and
// reads no clock; who drives it does both.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include "duet/observer.hpp"
#include "duet/resolve_options.hpp"
#include "duet/resolve_result.hpp"
#include "resolve/answer.hpp"
#include "resolve/lookup_options.hpp"
#include "support/latency_histogram.hpp"

namespace duet::apps::resolve {

class lookup_task {
 public:
  using clock = std::chrono::steady_clock;

  /// Look `host` up, or `backwards`; then answered().
  struct ask {
    std::optional<address> backwards;
    std::string host;
    std::string service;
    resolve_options how;  ///< its deadline is what is left of the timeout; 0: none
  };
  /// Wait so long, then next().
  struct pause {
    std::chrono::milliseconds duration;
  };
  /// Nothing more: take().
  struct over {};
  using action = std::variant<over, pause, ask>;

  /// Before the first retry, doubling up to longest_pause: servers that fail are not to be hammered.
  static constexpr std::chrono::milliseconds first_pause{100};
  static constexpr std::chrono::milliseconds longest_pause{2000};
  /// Names of an address that are tried to lead back to it.
  static constexpr std::size_t most_candidates = 16;

  /// `times` gets each lookup's. It, `options` and `watcher` (or nullptr) outlive the task.
  lookup_task(const lookup_options& options, query asked, observer* watcher,
              latency_histogram& times);

  action next(clock::time_point now);
  void answered(clock::time_point now, std::error_code error, resolve_result result);
  /// After `over`.
  answer take();

 private:
  enum class state { begin, ask, pause, asking, ask_back, asking_back, over };

  void begin(clock::time_point now);
  [[nodiscard]] bool may_retry(clock::time_point now) const;
  void settle(clock::time_point now, std::error_code error, resolve_result result);
  void start_checking();
  void check_answered(std::error_code error, const resolve_result& result);
  void repetition_over();
  /// nullopt: the time is up.
  std::optional<ask> question(clock::time_point now) const;

  const lookup_options& options_;
  observer* watcher_;
  latency_histogram& all_times_;
  latency_histogram times_;
  answer answer_;
  state state_ = state::begin;
  clock::time_point began_{};
  clock::time_point deadline_{};
  std::uint64_t retries_ = 0;
  std::chrono::milliseconds pause_{};
  std::vector<std::string> candidates_;
  std::size_t candidate_ = 0;
};

}  // namespace duet::apps::resolve
