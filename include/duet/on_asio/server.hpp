// SPDX-License-Identifier: MIT
// server: listeners under one lifecycle, and a session for each connection: caps, timeouts, draining, counters. What a session says is the
// caller's. Counterpart: on_posix/server.hpp.
#pragma once

#include <asio/async_result.hpp>
#include <asio/co_spawn.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/on_asio/detail/any_handler.hpp"
#include "duet/on_asio/detail/server_core.hpp"
#include "duet/on_asio/detail/server_session.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/on_asio/session.hpp"
#include "duet/server_options.hpp"

namespace duet::on_asio {

/// @see contract::server for each member.
class server {
 public:
  explicit server(loop& owner, const server_options& options = {})
      : core_(std::make_shared<detail::server_core>(owner, options)) {}
  ~server() {
    if (core_) core_->stop();
  }
  server(server&&) noexcept = default;
  server& operator=(server&&) = delete;

  endpoint listen(const endpoint& at) { return core_->listen(at); }
  endpoint listen(os::unique_fd listening) { return core_->listen(std::move(listening)); }

  /// Begins to serve: `handler`, void(session_ptr), is called for each connection. It may be a coroutine, asio::awaitable<void>(session_ptr):
  /// then the session ends with it.
  template <class Handler>
  void start(Handler&& handler);
  /// The same with sessions of a class that derives from session.
  void start_with(session_maker make) { core_->start(std::move(make)); }

  void pause() { core_->pause(); }
  void resume() { core_->resume(); }
  /// Completes with the peers that had to be aborted. Takes any completion token for void(std::vector<endpoint>).
  template <asio::completion_token_for<void(std::vector<endpoint>)> Token>
  auto drain(std::chrono::milliseconds deadline, Token&& token) {
    return asio::async_initiate<Token, void(std::vector<endpoint>)>(
        [core = core_](auto handler, std::chrono::milliseconds within) {
          core->drain(within, detail::any_handler<std::vector<endpoint>>(std::move(handler),
                                                                         core->executor()));
        },
        token, deadline);
  }
  void stop() { core_->stop(); }
  [[nodiscard]] const server_counters& counters() const noexcept { return core_->counters(); }

 private:
  std::shared_ptr<detail::server_core> core_;
};

namespace detail {

/// A session whose beginning is a function or a coroutine.
template <class Handler>
class handled_session final : public session {
 public:
  handled_session(session_setup&& setup, std::shared_ptr<Handler> handler)
      : session(std::move(setup)), handler_(std::move(handler)) {}

 private:
  void begin() override {
    session_ptr self = shared_from_this();
    if constexpr (std::is_void_v<std::invoke_result_t<Handler&, session_ptr>>) {
      (*handler_)(std::move(self));
    } else {
#if defined(ASIO_HAS_CO_AWAIT)
      asio::co_spawn(get_executor(), (*handler_)(self),
                     self->guard([self](const std::exception_ptr& thrown) {
                       if (thrown) std::rethrow_exception(thrown);
                       self->finish();
                     }));
#endif
    }
  }
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

}  // namespace duet::on_asio
