// SPDX-License-Identifier: MIT
// datagram_exchange: a run of `duet-echo send` over datagrams, but for the calls: the input's next datagram, whether it may go, what replies
// are and how they are printed, when all is done. The same for both models.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include "duet/policy/owed_replies.hpp"
#include "duet/policy/token_bucket.hpp"
#include "echo/datagram_feed.hpp"
#include "echo/options.hpp"
#include "echo/send_report.hpp"

namespace duet::apps::echo {

/// Room for whatever comes back.
inline constexpr std::size_t reply_bytes = 65536;

/// How long to wait when datagrams went too fast; some more of them may go then.
inline constexpr std::chrono::milliseconds pace_pause{2};

class datagram_exchange {
 public:
  using clock = std::chrono::steady_clock;

  explicit datagram_exchange(const send_options& options);

  /// The input, see datagram_feed; an error is the end of it.
  [[nodiscard]] std::span<std::byte> room() { return feed_.room(); }
  void filled(std::size_t size) { feed_.filled(size); }
  void input_failed(std::error_code why);
  [[nodiscard]] bool input_over() { return feed_.over(); }

  /// The next datagram of the input.
  [[nodiscard]] std::optional<std::span<const std::byte>> next() { return feed_.next(); }
  /// Whether it may go while others are on their way.
  enum class turn {
    now,
    after_reply,  ///< when one of those is settled
    after_pause,  ///< pace_pause from now
  };
  [[nodiscard]] turn turn_of(std::span<const std::byte> datagram, clock::time_point now) noexcept;
  /// It went, or could not; it is next()'s.
  void sent(clock::time_point now);
  void not_sent();

  /// What is to be printed for a reply is put behind `output`. False: verifying, it ends the run.
  [[nodiscard]] bool returned(std::span<const std::byte> reply, std::vector<std::byte>& output);

  /// An error of sending or receiving. True: it ends the run, for nothing has ever come from the server or nothing can be sent.
  [[nodiscard]] bool failed(std::error_code why);
  void output_failed(std::error_code why) { result_.error = why; }
  /// There is no way to the server.
  void unreachable(std::error_code why) { result_.unreachable = why; }
  /// What is on its way will not be answered.
  void give_up() { owed_.give_up(); }

  void expire(clock::time_point now) { owed_.expire(now); }
  [[nodiscard]] std::optional<clock::time_point> next_deadline() const noexcept {
    return owed_.next_deadline();
  }
  /// Nothing is waited for.
  [[nodiscard]] bool settled() const noexcept { return owed_.open() == 0; }

  [[nodiscard]] datagram_result result() const;

 private:
  bool lines_;
  bool verify_;
  policy::token_bucket pace_;
  datagram_feed feed_;
  policy::owed_replies owed_;
  datagram_result result_;
  bool heard_ = false;
};

}  // namespace duet::apps::echo
