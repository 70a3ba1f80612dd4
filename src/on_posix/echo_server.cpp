// SPDX-License-Identifier: MIT
// The echo server of the POSIX column: policy::echo_flow decides, each session is a flat loop over its actions.
#include <algorithm>
#include <list>
#include <optional>
#include <utility>
#include <vector>

#include "duet/error.hpp"
#include "duet/on_posix/echo.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/lookup.hpp"
#include "duet/policy/accept_policy.hpp"
#include "duet/policy/buffer_pool.hpp"
#include "duet/policy/echo_flow.hpp"

namespace duet::on_posix {

/// One listener with what its accept loop remembers.
struct echo_server::door {
  explicit door(loop& owner) : entrance(owner), pause(owner) {}
  listener entrance;
  timer pause;
  policy::accept_policy policy;
  bool accepting = false;
};

/// What server, listeners and sessions share; lives until the last of their handlers has been called.
class echo_server::core : public std::enable_shared_from_this<core> {
 public:
  core(loop& owner, const echo_server_options& options)
      : loop_(owner), options_(options), buffers_(options.buffer_bytes), deadline_(owner) {}

  endpoint listen(const endpoint& at);
  void start();
  void drain(std::chrono::milliseconds deadline, detail::handler<void(std::size_t)> handler);
  void stop();
  [[nodiscard]] const echo_counters& counters() const noexcept { return counters_; }

 private:
  friend class session;
  using session_list = std::list<std::shared_ptr<session>>;

  void accept(door& at);
  void accepted(door& at, std::error_code ec, stream arrived);
  void admit(stream arrived);
  void leave(session_list::iterator who);
  void finish_drain();
  [[nodiscard]] bool full() const noexcept {
    return options_.max_connections != 0 && counters_.active >= options_.max_connections;
  }
  void event(std::string_view what, const endpoint* where, std::error_code error) const {
    if (options_.watcher != nullptr) options_.watcher->on_event(what, where, error);
  }

  loop& loop_;
  echo_server_options options_;
  echo_counters counters_;
  policy::buffer_pool buffers_;
  std::list<door> doors_;
  session_list sessions_;
  timer deadline_;
  bool running_ = false;
  bool draining_ = false;
  std::uint64_t cut_before_drain_ = 0;
  std::vector<detail::handler<void(std::size_t)>> drained_;
};

/// One connection. Its handlers share its ownership, so that it outlives a close with an operation in flight.
class echo_server::session : public std::enable_shared_from_this<session> {
 public:
  session(std::shared_ptr<core> of, stream connected)
      : core_(std::move(of)), stream_(std::move(connected)) {}

  void start(core::session_list::iterator place) {
    place_ = place;
    advance();
  }

  void drain() {
    if (!flow_.drain()) return;
    redirected_ = true;
    stream_.cancel(wait_type::read);
  }

  /// Ends it now; what is still to be echoed is lost, and the peer told so by a reset.
  void cut() {
    const bool owes = flow_.unsent() > 0;
    if (owes) {
      ++core_->counters_.cut;
      os::reset_on_close(stream_.native_handle());
    }
    close(owes ? std::make_error_code(std::errc::operation_canceled) : std::error_code());
  }

 private:
  using action = policy::echo_flow::action;

  void advance() {
    std::error_code ec;
    for (;;) {
      switch (flow_.next()) {
        case action::wait_readable:
          core_->buffers_.give_back(buffer_);
          return wait(wait_type::read);
        case action::wait_writable: return wait(wait_type::write);
        case action::wait_end: core_->buffers_.give_back(buffer_); return wait(wait_type::read);
        case action::yield: return loop().post([self = shared_from_this()] { self->ready({}); });
        case action::read:
        case action::discard: read(ec); break;
        case action::write: write(ec); break;
        case action::end: end(ec); break;
        case action::close: return close(flow_.failure());
      }
    }
  }

  void wait(wait_type direction) {
    stream_.async_wait(direction,
                       [self = shared_from_this()](std::error_code ec) { self->ready(ec); });
  }

  void ready(std::error_code ec) {
    if (closed_) return;
    if (!std::exchange(redirected_, false)) flow_.ready(ec);
    advance();
  }

  void read(std::error_code& ec) {
    if (!buffer_) buffer_ = core_->buffers_.lend();
    const auto size = stream_.try_read_some({buffer_.get(), core_->buffers_.buffer_bytes()}, ec);
    flow_.read(size, ec);
  }

  void write(std::error_code& ec) {
    const auto size = stream_.try_write_some({buffer_.get() + flow_.sent(), flow_.unsent()}, ec);
    core_->counters_.bytes_echoed += size.value_or(0);
    flow_.wrote(size, ec);
  }

  void end(std::error_code& ec) {
    stream_.shutdown(shutdown_type::send, ec);
    flow_.ended(ec);
    if (flow_.next() != action::discard) return;
    linger_.emplace(loop());
    linger_->expires_after(core_->options_.linger);
    linger_->async_wait([self = shared_from_this()](std::error_code cancelled) {
      if (!cancelled) self->close({});
    });
  }

