// SPDX-License-Identifier: MIT
// ping_datagram_session: one socket of an asynchronous `ping` over datagrams: the library's datagram echo client sends and counts, and here its
// results become lines. When all is over is its run's business (ping_async.hpp).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/datagram_echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/resolve_result.hpp"
#include "echo/datagram_target.hpp"
#include "echo/ping_pace.hpp"
#include "echo/ping_report.hpp"

namespace duet::apps::echo {

/// `Run` is ping_async.hpp's, which outlives the handlers too: they are destroyed uncalled with the loop.
template <class Run>
class datagram_ping_session {
 public:
  using backend = typename Run::backend;
  using clock = std::chrono::steady_clock;

  /// The client knows its deadlines itself.
  static constexpr bool looked_at = false;

  datagram_ping_session(Run& run, typename backend::loop& loop, std::size_t ordinal)
      : run_(run),
        loop_(loop),
        names_(loop),
        timer_(loop),
        pace_(run.options().interval),
        ordinal_(ordinal) {}

  /// Finds the addresses ahead of the first message.
  template <class Then>
  void connect(Then then) {
    const endpoint& to = run_.options().to;
    if (to.is_numeric()) {
      targets_ = {to};
      return loop_.post([this, then = std::move(then)]() mutable {
        if (!run_.stopping()) then(std::error_code());
      });
    }
    const server_question asked(to, run_.options().reply_deadline, run_.connecting().watcher);
    names_.async_resolve(
        asked.host, asked.service, asked.how,
        [this, then = std::move(then)](std::error_code ec, const resolve_result& found) mutable {
          if (run_.stopping()) return;
          targets_ = found.endpoints;
          if (!ec && targets_.empty()) ec = error::name_no_data;
          then(ec);
        });
  }

  /// Sends all, or with --reconnect the next one when its time has come.
  void proceed() {
    if (run_.stopping()) return;
    if (targets_.empty()) {
      return connect([this](std::error_code ec) {
        if (!ec) return proceed();
        if (!run_.gives_up(ec)) run_.over();
      });
    }
    if (!run_.options().reconnect) return start(share());
    if (run_.report().enough()) return run_.over();
    const auto wait = pace_.wait(clock::now());
    if (wait.count() == 0) return begin();
    timer_.expires_after(wait);
    timer_.async_wait([this](std::error_code) { proceed(); });
  }

  /// Of all its sockets, so far.
  [[nodiscard]] reply_counts counts() const {
    reply_counts all = ended_;
    if (running_) all += client_->progress();
    return all;
  }

 private:
  using client = typename backend::datagram_echo_client;

  /// Of the datagrams in all; nullopt: no end.
  [[nodiscard]] std::optional<std::uint64_t> share() const {
    const auto& options = run_.options();
    if (!options.count) return std::nullopt;
    const std::uint64_t rest = *options.count % options.connections;
    return *options.count / options.connections + (ordinal_ < rest ? 1 : 0);
  }
  /// The sessions' numbers do not meet.
  [[nodiscard]] std::uint64_t shown(std::uint64_t number) const {
    if (number == 0) return 0;
    if (run_.options().reconnect) return number_;
    return (number - 1) * run_.options().connections + ordinal_ + 1;
  }

  void begin() {
    number_ = run_.report().sending();
    began_ = clock::now();
    pace_.began(began_);
    start(1);
  }

  void start(std::optional<std::uint64_t> count) {
    if (count == std::uint64_t{0}) return run_.over();
    const auto& options = run_.options();
    datagram_echo_client_options how;
    how.bytes = options.message_bytes;
    how.count = count;
    how.interval = options.interval;
    how.reply_deadline = options.reply_deadline;
    how.told = [this](const datagram_reply& about) { told(about); };
    how.watcher = run_.connecting().watcher;
    from_ = targets_[target_].to_string();
    client_ = std::make_unique<client>(loop_, how);
    running_ = true;
    client_->async_run(targets_[target_], [this, count](std::error_code ec, reply_counts counts) {
      running_ = false;
      if (std::exchange(moving_on_, false)) return start(count);
      ended_ += counts;
      if (!run_.stopping()) ended(ec, counts.received > 0);
    });
  }

  void ended(std::error_code ec, bool answered) {
    if (ec && run_.gives_up(ec)) return;
    if (ec || !run_.options().reconnect) return run_.over();
    pace_.ended(clock::now(), answered);
    proceed();
  }

  void told(const datagram_reply& about) {
    if (run_.stopping()) return client_->cancel();
    const std::uint64_t number = shown(about.number);
    switch (about.kind) {
      case reply_kind::lost:
      case reply_kind::not_sent:
        if (nobody_there(about.error)) return;
        told_ = true;
        run_.report().lost(number, from_, about.error);
        break;
      case reply_kind::first:
        run_.connected();
        run_.report().replied(number, from_,
                              run_.options().reconnect ? clock::now() - began_ : about.round_trip);
        break;
      case reply_kind::duplicate:
      case reply_kind::late:
      case reply_kind::strange:
      case reply_kind::bad:
        run_.connected();
        run_.report().stray(about.kind, number, from_);
        break;
    }
    run_.settled();
    if (run_.stopping()) client_->cancel();
  }

  /// As long as nobody has ever answered: the next address, or the end of the run.
  bool nobody_there(std::error_code why) {
    if (run_.was_connected() || !says_nobody_is_there(why)) return false;
    if (!told_ && target_ + 1 < targets_.size()) {
      ++target_;
      moving_on_ = true;
    } else {
      run_.gives_up(why);
    }
    client_->cancel();
    return true;
  }

  Run& run_;
  typename backend::loop& loop_;
  typename backend::resolver names_;
  typename backend::timer timer_;
  ping_pace pace_;
  std::size_t ordinal_;
  std::vector<endpoint> targets_;
  std::size_t target_ = 0;
  std::string from_;
  std::unique_ptr<client> client_;
  bool running_ = false;
  bool moving_on_ = false;
  bool told_ = false;  ///< a line of the address that is tried now: it cannot be taken back
  reply_counts ended_;
  std::uint64_t number_ = 0;  ///< with --reconnect
  clock::time_point began_{};
};

}  // namespace duet::apps::echo
