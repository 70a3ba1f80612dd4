// SPDX-License-Identifier: MIT
// session: one connection of a server: its stream, its timeouts, its end. Counterpart: on_posix/session.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "duet/endpoint.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/on_asio/stream.hpp"
#include "duet/os/stream_watch.hpp"
#include "duet/policy/deadline_wheel.hpp"
#include "duet/policy/session_watch.hpp"
#include "duet/server_options.hpp"

namespace duet::on_asio {

class session;
using session_ptr = std::shared_ptr<session>;

namespace detail {

class server_core;

/// What a session is made of; only a server makes one.
struct session_setup {
  std::shared_ptr<server_core> core;
  stream connected;
};

}  // namespace detail

/// One connection of a server. Whoever has something in flight on it holds a session_ptr. @see contract::session for each member.
class session : public std::enable_shared_from_this<session>,
                private os::stream_watch,
                private policy::deadline_wheel::entry {
 public:
  explicit session(detail::session_setup&& setup);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  virtual ~session();

  [[nodiscard]] stream& connection() noexcept { return stream_; }
  [[nodiscard]] endpoint peer() const;
  using executor_type = loop::executor_type;
  [[nodiscard]] executor_type get_executor() const noexcept { return stream_.get_executor(); }
  [[nodiscard]] bool is_open() const noexcept { return open_; }

  void on_drain(std::function<void()> handler) { more().on_drain = std::move(handler); }
  /// `handler` with the session's ownership, and what it throws ends the session alone.
  template <class Handler>
  auto guard(Handler&& handler);

  void finish(close_reason why = close_reason::local);
  void close(close_reason why = close_reason::local, std::error_code error = {});
  void abort(close_reason why = close_reason::local, std::error_code error = {});
  /// Called in a catch block: the end that the exception asks for.
  void caught() noexcept;
  /// Called behind a handler of the session that began then.
  void ran_since(std::chrono::steady_clock::time_point began) noexcept;

 protected:
  /// It is in the server's list now. What this throws ends the session, alone.
  virtual void begin() = 0;
  /// Finish what is in flight. Called once.
  virtual void drain();
  /// The server's last word before it aborts the session: a drain's time is over, or it stops (`local`).
  virtual void cut(close_reason /*why*/) {}
  /// Our side has ended: from now on the peer has so long to end its own.
  void linger();

 private:
  friend class detail::server_core;

  /// What not every session has; thousands of idle ones cost what is left.
  struct details {
    std::function<void()> on_drain;
    std::optional<endpoint> peer;  ///< if anybody asks: the stream may be closed before
  };
  details& more() {
    if (!details_) details_ = std::make_unique<details>();
    return *details_;
  }

  void has_read(std::size_t bytes) noexcept override;
  void has_written(std::size_t bytes) noexcept override;
  void write_waits() noexcept override;
  void moved(std::size_t bytes) noexcept;
  void read_away();

  std::shared_ptr<detail::server_core> core_;
  stream stream_;
  policy::session_watch watch_;
  std::unique_ptr<details> details_;
  std::uint32_t place_ = 0;  ///< in the server's list
  bool open_ = false;
  bool finishing_ = false;
  close_reason ending_ = close_reason::local;
};

/// Makes the session of a connection.
using session_maker = std::function<session_ptr(detail::session_setup&&)>;

template <class Handler>
auto session::guard(Handler&& handler) {
  return [self = shared_from_this(),
          handler = std::forward<Handler>(handler)]<class... Args>(Args&&... args) mutable {
    const auto began = std::chrono::steady_clock::now();
    try {
      handler(std::forward<Args>(args)...);
    } catch (...) {
      self->caught();
    }
    self->ran_since(began);
  };
}

}  // namespace duet::on_asio
