// SPDX-License-Identifier: MIT
// The contract: what both columns promise, once, as concepts with the normative text of each operation. A column's own documentation
// says only where it differs ("Parity"); tests/conformance proves the rest on every column. docs/contract.md is its readable form.
//
// For every asynchronous operation:
// * The handler is called exactly once, by a thread that runs the loop, never from inside the initiating function. If the loop is
//   destroyed first, the handler is destroyed uncalled.
// * cancel() and close() make operations in flight complete with condition::operation_canceled, unless their result is known
//   already: then the result wins.
// * Memory that an operation was given stays valid until its handler is called. The object may be moved meanwhile, and destroyed: that
//   is a close().
// * Objects belong to one thread, or one strand, at a time. loop::post and loop::stop may be called from any.
// * Errors: system errors as they are, in the system's or in Asio's category, both of which duet::is(ec, std::errc) knows; else codes that
//   equal a duet::condition. A function without an
//   std::error_code argument throws std::system_error where its twin with one reports.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "duet/address.hpp"
#include "duet/connect_options.hpp"
#include "duet/connect_report.hpp"
#include "duet/contract_client.hpp"
#include "duet/contract_datagram.hpp"
#include "duet/contract_fork.hpp"
#include "duet/contract_frame.hpp"
#include "duet/contract_relay.hpp"
#include "duet/contract_sender.hpp"
#include "duet/contract_server.hpp"
#include "duet/detail/contract_handlers.hpp"
#include "duet/echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/observer.hpp"
#include "duet/peer_credentials.hpp"
#include "duet/resolve_options.hpp"
#include "duet/resolve_result.hpp"
#include "duet/socket_options.hpp"
#include "duet/stream_types.hpp"

