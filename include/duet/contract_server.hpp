// SPDX-License-Identifier: MIT
// The contract of servers: what both columns promise of them, once. What holds for every operation is in contract.hpp, which includes this.
// docs/contract.md is its readable form.
#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <system_error>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/server_options.hpp"

namespace duet::contract {

struct on_survivors {
  void operator()(const std::vector<endpoint>&) const {}
};

/// One connection of a server. It is open until it is closed by either side's doing or by a limit; handlers may hold it longer.
/// * connection(): the stream, to read from and write to as one likes. What moves on it is what limits and counters know.
/// * peer(): who is at the other end; an endpoint without an address once that cannot be known any more.
/// * finish(why): gracefully: what was written goes out, our side ends, what the peer still sends is read away, for closing over unread input
///   resets the connection (RFC 2525, 2.17), until it ends its side or server_options::linger is over. A read in flight is cancelled.
/// * close(why, error): at once; what the kernel holds still goes out, unless input was unread. abort(why, error): with a reset.
/// * on_drain(f): called once when the server drains; f finishes what is in flight and calls finish() or close(). Without it: finish().
/// * guard(handler): the same handler, which holds the session, and whose exception ends it: an end of stream finishes it, another
///   std::system_error aborts it as `failed`, anything else as `thrown`. Nobody else is concerned.
template <class Session, class Stream>
concept session = requires(Session& it, const Session& fixed, std::error_code why) {
  { it.connection() } -> std::same_as<Stream&>;
  { fixed.peer() } -> std::same_as<endpoint>;
  { fixed.is_open() } -> std::same_as<bool>;
  it.on_drain(std::function<void()>());
  it.guard([](std::error_code) {})(why);
  it.finish();
  it.finish(close_reason::end_of_stream);
  it.close();
  it.close(close_reason::failed, why);
  it.abort();
  it.abort(close_reason::limit, why);
};

/// Listeners and sessions under one lifecycle.
/// * listen(endpoint) may be called several times, before and after start(), and returns what was bound; it throws as listener::listen.
///   listen(descriptor): the same of one that listens already, as listener::assign.
/// * start(handler): void(session_ptr) is called for each connection that the caps admit. What it throws is judged as by guard().
/// * An error of accept is passed over, waited out or ends that listener, as accept_policy says. Without descriptors one client is told by a
///   reset, accepting pauses, and goes on as soon as a session has gone or the pause is over; sessions are not disturbed.
/// * A limit (session_limits) strikes never early and at most server_options::tick late; renewing it makes no system call. It aborts.
/// * pause(): accepts nothing until resume(), not at a drain either; connections wait in the kernel's backlog, or go to others that share
///   the listener.
/// * drain(deadline, handler): takes in what the kernel has accepted (socket_options::backlog connections at most), stops listening, tells each session. void(std::vector<endpoint>) is
///   called when all are gone, with the peers of those that had to be aborted at the deadline.
/// * stop(), destruction: at once; sessions are aborted.
template <class Server, class Loop, class SessionPointer>
concept server = std::constructible_from<Server, Loop&, const server_options&> &&
                 requires(Server& it, const Server& fixed, const endpoint& at) {
                   { it.listen(at) } -> std::same_as<endpoint>;
                   it.start([](const SessionPointer&) {});
                   it.pause();
                   it.resume();
                   it.drain(std::chrono::milliseconds(1), on_survivors());
                   it.stop();
                   { fixed.counters() } -> std::same_as<const server_counters&>;
                 };

}  // namespace duet::contract
