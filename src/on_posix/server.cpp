// SPDX-License-Identifier: MIT
// The server of the POSIX column: policies decide who is let in, how accepting goes on after an error, and when a session's time is over.
#include "duet/on_posix/server.hpp"

#include <algorithm>
#include <utility>

#include "duet/error.hpp"
#include "duet/os/flow.hpp"
#include "server_core.hpp"

namespace duet::on_posix {
namespace detail {

// accepting

endpoint server_core::listen(const endpoint& at) {
  door& opened = doors_.emplace_back(loop_);
  try {
    opened.entrance.listen(at, options_.socket, options_.watcher);
  } catch (...) {
    doors_.pop_back();
    throw;
  }
  accept(opened);
  return opened.entrance.local_endpoint();
}

void server_core::start(session_maker make) {
  make_ = std::move(make);
  running_ = true;
  reserve_.refill();
  accept_at_all();
}

void server_core::accept_at_all() {
  for (door& each : doors_) accept(each);
}

void server_core::accept(door& at) {
  if (!takes_any() || at.pausing || std::exchange(at.accepting, true)) return;
  at.entrance.async_accept([self = shared_from_this(), &at](std::error_code ec, stream arrived) {
    self->accepted(at, ec, std::move(arrived));
  });
}

void server_core::accepted(door& at, std::error_code ec, stream arrived) {
  at.accepting = false;
  if (!running_ || draining_) return;
  if (is(ec, std::errc::operation_canceled)) return accept(at);  // paused, and maybe resumed since
  if (ec && arrived.is_open()) {
    // An option could not be set on this connection: it goes, the others come.
    refuse(arrived, counters_.refused_by_error, {});
    return accept(at);
  }
  if (ec) return accept_failed(at, ec);
  for (std::size_t burst = options_.accept_burst;; --burst) {
    at.policy.accepted();
    admit(std::move(arrived));
    if (burst <= 1 || !takes_any()) break;
    // What is wrong, if anything, async_accept will tell.
    auto another = at.entrance.try_accept(ec);
    if (!another) break;
    arrived = std::move(*another);
  }
  accept(at);
}

void server_core::accept_failed(door& at, std::error_code ec) {
  const auto verdict = at.policy.failed(ec);
  if (verdict.action == policy::accept_action::fatal) return event("accept failed", nullptr, ec);
  ++counters_.accept_pauses;
  if (verdict.first) event("accept paused", nullptr, ec);
  const bool no_descriptor =
      is(ec, std::errc::too_many_files_open) || is(ec, std::errc::too_many_files_open_in_system);
  if (no_descriptor && reserve_.shed(at.entrance.native_handle())) ++counters_.refused_by_shortage;
  at.pausing = true;
  // The listener has passed over as many lost connections as is good in a row: they are a reason to pause too.
  at.pause.expires_after(std::max(verdict.pause, policy::accept_policy::first_pause));
  at.pause.async_wait([self = shared_from_this(), &at](std::error_code cancelled) {
    if (cancelled) return;
    at.pausing = false;
    self->reserve_.refill();
    self->accept(at);
  });
}

void server_core::refuse(stream& arrived, std::uint64_t& count, const endpoint& peer) {
  ++count;
  event("refused", &peer, {});
  os::reset_on_close(arrived.native_handle());
  arrived.close();
}

void server_core::admit(stream arrived) {
  const endpoint peer = peer_of(arrived);
  switch (admission_.enter(peer)) {
    case policy::admission::verdict::refuse_by_cap:
      return refuse(arrived, counters_.refused_by_cap, peer);
    case policy::admission::verdict::refuse_by_address:
      return refuse(arrived, counters_.refused_by_address, peer);
    case policy::admission::verdict::serve: break;
  }
  session_ptr arrival;
  try {
    arrival = make_({shared_from_this(), std::move(arrived)});
    sessions_.push_front(arrival);
  } catch (...) {
    // No memory for it, most likely: the connection goes, the server stays.
    admission_.leave(peer);
    ++counters_.refused_by_shortage;
    return event("refused", &peer, std::make_error_code(std::errc::not_enough_memory));
  }
  ++counters_.accepted;
  counters_.active = admission_.active();
  arrival->place_ = sessions_.begin();
  arrival->open_ = true;
  event("accepted", &peer, {});
  watch(*arrival);
  run_handler(*arrival, &session::begin);
}

// sessions

void server_core::run_handler(session& of, void (session::*what)()) {
  const session_ptr keep = of.shared_from_this();
  const auto began = server_clock::now();
  try {
    (of.*what)();
  } catch (...) {
    of.caught();
  }
  counters_.slowest_handler =
      std::max<std::chrono::nanoseconds>(counters_.slowest_handler, server_clock::now() - began);
}

void server_core::left(session& it, const endpoint& peer, close_reason why, std::error_code error) {
  sessions_.erase(it.place_);
  wheel_.clear(it);
  ++counters_.closed[static_cast<std::size_t>(why)];
  const bool reopened = admission_.leave(peer);
  counters_.active = admission_.active();
  event("closed", &peer, error);
  // A descriptor is free: whoever pauses for want of one need not wait longer.
  for (door& each : doors_) {
    if (!each.pausing || !running_) continue;
    each.pausing = false;
    each.pause.cancel();
    accept(each);
  }
  if (reopened) accept_at_all();
  finish_drain();
}

// deadlines

void server_core::watch(session& it) noexcept {
  const auto next = it.watch_.next();
  if (!next) return wheel_.clear(it);
  wheel_.set(it, *next);
  arm();
}

void server_core::arm() noexcept {
  const auto next = wheel_.next();
  if (!next || (armed_for_ && *armed_for_ <= *next)) return;
  armed_for_ = *next;
  ticks_.expires_after(*next - server_clock::now());
  ticks_.async_wait([self = shared_from_this()](std::error_code cancelled) {
    if (!cancelled) self->tick();
  });
}

void server_core::tick() {
  const auto now = server_clock::now();
  // One that was due already when the timer was set anew, or stopped, comes all the same.
  if (armed_for_)
    counters_.loop_lag = std::max<std::chrono::nanoseconds>(counters_.loop_lag, now - *armed_for_);
  armed_for_.reset();
  wheel_.advance(now, [this, now](policy::deadline_wheel::entry& due) {
    auto& it = static_cast<session&>(due);
    const auto why = it.watch_.judge(now);
    if (!why) {
      if (const auto next = it.watch_.next()) wheel_.set(it, *next);
      return;
    }
    const session_ptr keep = it.shared_from_this();
    if (*why == close_reason::end_of_stream) return it.close(it.ending_);
    it.abort(*why, error::timed_out);
  });
  arm();
}

// lifecycle

void server_core::pause() {
  paused_ = true;
  for (door& each : doors_) each.entrance.cancel();
}

void server_core::resume() {
  paused_ = false;
  accept_at_all();
}

void server_core::close_doors() {
  for (door& each : doors_) {
    each.pausing = false;
    each.pause.cancel();
    each.entrance.close();
  }
}

void server_core::drain(std::chrono::milliseconds deadline,
                        handler<void(std::vector<endpoint>)> handler) {
  drained_.push_back(std::move(handler));
  if (!std::exchange(draining_, true)) {
    // Connections that the kernel has accepted already were promised service.
    for (door& each : doors_) {
      std::error_code ec;
      while (running_ && admission_.open()) {
        auto arrived = each.entrance.try_accept(ec);
        if (!arrived) break;
        admit(std::move(*arrived));
      }
    }
    close_doors();
    for (const session_ptr& each : std::vector(sessions_.begin(), sessions_.end()))
      if (each->is_open()) run_handler(*each, &session::drain);
  }
  deadline_.expires_after(deadline);
  deadline_.async_wait([self = shared_from_this()](std::error_code cancelled) {
    if (!cancelled) self->cut_all(self->survivors_);
  });
  finish_drain();
}

void server_core::cut_all(std::vector<endpoint>& survivors) {
  running_ = false;
  close_doors();
  for (const session_ptr& each : std::vector(sessions_.begin(), sessions_.end())) {
    if (!each->is_open()) continue;
    survivors.push_back(each->peer());
    each->cut();
    each->abort(draining_ ? close_reason::drain : close_reason::local);
  }
}

void server_core::stop() {
  std::vector<endpoint> unheard;
  cut_all(draining_ ? survivors_ : unheard);
  ticks_.cancel();
  armed_for_.reset();
}

void server_core::finish_drain() {
  if (!draining_ || !sessions_.empty()) return;
  deadline_.cancel();
  ticks_.cancel();
  armed_for_.reset();
  for (auto& each : std::exchange(drained_, {})) {
    loop_.post(
        [handler = std::move(each), left = survivors_]() mutable { handler(std::move(left)); });
  }
}

}  // namespace detail

// server

server::server(loop& owner, const server_options& options)
    : core_(std::make_shared<detail::server_core>(owner, options)) {}

server::~server() {
  if (core_) core_->stop();
}

endpoint server::listen(const endpoint& at) { return core_->listen(at); }

void server::start_with(session_maker make) { core_->start(std::move(make)); }

void server::pause() { core_->pause(); }

void server::resume() { core_->resume(); }

void server::start_drain(std::chrono::milliseconds deadline,
                         detail::handler<void(std::vector<endpoint>)> handler) {
  core_->drain(deadline, std::move(handler));
}

void server::stop() { core_->stop(); }

const server_counters& server::counters() const noexcept { return core_->counters(); }

}  // namespace duet::on_posix
