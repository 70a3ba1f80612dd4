// SPDX-License-Identifier: MIT
#include "duet/policy/supervisor.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace duet::policy {

// events

void supervisor::fork_failed(worker_id id, std::error_code error, time_point now, double random) {
  worker* const found = find(id);
  if (found == nullptr) return;
  const worker gone = *found;
  std::erase_if(workers_, [id](const worker& each) { return each.id == id; });
  place& at = places_[gone.place];
  const auto pause = at.pauses.next(random);
  tell(supervisor_event::fork_failed, gone, {}, pause, error);
  in_vain(now, anybody(stage::starting));
  if (at.successor == id) return successor_lost(at, now, now + pause, false);
  at.serving = 0;
  refill(at, now + pause);
}

void supervisor::ready(worker_id id, time_point now) {
  worker* const it = find(id);
  if (it == nullptr || it->stage != stage::starting) return;
  it->stage = stage::ready;
  it->since = it->beat = now;
  vain_.clear();
  tell(supervisor_event::ready, *it);
  place& at = places_[it->place];
  if (at.successor == id) {
    at.successor = 0;
    at.retired = false;
    vain_successors_ = 0;
    if (worker* const old = find(std::exchange(at.serving, id))) drain(*old, now);
    ++turn_;
    go_on_reloading(now);
  }
  tell_all_ready();
}

/// Once: when the last that is waited for is ready, or will never be.
void supervisor::tell_all_ready() {
  const bool all = std::ranges::all_of(places_, [this](const place& each) {
    const worker* const serves = find(each.serving);
    return each.retired || (serves != nullptr && serves->stage == stage::ready);
  });
  if (!all || !anybody(stage::ready)) return;
  if (!std::exchange(all_ready_, true)) tell(supervisor_event::all_ready);
}

void supervisor::exited(int pid, worker_end end, time_point now, double random) {
  const auto it = std::ranges::find(workers_, pid, &worker::pid);
  if (it == workers_.end()) return;
  const worker gone = *it;
  workers_.erase(it);
  if (stopping_ || gone.stage == stage::draining) {
    left_behind(gone, end);
    return go_on_reloading(now);
  }
  lost(gone, end, now, random);
  finish_if_over();
}

/// One that was told to go.
void supervisor::left_behind(const worker& gone, worker_end end) {
  tell(supervisor_event::drained, gone, end);
  // The default of the signal, before the worker was ready: nobody was being served.
  const bool clean = !end.by_signal ? end.value == 0 : end.value == SIGTERM;
  if (stopping_ && !clean && code_ == 0) code_ = 1;
  finish_if_over();
}

/// One that was not.
void supervisor::lost(const worker& gone, worker_end end, time_point now, double random) {
  place& at = places_[gone.place];
  const bool was_ready = gone.stage == stage::ready;
  const bool for_good = !end.by_signal && end.value == exit_do_not_respawn;
  std::chrono::nanoseconds pause{};
  if (was_ready && now - gone.since >= options_.stable_after) {
    at.pauses.reset();
  } else if (!for_good) {
    pause = at.pauses.next(random);
  }
  const bool successor = at.successor == gone.id;
  if (for_good) {
    tell(supervisor_event::retired, gone, end);
  } else {
    tell(supervisor_event::ended, gone, end, pause);
  }
  if (!for_good && !was_ready) in_vain(now);
  if (successor) return successor_lost(at, now, now + pause, for_good);
  at.serving = 0;
  if (for_good && !is_turn(at)) {
    at.retired = true;
    tell_all_ready();
  } else {
    refill(at, now + pause);
  }
}

void supervisor::tick(time_point now) {
  const auto most = options_.hang_timeout / 2;
  // A stop of us all (a terminal's, a freezer's) is no hang of theirs.
  if (options_.hang_timeout.count() > 0 && now - last_tick_ > most) {
    for (worker& each : workers_) {
      each.beat = now;
      if (each.stage == stage::starting) each.since = now;
    }
  }
  last_tick_ = now;
  for (worker& each : workers_) {
    const auto at = deadline(each);
    if (!at || now < *at) continue;
    const bool drains = each.stage == stage::draining;
    kill(each, drains ? supervisor_event::drain_overdue : supervisor_event::hung);
  }
  fork_what_is_due(now);
}

void supervisor::reload(time_point now) {
  if (stopping_) return;
  if (reloading_) {
    reload_again_ = true;
    return;
  }
  reloading_ = true;
  turn_ = vain_successors_ = 0;
  tell(supervisor_event::reloading);
  go_on_reloading(now);
}

void supervisor::stop(time_point now) {
  if (std::exchange(stopping_, true)) return;
  reloading_ = reload_again_ = false;
  tell(supervisor_event::stopping);
  std::erase_if(actions_, [](const action& each) { return each.what == action_kind::fork; });
  std::erase_if(workers_, [](const worker& each) { return each.stage == stage::forking; });
  for (place& each : places_) each.again.reset();
  for (worker& each : workers_) drain(each, now);
  finish_if_over();
}

void supervisor::kill_all() {
  for (worker& each : workers_) send(each, SIGKILL);
}

