// SPDX-License-Identifier: MIT
// The observer: where duet tells what it does. A library writes to no stream, so whoever wants a
// trace or a log derives from `observer` and prints; the base class is silent. Values and one
// interface, no I/O.
#pragma once

#include <string_view>
#include <system_error>

namespace duet {

class endpoint;

/// One system call of a flow, as it happened: `socket AF_INET SOCK_STREAM 0 (tcp) -> 5`. What duet
/// cannot see (the calls inside Asio's reactor, say) is not reported.
/// Lifetime: the views are valid during observer::on_step only; copy what is kept.
struct flow_step {
  /// The call's name, "socket".
  std::string_view call;
  /// Its arguments as a person reads them, with the actual values: "AF_INET SOCK_STREAM 0 (tcp)".
  std::string_view arguments;
  /// What the call returned; -1 when it failed.
  long result = 0;
  /// Why it failed; unset when it did not.
  std::error_code error;
  /// The Asio call that stands for this step ("acceptor.assign"); empty on the POSIX column.
  std::string_view asio;
  /// What came of it, where the number does not say it: of waitpid "exited 0". Else empty.
  std::string_view outcome{};
};

/// Receives the steps of flows and the events of long-running parts.
/// Lifetime: an observer outlives whatever it was given to; nothing here owns one.
/// Threads: called on the thread that runs the observed object, from within its operations; a
/// function that blocks, blocks the loop. Functions may throw nothing: an exception here ends in
/// the loop's caller.
class observer {
 public:
  observer() = default;
  observer(const observer&) = default;
  observer& operator=(const observer&) = default;
  virtual ~observer() = default;

  /// Whether steps are of use: putting one into words costs more than many a call it tells of. Asked when the observer is given to
  /// something. Default: yes.
  virtual bool wants_steps() const noexcept { return true; }

  /// A system call was made. Default: does nothing.
  virtual void on_step(const flow_step& /*step*/) {}

  /// Something happened that is no single call: "accepted", "paused", "shed". `where` is the
  /// endpoint that it concerns or null, `error` its cause or unset. Default: does nothing.
  virtual void on_event(std::string_view /*event*/, const endpoint* /*where*/,
                        std::error_code /*error*/) {}
};

/// `watcher` if it wants steps, else nullptr.
inline observer* observer_of_steps(observer* watcher) noexcept {
  return watcher != nullptr && watcher->wants_steps() ? watcher : nullptr;
}

}  // namespace duet
