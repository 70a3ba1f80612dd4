// SPDX-License-Identifier: MIT
// server_core: what a server of the POSIX column, its listeners and its sessions share.
#pragma once

#include <chrono>
#include <deque>
#include <list>
#include <memory>
#include <random>
#include <string_view>
#include <system_error>
#include <vector>

#include "duet/on_posix/listener.hpp"
#include "duet/on_posix/server.hpp"
#include "duet/os/reserve_descriptor.hpp"
#include "duet/policy/accept_policy.hpp"
#include "duet/policy/deadline_wheel.hpp"
#include "duet/policy/server_state.hpp"

namespace duet::on_posix {
namespace detail {
using server_clock = std::chrono::steady_clock;

/// What server, listeners and sessions share; lives until the last of their handlers has been called.
class server_core : public std::enable_shared_from_this<server_core> {
 public:
  server_core(loop& owner, const server_options& options)
      : options_(options),
        state_(options),
        loop_(owner),
        wheel_(server_clock::now(), options.tick),
        ticks_(owner),
        deadline_(owner) {}

  endpoint listen(const endpoint& at);
  endpoint listen(os::unique_fd listening);
  void start(session_maker make);
  void pause();
  void resume();
  void drain(std::chrono::milliseconds deadline, handler<void(std::vector<endpoint>)> handler);
  void stop();

  // For sessions.
  [[nodiscard]] const server_options& options() const noexcept { return options_; }
  [[nodiscard]] policy::server_state& state() noexcept { return state_; }
  [[nodiscard]] const server_counters& counters() const noexcept { return state_.counters(); }
  [[nodiscard]] double random() { return std::uniform_real_distribution<double>()(random_); }
  void watch(session& it) noexcept;
  void left(session& it, const endpoint& peer, close_reason why, std::error_code error);
  /// Calls what the session does, and notes how long that held the loop. What it throws is the session's end.
  void run(session& of, void (session::*what)()) noexcept;

 private:
  /// One listener with what its accept loop remembers.
  struct door {
    explicit door(loop& owner) : entrance(owner), pause(owner) {}
    listener entrance;
    timer pause;
    policy::accept_policy policy;
    bool accepting = false;
    bool pausing = false;
  };

  void accept(door& at);
  void accept_at_all();
  void accepted(door& at, std::error_code ec, stream arrived);
  void accept_failed(door& at, std::error_code ec);
  void admit(stream arrived);
  void refuse(stream& arrived, std::string_view why, const endpoint& peer);
  void arm() noexcept;
  void tick();
  void close_doors();
  void cut_all(std::vector<endpoint>& survivors);
  void finish_drain();
  void event(std::string_view what, const endpoint* where, std::error_code error) const {
    if (options_.watcher != nullptr) options_.watcher->on_event(what, where, error);
  }
  [[nodiscard]] endpoint peer_of(const stream& arrived) const {
    std::error_code unknown;
    return state_.wants_peers() ? arrived.remote_endpoint(unknown) : endpoint();
  }

  server_options options_;
  policy::server_state state_;
  loop& loop_;
  session_maker make_;
  std::list<door> doors_;
  std::deque<session_ptr> sessions_;  ///< each knows its place
  os::reserve_descriptor reserve_;
  std::minstd_rand random_{std::random_device{}()};
  policy::deadline_wheel wheel_;
  timer ticks_;
  timer deadline_;
  std::vector<endpoint> survivors_;
  std::vector<handler<void(std::vector<endpoint>)>> drained_;
};

}  // namespace detail
}  // namespace duet::on_posix