std::optional<supervisor::time_point> supervisor::wake() const {
  std::optional<time_point> first;
  const auto sooner = [&first](std::optional<time_point> at) {
    if (at && (!first || *at < *first)) first = at;
  };
  for (const worker& each : workers_) sooner(deadline(each));
  for (const place& each : places_) sooner(each.again);
  if (options_.hang_timeout.count() > 0 && !workers_.empty())
    sooner(last_tick_ + options_.hang_timeout / 4);
  return first;
}

// decisions

bool supervisor::anybody(stage at) const {
  return std::ranges::any_of(workers_, [at](const worker& each) { return each.stage == at; });
}

/// What empty places will need is not its.
bool supervisor::room_for_successor() const {
  const auto empty = std::ranges::count(places_, worker_id{0}, &place::serving);
  return workers_.size() + static_cast<std::size_t>(empty) < most_alive(options_.workers);
}

supervisor::worker* supervisor::find(worker_id id) {
  const auto it = std::ranges::find(workers_, id, &worker::id);
  return id == 0 || it == workers_.end() ? nullptr : &*it;
}

std::optional<supervisor::time_point> supervisor::deadline(const worker& of) const {
  const auto after = [](time_point from, std::chrono::milliseconds limit) {
    return limit.count() > 0 ? std::optional(from + limit) : std::nullopt;
  };
  if (of.killed) return std::nullopt;
  switch (of.stage) {
    case stage::forking: return std::nullopt;
    case stage::starting: return after(of.since, options_.ready_timeout);
    case stage::ready: return after(of.beat, options_.hang_timeout);
    case stage::draining: break;
  }
  return after(of.since, options_.drain_timeout);
}

supervisor::worker_id supervisor::ask_fork(const place& of) {
  const worker_id id = ++last_id_;
  workers_.push_back({id, number_of(of)});
  actions_.push_back({action_kind::fork, id, number_of(of)});
  return id;
}

void supervisor::send(worker& to, int signal) {
  if (to.pid <= 0) return;  // kill(2) would take it for a group
  to.killed = to.killed || signal == SIGKILL;
  actions_.push_back({action_kind::signal, to.id, to.place, to.pid, signal});
}

void supervisor::tell(supervisor_event what, const worker& about, worker_end end,
                      std::chrono::nanoseconds pause, std::error_code error) {
  actions_.push_back({action_kind::tell,
                      about.id,
                      about.place,
                      about.pid,
                      0,
                      0,
                      {what, about.place, about.pid, end, pause, error}});
}

void supervisor::drain(worker& it, time_point now) {
  if (it.stage == stage::draining) return;
  it.stage = stage::draining;
  it.since = now;
  send(it, SIGTERM);
}

void supervisor::kill(worker& it, supervisor_event why) {
  tell(why, it);
  send(it, SIGKILL);
}

void supervisor::fork_what_is_due(time_point now) {
  for (place& each : places_) {
    if (!each.again || now < *each.again || stopping_) continue;
    each.again.reset();
    if (is_turn(each)) {
      go_on_reloading(now);
    } else {
      each.serving = ask_fork(each);
    }
  }
}

/// A start that came to nothing. One beside somebody who serves is not put down: when that one dies, it would be the end of all.
/// Want of processes is no end as long as somebody starts, who may serve, or else is in vain as well.
void supervisor::in_vain(time_point now, bool somebody_starts) {
  if (stopping_ || anybody(stage::ready)) return;
  vain_.push_back(now);
  while (now - vain_.front() > options_.crash_window) vain_.pop_front();
  if (somebody_starts || vain_.size() < options_.workers + options_.vain_starts) return;
  tell(supervisor_event::gave_up);
  code_ = exit_crash_loop;
  stop(now);
  kill_all();
}

void supervisor::refill(place& of, time_point at) {
  // While a successor is being made, it is the one to come.
  if (!stopping_ && !is_turn(of)) of.again = at;
}

void supervisor::successor_lost(place& of, time_point now, time_point again, bool for_good) {
  of.successor = 0;
  if (stopping_) return;
  if (for_good || ++vain_successors_ > options_.vain_starts)
    return end_reload(supervisor_event::reload_failed, now);
  of.again = again;
}

void supervisor::go_on_reloading(time_point now) {
  while (reloading_) {
    if (turn_ == places_.size()) return end_reload(supervisor_event::reloaded, now);
    place& at = places_[turn_];
    if (at.successor != 0 || !room_for_successor()) return;
    if (vain_successors_ > 0 && at.again && now < *at.again) return;
    at.again.reset();
    at.successor = ask_fork(at);
  }
}

void supervisor::end_reload(supervisor_event how, time_point now) {
  reloading_ = false;
  tell(how);
  for (place& each : places_) {
    if (each.serving == 0 && !each.retired && !each.again) each.again = now;
  }
  if (how == supervisor_event::reloaded && std::exchange(reload_again_, false)) return reload(now);
  reload_again_ = false;
}

void supervisor::finish_if_over() {
  if (finished_ || reloading_ || !workers_.empty()) return;
  const bool all_retired = std::ranges::all_of(places_, &place::retired);
  if (!stopping_ && !all_retired) return;
  finished_ = true;
  const int code = stopping_ ? code_ : exit_do_not_respawn;
  actions_.push_back({action_kind::finish, 0, 0, 0, 0, code});
}

}  // namespace duet::policy
