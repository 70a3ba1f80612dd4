// SPDX-License-Identifier: MIT
#include "duet/os/supervisor.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <system_error>
#include <utility>

#include "duet/error.hpp"
#include "duet/os/process.hpp"
#include "duet/os/sys.hpp"
#include "duet/os/unique_fd.hpp"
#include "duet/policy/supervisor.hpp"

namespace duet::os {
namespace {

using clock = std::chrono::steady_clock;
using kind = policy::supervisor::action_kind;

supervisor_setup checked(supervisor_setup setup) {
  const supervisor_options& options = setup.options;
  const bool good =
      options.workers >= 1 && options.workers <= most_workers && options.vain_starts >= 1 &&
      setup.worker != nullptr &&
      (options.hang_timeout.count() == 0 || options.hang_timeout >= shortest_hang_timeout);
  if (!good) throw_error(std::make_error_code(std::errc::invalid_argument), "supervisor");
  return setup;
}

/// The mask and the disposition of SIGCHLD as they have to be for a while: ignored, which is inherited, the kernel would reap by itself.
class quiet_signals {
 public:
  explicit quiet_signals(const sigset_t& blocked) {
    sys::sigprocmask(SIG_BLOCK, &blocked, &mask_);
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    sys::sigaction(SIGCHLD, &usual, &child_);
  }
  quiet_signals(const quiet_signals&) = delete;
  quiet_signals& operator=(const quiet_signals&) = delete;
  ~quiet_signals() {
    sys::sigaction(SIGCHLD, &child_, nullptr);
    sys::sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }

 private:
  sigset_t mask_{};
  struct sigaction child_ {};
};

worker_end end_of(const wait_status& status) {
  const bool by_signal = status.signal != 0 || status.unknown;
  return {by_signal, by_signal ? status.signal : status.code};
}

}  // namespace

void worker_context::ready() noexcept {
  row_->ready.store(1);
  // A full pipe wakes as well.
  [[maybe_unused]] const auto written = sys::write(status_, "", 1);
}

class supervisor::core {
 public:
  explicit core(supervisor_setup setup)
      : setup_(checked(std::move(setup))),
        policy_(setup_.options),
        board_(policy::supervisor::most_alive(setup_.options.workers), setup_.counters),
        staff_(board_.size()) {}
  core(const core&) = delete;
  core& operator=(const core&) = delete;
  ~core() {
    flow steps(nullptr);
    for (const member& each : staff_)
      if (each.pid > 0) sys::kill(each.pid, SIGKILL);
    for (const member& each : staff_)
      if (each.pid > 0) reap(each.pid, reap_mode::wait, steps);
  }

  supervisor_result run() {
    const sigset_t watched = watched_signals();
    const quiet_signals quiet(watched);
    signals_.reset(sys::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) throw_error(sys::last_error(), "signalfd");
    next_tick_ = clock::now() + setup_.tick;
    policy_.start(clock::now());
    while (!perform()) {
      wait();
      take_signals();
      look_at_rows();
      take_in_the_dead();
      policy_.tick(clock::now());
      tick();
    }
    return result_;
  }

  void stop() { policy_.stopping() ? policy_.kill_all() : policy_.stop(clock::now()); }
  void reload() { policy_.reload(clock::now()); }
  [[nodiscard]] worker_numbers total() const noexcept { return board_.total(); }
  [[nodiscard]] std::vector<int> pids() const {
    std::vector<member> living;
    std::ranges::copy_if(staff_, std::back_inserter(living),
                         [](const member& m) { return m.pid > 0; });
    std::ranges::sort(living, {}, &member::id);
    std::vector<int> all;
    for (const member& each : living) all.push_back(each.pid);
    return all;
  }

 private:
  struct pipe_ends {
    pipe_ends() {
      int ends[2] = {-1, -1};
      if (sys::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw_error(sys::last_error(), "pipe2");
      read.reset(ends[0]);
      write.reset(ends[1]);
    }
    unique_fd read;
    unique_fd write;
  };

  /// Who has the row of the board.
  struct member {
    policy::supervisor::worker_id id = 0;
    pid_t pid = 0;
    std::uint64_t beats = 0;
    bool ready = false;
  };

  [[nodiscard]] sigset_t watched_signals() const {
    sigset_t all;
    sigemptyset(&all);
    sigaddset(&all, SIGCHLD);
    for (const auto* list : {&setup_.stop_signals, &setup_.reload_signals, &setup_.other_signals})
      for (const int each : *list) sigaddset(&all, each);
    return all;
  }

  /// What the policy wants. True: it is over.
  bool perform() {
    while (const auto due = policy_.next()) {
      switch (due->what) {
        case kind::fork: start(*due); break;
        case kind::signal: send(due->pid, due->signal); break;
        case kind::tell:
          if (due->news.event == supervisor_event::stopping) board_.set_stopping();
          if (setup_.told) setup_.told(due->news);
          break;
        case kind::finish: result_.code = due->code; return true;
      }
    }
    return false;
  }

  void send(pid_t pid, int signal) {
    const int result = sys::kill(pid, signal);
    const std::error_code ec = sys::outcome(result);
    flow(setup_.watcher).took("kill", result, ec, [&] {
      const char* const name = ::sigabbrev_np(signal);
      return std::to_string(pid) + " SIG" + (name != nullptr ? name : std::to_string(signal));
    });
  }

