// SPDX-License-Identifier: MIT
// server: listeners under one lifecycle, and a session for each connection: caps, timeouts, draining, counters. What a session says is the
// caller's. Counterpart: on_asio/server.hpp.
#pragma once

#include <chrono>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/on_posix/session.hpp"
#include "duet/server_options.hpp"

namespace duet::on_posix {

/// @see contract::server for each member.
class server {
 public:
  explicit server(loop& owner, const server_options& options = {});
  ~server();
  server(server&&) noexcept = default;
  server& operator=(server&&) = delete;

  endpoint listen(const endpoint& at);
  endpoint listen(os::unique_fd listening);

  /// Begins to serve: `handler`, void(session_ptr), is called for each connection.
  template <class Handler>
  void start(Handler&& handler);
  /// The same with sessions of a class that derives from session.
  void start_with(session_maker make);

  void pause();
  void resume();
  /// Completes with the peers that had to be aborted: void(std::vector<endpoint>).
  template <class Handler>
  void drain(std::chrono::milliseconds deadline, Handler&& handler) {
    start_drain(deadline,
                detail::handler<void(std::vector<endpoint>)>(std::forward<Handler>(handler)));
  }
  void stop();
  [[nodiscard]] const server_counters& counters() const noexcept;

 private:
  void start_drain(std::chrono::milliseconds deadline,
                   detail::handler<void(std::vector<endpoint>)> handler);
  std::shared_ptr<detail::server_core> core_;
};

namespace detail {

/// A session whose beginning is a function.
template <class Handler>
class handled_session final : public session {
 public:
  handled_session(session_setup&& setup, std::shared_ptr<Handler> handler)
      : session(std::move(setup)), handler_(std::move(handler)) {}

 private:
  void begin() override { (*handler_)(session_ptr(shared_from_this())); }
  std::shared_ptr<Handler> handler_;
};

}  // namespace detail

template <class Handler>
void server::start(Handler&& handler) {
  using stored = std::decay_t<Handler>;
  start_with([handler = std::make_shared<stored>(std::forward<Handler>(handler))](
                 detail::session_setup&& setup) -> session_ptr {
    return std::make_shared<detail::handled_session<stored>>(std::move(setup), handler);
  });
}

}  // namespace duet::on_posix
