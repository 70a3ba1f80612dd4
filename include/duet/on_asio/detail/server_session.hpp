// SPDX-License-Identifier: MIT
// The members of session that need to know its server.
#pragma once

#include <cstddef>
#include <utility>

#include "duet/error.hpp"
#include "duet/on_asio/detail/server_core.hpp"
#include "duet/on_asio/session.hpp"
#include "duet/os/flow.hpp"
#include "duet/policy/session_end.hpp"

namespace duet::on_asio {

inline session::session(detail::session_setup&& setup)
    : core_(std::move(setup.core)),
      stream_(std::move(setup.connected)),
      watch_(core_->options().limits, detail::server_clock::now(), core_->random()) {
  stream_.set_watch(this);
}

inline session::~session() { stream_.set_watch(nullptr); }

inline endpoint session::peer() const {
  if (details_ && details_->peer) return *details_->peer;
  std::error_code unknown;
  return stream_.remote_endpoint(unknown);
}

inline void session::drain() {
  if (details_ && details_->on_drain) return details_->on_drain();
  finish(close_reason::drain);
}

inline void session::linger() {
  watch_.linger_until(detail::server_clock::now() + core_->options().linger);
  core_->watch(*this);
}

inline void session::finish(close_reason why) {
  if (!open_ || std::exchange(finishing_, true)) return;
  ending_ = why;
  std::error_code ec;
  stream_.shutdown(shutdown_type::send, ec);
  if (ec) return close(close_reason::failed, ec);
  linger();
  stream_.cancel(wait_type::read);
  read_away();
}

inline void session::read_away() {
  std::byte unwanted[4096];
  std::error_code ec;
  for (int most = 16; most > 0; --most) {
    const auto size = stream_.try_read_some(unwanted, ec);
    if (ec) return close(ending_);
    if (!size) break;
  }
  stream_.async_wait(wait_type::read, [self = shared_from_this()](std::error_code failed) {
    if (self->open_) failed ? self->close(self->ending_) : self->read_away();
  });
}

inline void session::close(close_reason why, std::error_code error) {
  if (!std::exchange(open_, false)) return;
  const session_ptr keep = shared_from_this();
  if (details_) details_->on_drain = nullptr;
  stream_.close();
  const bool known = details_ && details_->peer;
  core_->left(*this, known ? *details_->peer : endpoint(), why, error);
}

inline void session::abort(close_reason why, std::error_code error) {
  if (open_) os::reset_on_close(stream_.native_handle());
  close(why, error);
}

inline void session::caught() noexcept {
  using manner = policy::session_end::manner;
  const policy::session_end end = policy::end_by_exception(finishing_);
  if (end.how == manner::finish) finish(end.why);
  if (end.how == manner::abort) abort(end.why, end.error);
}

inline void session::ran_since(std::chrono::steady_clock::time_point began) noexcept {
  core_->state().handler_took(detail::server_clock::now() - began);
}

inline void session::moved(std::size_t bytes) noexcept {
  using detail::server_clock;
  const auto now =
      watch_.wants_time(core_->options().limits) ? server_clock::now() : server_clock::time_point();
  if (watch_.moved(core_->options().limits, bytes, now) && open_) core_->watch(*this);
}

inline void session::has_read(std::size_t bytes) noexcept {
  core_->state().has_read(bytes);
  moved(bytes);
}

inline void session::has_written(std::size_t bytes) noexcept {
  core_->state().has_written(bytes);
  watch_.found_room();
  moved(bytes);
}

inline void session::write_waits() noexcept {
  if (watch_.waits_for_room(core_->options().limits, detail::server_clock::now()) && open_)
    core_->watch(*this);
}

}  // namespace duet::on_asio
