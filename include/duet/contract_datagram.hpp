// SPDX-License-Identifier: MIT
// The contract of datagrams: what both columns promise of them, once. What holds for every operation is in contract.hpp, which includes this.
// docs/contract.md is its readable form.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <system_error>

#include "duet/datagram_echo_options.hpp"
#include "duet/datagram_options.hpp"
#include "duet/datagram_types.hpp"
#include "duet/detail/contract_handlers.hpp"
#include "duet/endpoint.hpp"
#include "duet/observer.hpp"
#include "duet/stream_types.hpp"

namespace duet::contract {

/// A datagram socket, UDP or UNIX: unbound, bound, connected.
/// * open(like, options): socket and options, of that endpoint's family. bind(at, options): that, and bind; the error names the step that
///   failed and the endpoint. An empty UNIX path lets the kernel choose an abstract name. A UNIX socket without an address cannot be answered.
/// * connect(to): from then on to that peer and from no other; again: to another. Opens a closed socket.
/// * async_receive_from(to, about): one datagram, whole or not, zero bytes too; how many were stored, and in `about` everything known of it. A
///   truncated one is told by about.truncated(), and no error. async_receive(to): the same without `about`; a truncated one is message_size.
/// * An error of receiving is an earlier send's and told once (connection_refused, of a connected socket); the next receive goes on. Only
///   bad_file_descriptor is for good.
/// * async_send_to(from, route or endpoint), async_send(from): one datagram handed to the kernel, or as many as the segment size makes of
///   it. What the kernel says of an earlier one is passed over: the call is made again once. message_size: too long. SIGPIPE is never raised.
/// * A full queue is waited for; but a UNIX peer's that the socket is not connected to is resource_unavailable_try_again, because no readiness
///   tells when it has room.
/// * async_receive_batch(batch): at least one, as many as are there and fit; how many. async_send_batch(batch): all of them; how many were
///   sent. One that cannot be is counted, and no error. A batch is used again and again, and allocates nothing; it stays where it is until
///   the handler is called.
/// * try_: never block, call no handler; nullopt is "would block", of a batch to send "not all".
/// * async_wait: the next try_ in that direction will not say "would block".
/// * join, leave: groups, of any source or one. It hears its own groups only, unless multicast_all says otherwise.
/// * counters(): since it was opened. cancel(direction), cancel(), close(), release(), assign: as a stream's; close removes a UNIX socket's
///   file if it is still the one made here, release leaves it.
template <class Socket, class Loop, class Incoming, class Outgoing>
concept datagram_socket =
    std::constructible_from<Socket, Loop&> && std::movable<Socket> && !std::copyable<Socket> &&
    requires(Socket& it, const Socket& fixed, const endpoint& at, const datagram_options& options,
             const datagram_route& by, const multicast_group& group, std::span<std::byte> to,
             std::span<const std::byte> from, datagram_info& about, Incoming& incoming,
             Outgoing& outgoing, std::error_code& ec) {
      it.open(at);
      it.open(at, options, static_cast<observer*>(nullptr));
      it.open(at, options, ec);
      it.bind(at);
      it.bind(at, options, static_cast<observer*>(nullptr));
      it.bind(at, options, ec);
      it.connect(at);
      it.connect(at, ec);
      it.assign(it.release());
      it.assign(it.release(), options);
      { fixed.is_open() } -> std::same_as<bool>;
      { fixed.native_handle() } -> std::same_as<int>;
      { fixed.local_endpoint(ec) } -> std::same_as<endpoint>;
      { fixed.local_endpoint() } -> std::same_as<endpoint>;
      { fixed.remote_endpoint(ec) } -> std::same_as<endpoint>;
      { fixed.remote_endpoint() } -> std::same_as<endpoint>;
      it.join(group);
      it.join(group, ec);
      it.leave(group);
      it.leave(group, ec);
      it.async_receive_from(to, about, on_bytes());
      it.async_receive(to, on_bytes());
      it.async_send_to(from, by, on_bytes());
      it.async_send_to(from, at, on_bytes());
      it.async_send(from, on_bytes());
      it.async_receive_batch(incoming, on_bytes());
      it.async_send_batch(outgoing, on_bytes());
      it.async_wait(wait_type::read, on_done());
      { it.try_receive_from(to, about, ec) } -> std::same_as<std::optional<std::size_t>>;
      { it.try_receive(to, ec) } -> std::same_as<std::optional<std::size_t>>;
      { it.try_send_to(from, by, ec) } -> std::same_as<std::optional<std::size_t>>;
      { it.try_send_to(from, at, ec) } -> std::same_as<std::optional<std::size_t>>;
      { it.try_send(from, ec) } -> std::same_as<std::optional<std::size_t>>;
      { it.try_receive_batch(incoming, ec) } -> std::same_as<std::optional<std::size_t>>;
      { it.try_send_batch(outgoing, ec) } -> std::same_as<std::optional<std::size_t>>;
      { fixed.counters() } -> std::same_as<const datagram_counters&>;
      it.cancel();
      it.cancel(wait_type::read);
      it.close();
      it.set_observer(static_cast<observer*>(nullptr));
    };

/// What one call receives. info(i) is in words, the rest costs nothing. Memory is taken once, when it is made.
template <class Batch>
concept incoming_batch =
    std::constructible_from<Batch, const datagram_options&> && std::movable<Batch> &&
    requires(Batch& it, const Batch& fixed, std::size_t which) {
      { fixed.capacity() } -> std::same_as<std::size_t>;
      { fixed.size() } -> std::same_as<std::size_t>;
      { it.bytes(which) } -> std::same_as<std::span<std::byte>>;
      { fixed.whole_bytes(which) } -> std::same_as<std::size_t>;
      { fixed.truncated(which) } -> std::same_as<bool>;
      { fixed.segments(which) } -> std::same_as<std::size_t>;
      { fixed.info(which) } -> std::same_as<datagram_info>;
    };

/// What one call sends. It owns the routes and not the bytes. add_reply answers a received one from the address that it asked.
template <class Batch, class Incoming>
concept outgoing_batch =
    std::constructible_from<Batch, const datagram_options&> && std::movable<Batch> &&
    requires(Batch& it, const Batch& fixed, std::span<const std::byte> bytes,
             const datagram_route& by, const Incoming& received, std::error_code& ec) {
      it.clear();
      it.add(bytes);
      it.add(bytes, by);
      it.add(bytes, by, ec);
      { it.add_reply(bytes, received, std::size_t{0}) } -> std::same_as<bool>;
      { fixed.capacity() } -> std::same_as<std::size_t>;
      { fixed.size() } -> std::same_as<std::size_t>;
      { fixed.full() } -> std::same_as<bool>;
      { fixed.sent() } -> std::same_as<std::size_t>;
      { fixed.dropped() } -> std::same_as<std::size_t>;
    };

/// The echo service of RFC 862 over datagrams.
/// * listen(endpoint) may be called several times and returns what was bound; start() begins to answer. listen(descriptor): the same of one
///   that is bound already; other processes may have it too.
/// * Every datagram goes back to its sender, whole, empty ones too, from the address that it was sent to. Not answered and counted instead:
///   one that was truncated, sent to a group or broadcast, or by a sender without a name; and, by the loop guard, from a suspect
///   port or too often.
/// * A reply that the kernel does not take is counted, and the server goes on. Nothing but stop() ends it.
/// * stop(): at once.
template <class Server, class Loop>
concept datagram_echo_server =
    std::constructible_from<Server, Loop&, const datagram_echo_options&> &&
    requires(Server& it, const Server& fixed, const endpoint& at) {
      { it.listen(at) } -> std::same_as<endpoint>;
      it.start();
      it.stop();
      { fixed.counters() } -> std::same_as<const datagram_echo_counters&>;
    };

struct on_replies {
  void operator()(std::error_code, const reply_counts&) {}
};

/// Sends numbered datagrams with a checksum to one peer, and keeps books of what comes back.
/// * async_run(to, handler): to a numeric endpoint of datagrams. The socket is connected, so that strangers are not heard; of UNIX it has an
///   abstract name, so that it can be answered. void(std::error_code, reply_counts) is called when options.count have been sent and each is
///   answered or lost. Meanwhile options.told is called for each result.
/// * An error of one datagram loses that one, or leaves it unsent, and the run goes on: also when nobody is there, and when a UNIX peer comes
///   back at its path. What receiving tells (connection_refused) counts against the first that is waited for, at once.
/// * Errors: bad_file_descriptor; what making the socket says; before anything was made invalid_argument (options out of their range) and
///   condition::bad_endpoint.
/// * cancel(), and the client's end: operation_canceled, with what was counted so far. A second run meanwhile: operation_in_progress.
/// * progress(): of the run in progress, else of the last one. No allocation a datagram with interval 0, once the memory of numbers
///   (65 536 at most) has grown; one timer.
template <class Client, class Loop>
concept datagram_echo_client =
    std::constructible_from<Client, Loop&, const datagram_echo_client_options&> &&
    requires(Client& it, const Client& fixed, const endpoint& to) {
      it.async_run(to, on_replies());
      it.cancel();
      { fixed.progress() } -> std::same_as<const reply_counts&>;
    };

/// The documented flows of datagrams, each function the call of its name, made once. recvfrom cuts a datagram that is longer than the
/// buffer without a word, as recvfrom(2) does. bind_datagram(at) makes a server's socket, open_datagram(to) a client's: of UNIX with an
/// abstract name, so that it can be answered.
template <class Socket>
concept blocking_datagram_socket =
    std::default_initializable<Socket> && std::movable<Socket> &&
    requires(Socket& it, const Socket& fixed, std::span<std::byte> to,
             std::span<const std::byte> from, endpoint& peer, const endpoint& at,
             std::error_code& ec) {
      { fixed.is_open() } -> std::same_as<bool>;
      { fixed.native_handle() } -> std::same_as<int>;
      { fixed.local_endpoint() } -> std::same_as<endpoint>;
      { it.recvfrom(to, peer) } -> std::same_as<std::size_t>;
      { it.recvfrom(to, peer, 0) } -> std::same_as<std::size_t>;
      { it.recvfrom(to, peer, 0, ec) } -> std::same_as<std::size_t>;
      { it.sendto(from, at) } -> std::same_as<std::size_t>;
      { it.sendto(from, at, 0) } -> std::same_as<std::size_t>;
      { it.sendto(from, at, 0, ec) } -> std::same_as<std::size_t>;
      it.close();
    };

}  // namespace duet::contract
