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

endpoint server_core::listen(os::unique_fd listening) {
  door& opened = doors_.emplace_back(loop_);
  try {
    opened.entrance.assign(std::move(listening), options_.socket, options_.watcher);
  } catch (...) {
    doors_.pop_back();
    throw;
  }
  accept(opened);
  return opened.entrance.local_endpoint();
}

void server_core::start(session_maker make) {
  make_ = std::move(make);
  state_.start();
  reserve_.refill();
  accept_at_all();
}

void server_core::accept_at_all() {
  for (door& each : doors_) accept(each);
}

void server_core::accept(door& at) {
  if (!state_.accepts() || at.pausing || std::exchange(at.accepting, true)) return;
  at.entrance.async_accept([self = shared_from_this(), &at](std::error_code ec, stream arrived) {
    self->accepted(at, ec, std::move(arrived));
  });
}

void server_core::accepted(door& at, std::error_code ec, stream arrived) {
  at.accepting = false;
  if (!state_.running() || state_.draining()) return;
  if (is(ec, std::errc::operation_canceled)) return accept(at);  // paused, and maybe resumed since
  if (ec && arrived.is_open()) {
    // An option could not be set on this connection: it goes, the others come.
    state_.spoilt();
    refuse(arrived, "refused: error", {});
    return accept(at);
  }
  if (ec) return accept_failed(at, ec);
  for (std::size_t burst = options_.accept_burst;; --burst) {
    at.policy.accepted();
    admit(std::move(arrived));
    if (burst <= 1 || !state_.accepts()) break;
    // What is wrong, if anything, async_accept will tell.
    auto another = at.entrance.try_accept(ec);
    if (!another) break;
    arrived = std::move(*another);
  }
  accept(at);
}

void server_core::accept_failed(door& at, std::error_code ec) {
  const auto verdict = state_.accept_failed(at.policy, ec);
  if (verdict.tell) event(verdict.fatal ? "accept failed" : "accept paused", nullptr, ec);
  if (verdict.fatal) return;
  if (verdict.shortage && reserve_.shed(at.entrance.native_handle())) state_.lacks();
  at.pausing = true;
  at.pause.expires_after(verdict.pause);
  at.pause.async_wait([self = shared_from_this(), &at](std::error_code cancelled) {
    if (cancelled) return;
    at.pausing = false;
    self->reserve_.refill();
    self->accept(at);
  });
}

void server_core::refuse(stream& arrived, std::string_view why, const endpoint& peer) {
  event(why, &peer, {});
  os::reset_on_close(arrived.native_handle());
  arrived.close();
}

void server_core::admit(stream arrived) {
  const endpoint peer = peer_of(arrived);
  bool entered = false;
  session_ptr arrival;
  try {
    if (const auto refused = state_.enters(peer)) return refuse(arrived, *refused, peer);
    entered = true;
    arrival = make_({shared_from_this(), std::move(arrived)});
    if (state_.wants_peers()) arrival->more().peer = peer;
    sessions_.push_back(arrival);
  } catch (...) {
    // No memory for it, most likely: the connection goes, the server stays.
    entered ? state_.not_served(peer) : state_.lacks();
    return event("refused: shortage", &peer, std::make_error_code(std::errc::not_enough_memory));
  }
  arrival->place_ = static_cast<std::uint32_t>(sessions_.size() - 1);
  arrival->open_ = true;
  event("accepted", &peer, {});
  watch(*arrival);
  run(*arrival, &session::begin);
}

// sessions

void server_core::run(session& of, void (session::*what)()) noexcept {
  const session_ptr keep = of.shared_from_this();
  const auto began = server_clock::now();
  try {
    (of.*what)();
  } catch (...) {
    of.caught();
  }
  state_.handler_took(server_clock::now() - began);
}

void server_core::left(session& it, const endpoint& peer, close_reason why, std::error_code error) {
  // The last one takes its place.
  std::swap(sessions_[it.place_], sessions_.back());
  sessions_[it.place_]->place_ = it.place_;
  sessions_.pop_back();
  wheel_.clear(it);
  const bool reopened = state_.left(peer, why);
  event(close_event(why), &peer, error);
  // A descriptor is free: whoever pauses for want of one need not wait longer.
  for (door& each : doors_) {
    if (!each.pausing || !state_.running()) continue;
    each.pausing = false;
    each.pause.cancel();
    accept(each);
  }
  if (reopened) accept_at_all();
  finish_drain();
}

// deadlines

void server_core::watch(session& it) noexcept {
  const auto next = it.watch_.next(options_.limits);
  if (!next) return wheel_.clear(it);
  wheel_.set(it, *next);
  arm();
}

void server_core::arm() noexcept {
  const auto next = wheel_.arm();
  if (!next) return;
  ticks_.expires_after(*next - server_clock::now());
  ticks_.async_wait([self = shared_from_this()](std::error_code cancelled) {
    if (!cancelled) self->tick();
  });
}

void server_core::tick() {
  const auto now = server_clock::now();
  state_.timer_was_late(wheel_.rang(now));
  wheel_.advance(now, [this, now](policy::deadline_wheel::entry& due) {
    auto& it = static_cast<session&>(due);
    const auto why = it.watch_.judge(options_.limits, now);
    if (!why) {
      if (const auto next = it.watch_.next(options_.limits)) wheel_.set(it, *next);
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
  state_.pause();
  for (door& each : doors_) each.entrance.cancel();
}

void server_core::resume() {
  state_.resume();
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
  if (state_.drain()) {
    // No more of them than the queue holds: others may come as fast as these are taken.
    for (door& each : doors_) {
      std::error_code ec;
      for (int most = options_.socket.backlog; most > 0 && state_.takes_promised(); --most) {
        auto arrived = each.entrance.try_accept(ec);
        if (!arrived) break;
        admit(std::move(*arrived));
      }
    }
    close_doors();
    for (const session_ptr& each : std::vector(sessions_.begin(), sessions_.end()))
      if (each->is_open()) run(*each, &session::drain);
  }
  deadline_.expires_after(deadline);
  deadline_.async_wait([self = shared_from_this()](std::error_code cancelled) {
    if (!cancelled) self->cut_all(self->survivors_);
  });
  finish_drain();
}

void server_core::cut_all(std::vector<endpoint>& survivors) {
  const close_reason why = state_.cut();
  close_doors();
  for (const session_ptr& each : std::vector(sessions_.begin(), sessions_.end())) {
    if (!each->is_open()) continue;
    survivors.push_back(each->peer());
    each->cut(why);
    each->abort(why);
  }
}

void server_core::stop() {
  std::vector<endpoint> unheard;
  cut_all(state_.draining() ? survivors_ : unheard);
  ticks_.cancel();
  wheel_.disarm();
}

void server_core::finish_drain() {
  if (!state_.drained()) return;
  deadline_.cancel();
  ticks_.cancel();
  wheel_.disarm();
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

endpoint server::listen(os::unique_fd listening) { return core_->listen(std::move(listening)); }

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