  void start(const policy::supervisor::action& due) {
    const auto free = std::ranges::find(staff_, 0, &member::pid);
    const std::size_t row = static_cast<std::size_t>(free - staff_.begin());
    flow steps(setup_.watcher);
    child_setup child;
    child.death_signal = setup_.death_signal;
    const pid_t pid = start_process(child, steps);
    if (pid == 0) serve(due.place, row);
    if (pid < 0) return policy_.fork_failed(due.worker, steps.error(), clock::now(), random());
    *free = {due.worker, pid};
    policy_.forked(due.worker, pid, clock::now());
  }

  /// In the worker's process, which ends here.
  [[noreturn]] void serve(std::size_t place, std::size_t row) {
    flow steps(setup_.watcher);
    const int code = status_of(
        [&] {
          worker_context context;
          context.place_ = place;
          if (setup_.descriptors) context.descriptors_ = setup_.descriptors(place);
          context.row_ = &board_.row(row);
          context.board_ = &board_;
          context.beat_interval_ = setup_.options.hang_timeout / 4;
          context.supervisor_ = alive_.read.get();
          context.status_ = status_.write.get();
          std::vector<int> kept = context.descriptors_;
          kept.insert(kept.end(), {context.supervisor_, context.status_});
          close_all_but(kept);
          return setup_.worker(context);
        },
        setup_.watcher);
    leave(code, steps);
  }

  void wait() {
    std::array<pollfd, 2> on{pollfd{signals_.get(), POLLIN, 0},
                             pollfd{status_.read.get(), POLLIN, 0}};
    std::optional<clock::time_point> until = policy_.wake();
    if (setup_.tick.count() > 0 && (!until || next_tick_ < *until)) until = next_tick_;
    timespec timeout{};
    if (until) {
      // Rounded up by the kernel's clock: never early.
      const auto left = std::max(*until - clock::now(), clock::duration::zero());
      const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
      timeout = {seconds.count(), (left - seconds).count()};
    }
    sys::ppoll(on.data(), on.size(), until ? &timeout : nullptr, nullptr);
  }

  void take_signals() {
    signalfd_siginfo one{};
    while (sys::read(signals_.get(), &one, sizeof(one)) == static_cast<ssize_t>(sizeof(one)))
      obey(static_cast<int>(one.ssi_signo));
  }

  void obey(int signal) {
    const auto is_in = [signal](const std::vector<int>& list) {
      return std::ranges::find(list, signal) != list.end();
    };
    if (is_in(setup_.stop_signals)) {
      (policy_.stopping() ? result_.second_signal : result_.stop_signal) = signal;
      stop();
    } else if (is_in(setup_.reload_signals)) {
      reload();
    } else if (is_in(setup_.other_signals) && setup_.on_signal) {
      setup_.on_signal(signal);
    }
  }

  void look_at_rows() {
    std::array<char, 64> wakes{};
    while (sys::read(status_.read.get(), wakes.data(), wakes.size()) > 0) {
    }
    for (std::size_t each = 0; each < staff_.size(); ++each) {
      member& who = staff_[each];
      if (who.pid == 0) continue;
      worker_row& row = board_.row(each);
      if (!who.ready && row.ready.load() != 0) {
        who.ready = true;
        policy_.ready(who.id, clock::now());
      }
      const std::uint64_t beats = row.beats.load();
      if (std::exchange(who.beats, beats) != beats) policy_.beat(who.id, clock::now());
    }
  }

  /// Several deaths are one SIGCHLD: everybody is looked after. Others' children are none of ours.
  void take_in_the_dead() {
    flow steps(setup_.watcher);
    for (std::size_t each = 0; each < staff_.size(); ++each) {
      member& who = staff_[each];
      if (who.pid == 0) continue;
      const auto status = reap(who.pid, reap_mode::look, steps);
      if (!status) continue;
      // It may have said so and died since.
      if (!who.ready && board_.row(each).ready.load() != 0) policy_.ready(who.id, clock::now());
      board_.retire(each);
      policy_.exited(std::exchange(who, {}).pid, end_of(*status), clock::now(), random());
    }
  }

  void tick() {
    const auto now = clock::now();
    if (setup_.tick.count() == 0 || now < next_tick_) return;
    next_tick_ = now + setup_.tick;
    if (setup_.on_tick) setup_.on_tick();
  }

  double random() { return std::uniform_real_distribution<double>()(random_); }

  supervisor_setup setup_;
  policy::supervisor policy_;
  worker_board board_;
  std::vector<member> staff_;
  pipe_ends alive_;   ///< the workers read its end when we have gone
  pipe_ends status_;  ///< a byte wakes us: somebody is ready
  unique_fd signals_;
  clock::time_point next_tick_{};
  supervisor_result result_;
  std::minstd_rand random_{std::random_device{}()};
};

supervisor::supervisor(supervisor_setup setup) : core_(std::make_unique<core>(std::move(setup))) {}
supervisor::~supervisor() = default;
supervisor_result supervisor::run() { return core_->run(); }
void supervisor::stop() { core_->stop(); }
void supervisor::reload() { core_->reload(); }
worker_numbers supervisor::total() const noexcept { return core_->total(); }
std::vector<int> supervisor::pids() const { return core_->pids(); }

}  // namespace duet::os
