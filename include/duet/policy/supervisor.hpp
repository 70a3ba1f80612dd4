// SPDX-License-Identifier: MIT
// supervisor: what is to be done about worker processes: whom to fork, whom to tell to go, whom to kill, when to give up. Events go in,
// actions come out. It makes no process, reads no clock and draws no random numbers; os/supervisor.hpp does that. The rules are those of
// long-running servers (nginx's exit code 2, the drain of a rolling reload).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <system_error>
#include <vector>

#include "duet/policy/backoff.hpp"
#include "duet/supervisor_options.hpp"

namespace duet::policy {

class supervisor {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  /// Of one fork that was asked for, from 1.
  using worker_id = std::uint32_t;

  enum class action_kind : std::uint8_t {
    fork,    ///< a process for `worker` at `place`; then forked() or fork_failed()
    signal,  ///< to `pid`
    tell,    ///< the news
    finish,  ///< nobody is left, and nobody is to come; with the code
  };
  struct action {
    action_kind what = action_kind::finish;
    worker_id worker = 0;
    std::size_t place = 0;
    int pid = 0;
    int signal = 0;
    int code = 0;
    supervisor_news news{};
  };

  explicit supervisor(const supervisor_options& options)
      : options_(options), places_(options.workers, place(options.restart)) {}

  /// So many processes live at a time at most: one a place, those that drain for two reloads, and one that is to take over.
  [[nodiscard]] static constexpr std::size_t most_alive(std::size_t workers) noexcept {
    return 3 * workers + 1;
  }

  // Events.
  void start(time_point now) {
    last_tick_ = now;
    for (place& each : places_) each.serving = ask_fork(each);
  }
  void forked(worker_id id, int pid, time_point now) {
    worker* const it = find(id);
    if (it == nullptr) return;
    it->pid = pid;
    it->stage = stage::starting;
    it->since = now;
    tell(supervisor_event::started, *it);
  }
  /// `random` here and below: uniform, 0 <= random < 1.
  void fork_failed(worker_id id, std::error_code error, time_point now, double random);
  void ready(worker_id id, time_point now);
  void beat(worker_id id, time_point now) {
    if (worker* const it = find(id)) it->beat = now;
  }
  void exited(int pid, worker_end end, time_point now, double random);
  /// Time has passed. Feed the beats first.
  void tick(time_point now);
  void reload(time_point now);
  /// The first: everybody drains.
  void stop(time_point now);
  /// The second: everybody is killed.
  void kill_all();

  // Actions.
  /// The next thing to do; none: wait for events.
  [[nodiscard]] std::optional<action> next() {
    if (actions_.empty()) return std::nullopt;
    const action first = actions_.front();
    actions_.pop_front();
    return first;
  }
  /// When tick() has something to do at the latest.
  [[nodiscard]] std::optional<time_point> wake() const;

  [[nodiscard]] bool stopping() const noexcept { return stopping_; }
  [[nodiscard]] std::size_t alive() const noexcept { return workers_.size(); }

 private:
  enum class stage : std::uint8_t { forking, starting, ready, draining };
  struct worker {
    worker_id id = 0;
    std::size_t place = 0;
    int pid = 0;
    policy::supervisor::stage stage = stage::forking;
    bool killed = false;
    time_point since{};  ///< of the stage
    time_point beat{};
  };
  struct place {
    explicit place(backoff_limits limits) : pauses(limits) {}
    worker_id serving = 0;    ///< 0: empty
    worker_id successor = 0;  ///< of a reload
    backoff pauses;
    std::optional<time_point> again{};  ///< when to fork for it
    bool retired = false;
  };

  [[nodiscard]] worker* find(worker_id id);
  [[nodiscard]] std::size_t number_of(const place& of) const noexcept {
    return static_cast<std::size_t>(&of - places_.data());
  }
  [[nodiscard]] bool anybody(stage at) const;
  [[nodiscard]] bool room_for_successor() const;
  [[nodiscard]] bool is_turn(const place& of) const noexcept {
    return reloading_ && number_of(of) == turn_;
  }
  [[nodiscard]] std::optional<time_point> deadline(const worker& of) const;

  worker_id ask_fork(const place& of);
  void send(worker& to, int signal);
  void tell(supervisor_event what, const worker& about, worker_end end = {},
            std::chrono::nanoseconds pause = {}, std::error_code error = {});
  void tell(supervisor_event what) {
    actions_.push_back({action_kind::tell, 0, 0, 0, 0, 0, {what}});
  }
  void drain(worker& it, time_point now);
  void kill(worker& it, supervisor_event why);
  void fork_what_is_due(time_point now);
  void in_vain(time_point now, bool somebody_starts = false);
  void refill(place& of, time_point at);
  void successor_lost(place& of, time_point now, time_point again, bool for_good);
  void go_on_reloading(time_point now);
  void end_reload(supervisor_event how, time_point now);
  void left_behind(const worker& gone, worker_end end);
  void lost(const worker& gone, worker_end end, time_point now, double random);
  void tell_all_ready();
  void finish_if_over();

  supervisor_options options_;
  std::vector<place> places_;
  std::vector<worker> workers_;
  std::deque<action> actions_;
  std::deque<time_point> vain_;
  worker_id last_id_ = 0;
  time_point last_tick_{};
  bool all_ready_ = false;
  bool stopping_ = false;
  bool finished_ = false;
  int code_ = 0;
  bool reloading_ = false;
  bool reload_again_ = false;
  std::size_t turn_ = 0;  ///< the place whose worker is being replaced
  std::size_t vain_successors_ = 0;
};

}  // namespace duet::policy
