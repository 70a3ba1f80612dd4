// SPDX-License-Identifier: MIT
// fork_desk: what a server that makes a process for each connection does beside its sockets: waits for the next client whom it may take, makes
// the child, takes in those that have ended, counts and tells. When it accepts is policy/fork_door's decision.
// Source: fork(2), poll(2).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/fork_options.hpp"
#include "duet/os/children.hpp"
#include "duet/os/flow.hpp"
#include "duet/policy/fork_door.hpp"

namespace duet::os {

/// What there is to do next.
struct fork_turn {
  enum class kind { client, nothing, stop };
  kind what;
  std::size_t listener = 0;  ///< of a client
};

class fork_desk {
 public:
  explicit fork_desk(const fork_options& options);

  /// Makes accepting from it return when nobody is there, for poll(2) may be wrong about that. Throws std::system_error.
  static void prepare_listener(int fd);

  /// Waits for a client at one of these, in turns; for a child's end, or a signal: `nothing`, and asked again; or until `stop` (or -1) is readable.
  fork_turn wait(std::span<const int> listeners, int stop);

  /// Whether one more may be taken from this listener right now, and somebody is there.
  [[nodiscard]] bool somebody_waits(int listener) const;

  /// Judges an error of accept. Throws std::system_error for one that ends the listener.
  void accept_failed(std::error_code ec);

  /// Throws std::system_error with operation_not_permitted if this process has more than one thread: a child would find locked for ever what
  /// others had locked.
  static void check_alone();

  /// A child for this connection. Its pid; 0 in the child; -1: there was none to be had, and the client will be reset when its connection is
  /// closed.
  pid_t start(int connection, flow& steps, std::string_view asio = {});

  /// Asks the children to end, and waits for it until `deadline` or until `stop` (or -1) is readable; then they are killed. Returns how many
  /// had to be.
  std::size_t end_all(std::chrono::steady_clock::time_point deadline, int stop);
  /// Kills them. Returns how many.
  std::size_t kill_all();

  [[nodiscard]] const fork_options& options() const noexcept { return options_; }
  [[nodiscard]] const fork_counters& counters() const noexcept { return counters_; }

 private:
  using clock = std::chrono::steady_clock;

  [[nodiscard]] int patience(clock::time_point now) const;
  void reap();
  void ended(const std::optional<endpoint>& client, const wait_status& how);
  void tell(std::string_view event, const std::optional<endpoint>& client,
            std::error_code ec) const;

  fork_options options_;
  policy::fork_door door_;
  children children_;
  fork_counters counters_;
  std::size_t next_ = 0;
};

/// What a child calls first: closes what is not its own. `connection` and options.kept_descriptors stay.
void keep_only(int connection, const fork_options& options);

}  // namespace duet::os
