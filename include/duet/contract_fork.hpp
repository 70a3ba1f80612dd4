// SPDX-License-Identifier: MIT
// The contract of servers that make a process for each connection: what both columns promise of them, once. What holds for every operation is
// in contract.hpp, which includes this. docs/contract.md is its readable form.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>

#include "duet/endpoint.hpp"
#include "duet/fork_options.hpp"

namespace duet::contract {

/// The classic server: accept, fork, and the child serves that connection alone.
/// * The handler, int(Connection&), runs in the child; what it returns is the child's exit status, 1 if it throws. The child leaves with _exit:
///   no destructor of the parent's objects runs in it, and no other code of the parent's.
/// * In the child signals that the parent handles have their default effect, and those that it ignores stay ignored; none is blocked but
///   fork_options::blocked_signals. It has descriptors 0, 1 and 2, its connection and fork_options::kept_descriptors, no others.
/// * listen(endpoint) may be called several times, and returns what was bound; it throws as the blocking flow does.
/// * run_one(stop) waits for one thing: a client, who gets a child; a child's end; a signal. False: `stop` is readable. run(stop) does so until
///   then. Of several listeners each has its turn.
/// * A child that has ended is reaped at the next call; no zombie is left, and no other child of the program is waited for. SIGCHLD is not touched.
/// * With max_children children nobody is accepted; clients wait in the backlog. Without a process for a client it is reset and accepting
///   pauses, as for other things that run out (accept_policy), but no longer than until a child has ended. Those that are served go on.
/// * operation_not_permitted is thrown when this process has other threads at that moment, a lookup pool's or a resolver's say: a child of it
///   would inherit their locks.
/// * drain(deadline, stop): takes in what the kernel has accepted, closes the listeners, sends the children end_signal, and waits until they are
///   gone. Those that are not at the deadline, or when `stop` is readable, are killed; returns how many.
/// * stop(), destruction: at once; children are killed and reaped. If the parent ends otherwise, the kernel sends end_signal to the children.
template <class Server, class Connection>
concept fork_server =
    std::constructible_from<Server, std::function<int(Connection&)>, const fork_options&> &&
    requires(Server& it, const Server& fixed, const endpoint& at) {
      { it.listen(at) } -> std::same_as<endpoint>;
      it.run(-1);
      { it.run_one(-1) } -> std::same_as<bool>;
      { it.drain(std::chrono::milliseconds(1), -1) } -> std::same_as<std::size_t>;
      it.stop();
      { fixed.counters() } -> std::same_as<const fork_counters&>;
    };

}  // namespace duet::contract