namespace duet::contract {

/// Handlers of the other completion signatures.
template <class Stream>
struct on_stream {
  void operator()(std::error_code, Stream) {}
};
struct on_count {
  void operator()(std::size_t) {}
};
struct on_names {
  void operator()(std::error_code, const resolve_result&) {}
};
struct on_report {
  void operator()(std::error_code, const connect_report&) {}
};
struct on_result {
  void operator()(std::error_code, echo_result) {}
};

/// Where handlers are called.
/// * run(): calls handlers until no work is left or stop() is called. Work is every operation in flight, every posted function, every
///   timer waited for. It returns how many were called, and leaves the loop stopped(): restart() before running again.
/// * run_for(d): the same, for at most d. run_one(), run_one_for(d): returns after at least one. poll(): never waits.
/// * post(f): f() is called by the loop, after everything posted before it by the same thread. Any thread.
/// * stop(): run() returns as soon as the handler it is in has returned; what is due stays due. Any thread.
/// * An exception of a handler comes out of run(), and the loop can be run again.
template <class Loop>
concept loop = std::default_initializable<Loop> &&
               requires(Loop& it, std::chrono::milliseconds duration, void (*function)()) {
                 { it.run() } -> std::same_as<std::size_t>;
                 { it.run_for(duration) } -> std::same_as<std::size_t>;
                 { it.run_one() } -> std::same_as<std::size_t>;
                 { it.run_one_for(duration) } -> std::same_as<std::size_t>;
                 { it.poll() } -> std::same_as<std::size_t>;
                 it.stop();
                 { it.stopped() } -> std::same_as<bool>;
                 it.restart();
                 it.post(function);
               };

/// One deadline on the steady clock. async_wait completes with void(std::error_code), at the deadline or later, never before.
/// expires_after(d) cancels a wait in flight; a duration beyond the clock's range never ends.
template <class Timer, class Loop>
concept timer = std::constructible_from<Timer, Loop&> && std::movable<Timer> &&
                requires(Timer& it, std::chrono::nanoseconds duration) {
                  it.expires_after(duration);
                  it.async_wait(on_done());
                  it.cancel();
                };

/// Signals the application asked for. async_wait completes with void(std::error_code, int) once one of them was delivered to the
/// process; one that came before the wait is not lost. Dispositions are put back when the set goes.
template <class Set, class Loop>
concept signal_set =
    std::constructible_from<Set, Loop&, std::initializer_list<int>> && requires(Set& it) {
      it.async_wait(on_signal());
      it.cancel();
    };

/// Readiness of a descriptor that is somebody else's. Its flags stay as they are, and it is never closed. Files that cannot block are
/// always ready.
template <class Descriptor, class Loop>
concept descriptor = std::constructible_from<Descriptor, Loop&, int> && requires(Descriptor& it) {
  it.async_wait(wait_type::read, on_done());
  it.cancel();
};

/// A connected byte stream, TCP or UNIX.
/// * async_read_some: at least one byte, at most the buffer; condition::end_of_stream once the peer has ended and everything
///   before was read, again and again. An empty buffer completes at once with 0.
/// * async_write_some: at least one byte handed to the kernel. async_write: all of them, or an error and how many before it.
///   SIGPIPE is never raised.
/// * async_wait: the next try_ in that direction will not say "would block"; it may say end_of_stream or an error.
/// * try_read_some, try_write_some: never block, call no handler; nullopt is "would block", 0 with an error is the error. try_write_pieces:
///   several pieces one after another in one call, os::max_pieces of them at most.
/// * shutdown(send): the peer reads end_of_stream after what was written before. Reading goes on.
/// * cancel(direction): the operation in flight in that direction, and not the other.
/// * close(): cancels, and closes the descriptor. Bytes that were written and not read by the peer are still delivered, unless unread
///   input or the linger option makes the kernel reset the connection.
/// * remote_endpoint() of an accepted stream is what accept said, also after the peer has gone.
/// * peer_credentials, try_send_descriptors, try_receive_descriptors: of UNIX streams; others say operation_not_supported, or carry no
///   descriptor. try_send_descriptors sends one byte at least, with all the descriptors. What was received is close-on-exec;
///   descriptors that an ordinary read passes over are closed by the kernel. Waiting is async_wait's.
/// * assign takes over a descriptor, release gives it up after cancelling.
template <class Stream, class Loop>
concept stream =
    std::constructible_from<Stream, Loop&> && std::movable<Stream> && !std::copyable<Stream> &&
    requires(Stream& it, const Stream& fixed, std::span<std::byte> to,
             std::span<const std::byte> from, std::span<const std::span<const std::byte>> pieces,
             std::error_code& ec) {
      { fixed.is_open() } -> std::same_as<bool>;
      { fixed.native_handle() } -> std::same_as<int>;
      { fixed.local_endpoint(ec) } -> std::same_as<endpoint>;
      { fixed.local_endpoint() } -> std::same_as<endpoint>;
      { fixed.remote_endpoint(ec) } -> std::same_as<endpoint>;
      { fixed.remote_endpoint() } -> std::same_as<endpoint>;
      it.assign(it.release());
      it.async_read_some(to, on_bytes());
      it.async_write_some(from, on_bytes());
      it.async_write(from, on_bytes());
      it.async_wait(wait_type::read, on_done());
      { it.try_read_some(to, ec) } -> std::same_as<std::optional<std::size_t>>;
      { it.try_write_some(from, ec) } -> std::same_as<std::optional<std::size_t>>;
      { it.try_write_pieces(pieces, ec) } -> std::same_as<std::optional<std::size_t>>;
      { fixed.peer_credentials() } -> std::same_as<peer_credentials>;
      { fixed.peer_credentials(ec) } -> std::same_as<peer_credentials>;
      {
        it.try_send_descriptors(from, std::span<const int>(), ec)
      } -> std::same_as<std::optional<std::size_t>>;
      it.shutdown(shutdown_type::send);
      it.shutdown(shutdown_type::send, ec);
      it.cancel();
      it.cancel(wait_type::read);
      it.close();
      it.set_observer(static_cast<observer*>(nullptr));
    };

/// A listening socket, TCP or UNIX.
/// * listen(endpoint, options): socket, options, bind, listen; the error names the step that failed and the endpoint. Port 0 is
///   replaced by the kernel's choice in local_endpoint(). `tcp://*:P` takes IPv4 and IPv6, `[::]` IPv6 only.
/// * assign(descriptor, options, observer): takes over a descriptor that listens already, a parent's or a service manager's, and makes it
///   non-blocking. Other processes may have it too: what one accepts, the others do not get, and close() ends only this one's part.
///   Throws: not_a_socket; invalid_argument of what is no listening stream socket.
/// * async_accept completes with void(std::error_code, Stream): a connection with its peer's address, close-on-exec, non-blocking.
///   Connections that are gone before they are accepted are passed over; want of descriptors or memory is reported.
///   An option that cannot be set is reported with the connection that it was for, open.
/// * try_accept: one that is queued already; nullopt without an error is "none".
/// * close(): cancels, closes, and removes a UNIX socket's file if it is still the one made here.
template <class Listener, class Loop, class Stream>
concept listener =
    std::constructible_from<Listener, Loop&> && std::movable<Listener> &&
    requires(Listener& it, const Listener& fixed, const endpoint& at, const socket_options& options,
             std::error_code& ec) {
      it.listen(at);
      it.listen(at, options, static_cast<observer*>(nullptr));
      it.listen(at, options, ec);
      it.assign(std::declval<Stream&>().release(), options, static_cast<observer*>(nullptr));
      { fixed.is_open() } -> std::same_as<bool>;
      { fixed.native_handle() } -> std::same_as<int>;
      { fixed.local_endpoint(ec) } -> std::same_as<endpoint>;
      { fixed.local_endpoint() } -> std::same_as<endpoint>;
      it.async_accept(on_stream<Stream>());
      { it.try_accept(ec) } -> std::same_as<std::optional<Stream>>;
      it.cancel();
      it.close();
    };

/// Names to addresses and back.
/// * async_resolve(host, service, options) completes with void(std::error_code, resolve_result): no error as soon as one of the views
///   asked for has an answer; the result has each view's own error.
/// * A literal with a port number, a bad name (condition::bad_name) and a bad port (bad_endpoint) are answered without asking anybody.
/// * name_not_found: there is no such name, or service. name_no_data: none of the wanted family. name_try_again: servers fail, refuse or are
///   silent, or the pool has too many lookups that are stuck. name_no_recovery: for good. timed_out: options.deadline.
/// * As many lookups as the pool has threads run at once; equal ones under way are one, and cancelling one leaves the others.
/// * cancel(), and the resolver's end, complete all of its lookups with operation_canceled at once. What libc does not give up goes on
///   in a thread of its own, and delays neither the loop's end nor the process's.
/// * resolve(), reverse(): the same, waiting on this thread.
template <class Resolver, class Loop>
concept resolver =
    std::constructible_from<Resolver, Loop&> &&
    std::constructible_from<Resolver, Loop&, const lookup_pool_options&> &&
    std::movable<Resolver> &&
    requires(Resolver& it, std::string_view host, std::string_view service, const address& of,
             const resolve_options& options, std::error_code& ec) {
      it.async_resolve(host, service, options, on_names());
      it.async_reverse(of, options, on_names());
      { it.resolve(host, service, options) } -> std::same_as<resolve_result>;
      { it.resolve(host, service, options, ec) } -> std::same_as<resolve_result>;
      { it.reverse(of, options) } -> std::same_as<resolve_result>;
      { it.reverse(of, options, ec) } -> std::same_as<resolve_result>;
      it.cancel();
    };

/// The echo service of RFC 862 over streams.
/// * listen(endpoint) may be called several times and returns what was bound; start() begins to accept. listen(descriptor): the same of one
///   that listens already, as listener::assign.
/// * Every byte received is sent back in order. After the peer's end everything received is echoed, then the stream is ended.
/// * A connection has one buffer of buffer_bytes while bytes are on their way, and none while it is idle.
/// * pause(), resume(): as the server's.
/// * drain(deadline, handler): takes in what the kernel has accepted, stops accepting, echoes what has arrived, ends each
///   connection; void(std::size_t) is called when all are gone, with how many had to be cut at the deadline with bytes still to echo.
/// * stop(): at once.
/// * connections(): the counters of the server that it is made of.
template <class Server, class Loop>
concept echo_server = std::constructible_from<Server, Loop&, const echo_server_options&> &&
                      requires(Server& it, const Server& fixed, const endpoint& at,
                               std::chrono::milliseconds deadline) {
                        { it.listen(at) } -> std::same_as<endpoint>;
                        it.start();
                        it.pause();
                        it.resume();
                        it.drain(deadline, on_count());
                        it.stop();
                        { fixed.counters() } -> std::same_as<const echo_counters&>;
                        { fixed.connections() } -> std::same_as<const server_counters&>;
                      };

/// Sends what an input descriptor gives and writes what returns to an output descriptor, both at once, in two buffers of buffer_bytes.
/// async_run completes with void(std::error_code, echo_result) once the server has ended its side. A server that ends before
/// everything was sent is condition::end_of_stream. With verify, the place of the first wrong byte is in the result.
template <class Client, class Loop, class Stream>
concept echo_client = std::constructible_from<Client, Loop&, const echo_client_options&> &&
                      requires(Client& it, const Client& fixed, Stream connected) {
                        it.async_run(std::move(connected), 0, 1, on_result());
                        it.cancel();
                        { fixed.progress() } -> std::same_as<const echo_result&>;
                      };

/// The documented flows, each function the call of its name. read() and recv() return 0 at the end of the stream.
template <class Connection>
concept blocking_connection =
    std::movable<Connection> && requires(Connection& it, std::span<std::byte> to,
                                         std::span<const std::byte> from, std::error_code& ec) {
      { it.read(to) } -> std::same_as<std::size_t>;
      { it.read(to, ec) } -> std::same_as<std::size_t>;
      { it.write(from) } -> std::same_as<std::size_t>;
      { it.write(from, ec) } -> std::same_as<std::size_t>;
      { it.recv(to, 0) } -> std::same_as<std::size_t>;
      { it.recv(to, 0, ec) } -> std::same_as<std::size_t>;
      { it.send(from, 0) } -> std::same_as<std::size_t>;
      { it.send(from, 0, ec) } -> std::same_as<std::size_t>;
      { it.local_endpoint() } -> std::same_as<endpoint>;
      { it.remote_endpoint() } -> std::same_as<endpoint>;
      it.shutdown(shutdown_type::send);
      it.shutdown(shutdown_type::send, ec);
      it.close();
    };

template <class Server, class Connection>
concept blocking_server =
    std::constructible_from<Server, const endpoint&, const socket_options&, observer*> &&
    requires(Server& it, std::error_code& ec) {
      { it.accept() } -> std::same_as<Connection>;
      { it.accept(ec) } -> std::same_as<Connection>;
      { it.local_endpoint() } -> std::same_as<endpoint>;
      it.close();
      it.abandon();
    };

/// One column. async_connect(stream, endpoint, options, handler) connects a closed stream: void(std::error_code). async_connect(stream, host,
/// service, options, handler) does, and tells what it tried: void(std::error_code, connect_report).
/// * A name is resolved, IPv4 and IPv6 at once, and its addresses are tried as RFC 8305 says: the families in turn, IPv6 first; the next one
///   when one has failed, or beside it after options.attempt_delay; IPv4 waits options.resolution_delay for IPv6's answer. The first
///   connection wins, the others are closed. If there is none, the error of the attempt that failed last is reported. A service name is
///   resolved too.
/// * An address or a UNIX path is one attempt, and one socket.
/// * A UNIX listener whose queue is full is tried again until there is room.
/// * options.deadline bounds it all: condition::timed_out. resolve_deadline and attempt_deadline are condition::resolve_timed_out and
///   attempt_timed_out, which are timed_out too; the connect goes on with what is left.
/// * The stream's cancel() and close() end it with operation_canceled. A failed connect leaves the stream closed, and no socket open.
/// * A connection of a socket to itself is connection_refused.
template <class Backend>
concept backend =
    std::convertible_to<decltype(Backend::name), std::string_view> &&
    loop<typename Backend::loop> && timer<typename Backend::timer, typename Backend::loop> &&
    signal_set<typename Backend::signal_set, typename Backend::loop> &&
    descriptor<typename Backend::descriptor, typename Backend::loop> &&
    stream<typename Backend::stream, typename Backend::loop> &&
    listener<typename Backend::listener, typename Backend::loop, typename Backend::stream> &&
    incoming_batch<typename Backend::incoming_batch> &&
    outgoing_batch<typename Backend::outgoing_batch, typename Backend::incoming_batch> &&
    datagram_echo_server<typename Backend::datagram_echo_server, typename Backend::loop> &&
    datagram_echo_client<typename Backend::datagram_echo_client, typename Backend::loop> &&
    datagram_socket<typename Backend::datagram_socket, typename Backend::loop,
                    typename Backend::incoming_batch, typename Backend::outgoing_batch> &&
    resolver<typename Backend::resolver, typename Backend::loop> &&
    reconnecting_client<typename Backend::reconnecting_client, typename Backend::loop,
                        typename Backend::stream> &&
    sender<typename Backend::sender, typename Backend::stream> &&
    session<typename Backend::session, typename Backend::stream> &&
    server<typename Backend::server, typename Backend::loop,
           std::shared_ptr<typename Backend::session>> &&
    echo_server<typename Backend::echo_server, typename Backend::loop> &&
    echo_client<typename Backend::echo_client, typename Backend::loop, typename Backend::stream> &&
    relay<Backend, typename Backend::stream> &&
    blocking_connection<typename Backend::blocking_connection> &&
    blocking_server<typename Backend::blocking_server, typename Backend::blocking_connection> &&
    fork_server<typename Backend::fork_server, typename Backend::blocking_connection> &&
    blocking_datagram_socket<typename Backend::blocking_datagram_socket> &&
    requires(typename Backend::stream& to, const endpoint& at, const connect_options& options) {
      Backend::async_connect(to, at, options, on_done());
      Backend::async_connect(to, std::string_view(), std::string_view(), options, on_report());
      { Backend::connect(at, options) } -> std::same_as<typename Backend::blocking_connection>;
      { Backend::bind_datagram(at) } -> std::same_as<typename Backend::blocking_datagram_socket>;
      { Backend::open_datagram(at) } -> std::same_as<typename Backend::blocking_datagram_socket>;
    };

}  // namespace duet::contract