  void close(std::error_code error) {
    if (std::exchange(closed_, true)) return;
    const auto keep = shared_from_this();
    linger_.reset();
    core_->buffers_.give_back(buffer_);
    if (error) ++core_->counters_.failed;
    if (core_->options_.watcher != nullptr) {
      std::error_code unknown;
      const endpoint peer = stream_.remote_endpoint(unknown);
      core_->event("closed", unknown ? nullptr : &peer, error);
    }
    stream_.close();
    core_->leave(place_);
  }

  [[nodiscard]] on_posix::loop& loop() const { return core_->loop_; }

  std::shared_ptr<core> core_;
  stream stream_;
  policy::echo_flow flow_;
  policy::buffer_pool::buffer buffer_;
  std::optional<timer> linger_;
  core::session_list::iterator place_;
  bool redirected_ = false;
  bool closed_ = false;
};

// core

endpoint echo_server::core::listen(const endpoint& at) {
  door& opened = doors_.emplace_back(loop_);
  try {
    opened.entrance.listen(at, options_.socket, options_.watcher);
  } catch (...) {
    doors_.pop_back();
    throw;
  }
  if (running_) accept(opened);
  return opened.entrance.local_endpoint();
}

void echo_server::core::start() {
  running_ = true;
  for (door& each : doors_) accept(each);
}

void echo_server::core::accept(door& at) {
  if (!running_ || draining_ || full() || std::exchange(at.accepting, true)) return;
  at.entrance.async_accept([self = shared_from_this(), &at](std::error_code ec, stream arrived) {
    self->accepted(at, ec, std::move(arrived));
  });
}

void echo_server::core::accepted(door& at, std::error_code ec, stream arrived) {
  at.accepting = false;
  if (!running_ || draining_) return;
  if (!ec) {
    at.policy.accepted();
    admit(std::move(arrived));
    return accept(at);
  }
  if (arrived.is_open()) {
    // An option could not be set on this connection: it goes, the others come.
    ++counters_.failed;
    event("refused", nullptr, ec);
    return accept(at);
  }
  const auto verdict = at.policy.failed(ec);
  if (verdict.action == policy::accept_action::fatal) return event("accept failed", nullptr, ec);
  ++counters_.accept_pauses;
  if (verdict.first) event("accept paused", nullptr, ec);
  // The listener has passed over as many lost connections as is good in a row: they are a reason to pause too.
  at.pause.expires_after(std::max(verdict.pause, policy::accept_policy::first_pause));
  at.pause.async_wait([self = shared_from_this(), &at](std::error_code cancelled) {
    if (!cancelled) self->accept(at);
  });
}

void echo_server::core::admit(stream arrived) {
  ++counters_.accepted;
  ++counters_.active;
  if (options_.watcher != nullptr) {
    std::error_code unknown;
    const endpoint peer = arrived.remote_endpoint(unknown);
    event("accepted", unknown ? nullptr : &peer, {});
  }
  auto arrival = std::make_shared<session>(shared_from_this(), std::move(arrived));
  session& now = *arrival;
  sessions_.push_front(std::move(arrival));
  now.start(sessions_.begin());
}

void echo_server::core::leave(session_list::iterator who) {
  const bool was_full = full();
  sessions_.erase(who);
  --counters_.active;
  if (was_full && running_) {
    for (door& each : doors_) accept(each);
  }
  finish_drain();
}

void echo_server::core::drain(std::chrono::milliseconds deadline,
                              detail::handler<void(std::size_t)> handler) {
  drained_.push_back(std::move(handler));
  if (!draining_) cut_before_drain_ = counters_.cut;
  // Connections that the kernel has accepted already were promised service.
  for (door& each : doors_) {
    std::error_code ec;
    while (running_ && !full()) {
      auto arrived = each.entrance.try_accept(ec);
      if (!arrived) break;
      admit(std::move(*arrived));
    }
  }
  draining_ = true;
  for (door& each : doors_) {
    each.pause.cancel();
    each.entrance.close();
  }
  for (const auto& each : session_list(sessions_)) each->drain();
  deadline_.expires_after(deadline);
  deadline_.async_wait([self = shared_from_this()](std::error_code cancelled) {
    if (!cancelled) self->stop();
  });
  finish_drain();
}

void echo_server::core::finish_drain() {
  if (!draining_ || !sessions_.empty()) return;
  deadline_.cancel();
  const auto cut = static_cast<std::size_t>(counters_.cut - cut_before_drain_);
  for (auto& each : std::exchange(drained_, {})) {
    loop_.post([handler = std::move(each), cut]() mutable { handler(cut); });
  }
}

void echo_server::core::stop() {
  running_ = false;
  for (door& each : doors_) {
    each.pause.cancel();
    each.entrance.close();
  }
  for (const auto& each : session_list(sessions_)) each->cut();
}

// echo_server

echo_server::echo_server(loop& owner, const echo_server_options& options)
    : core_(std::make_shared<core>(owner, options)) {}

echo_server::~echo_server() {
  if (core_) core_->stop();
}

endpoint echo_server::listen(const endpoint& at) { return core_->listen(at); }

void echo_server::start() { core_->start(); }

void echo_server::start_drain(std::chrono::milliseconds deadline,
                              detail::handler<void(std::size_t)> handler) {
  core_->drain(deadline, std::move(handler));
}

void echo_server::stop() { core_->stop(); }

const echo_counters& echo_server::counters() const noexcept { return core_->counters(); }

}  // namespace duet::on_posix
