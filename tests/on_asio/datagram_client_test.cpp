// SPDX-License-Identifier: MIT
// The datagram echo client with Asio's tokens, executors and cancellation slots. What it counts is in conformance/.
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/experimental/deferred.hpp>
#include <asio/use_future.hpp>
#include <future>

#include "duet/on_asio/datagram_echo.hpp"
#include "raw_datagram.hpp"
#include "tokens.hpp"
#include "world.hpp"

using namespace duet;
using namespace duet::test;
using on_asio::datagram_echo_client;

namespace {

const endpoint anywhere = endpoint::parse("udp://127.0.0.1:0");

/// A client with its loop, a server that answers it and a peer that does not.
struct stage {
  explicit stage(world& of)
      : w(of), loop(w.context), server(w.context), where(server.listen(anywhere)) {
    server.start();
  }
  static datagram_echo_client_options three() {
    datagram_echo_client_options how;
    how.count = 3;
    how.interval = std::chrono::seconds(0);
    how.reply_deadline = std::chrono::hours(1);
    return how;
  }

  world& w;
  on_asio::loop loop;
  on_asio::datagram_echo_server server;
  endpoint where;
  raw_datagram silent = raw_datagram::bound(anywhere);
  datagram_echo_client client{loop, three()};
};

}  // namespace

TEST_CASE("datagram echo client: a future and a deferred run") {
  world w;
  stage at(w);
  auto future = at.client.async_run(at.where, asio::use_future);
  w.until([&] { return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  CHECK(future.get() == reply_counts{.sent = 3, .received = 3});

  auto later = at.client.async_run(at.where, asio::experimental::deferred);
  w.settle();
  CHECK(at.client.progress().sent == 3);  // the first run's: nothing has begun
  fate& end = w.expect();
  std::move(later)(probe(end));
  w.until(end);
  CHECK_FALSE(end.error);
}

TEST_CASE("datagram echo client: the handler is called by its own executor") {
  world w;
  stage at(w);
  fate& end = w.expect();
  at.client.async_run(at.where, asio::bind_executor(w.other.get_executor(), probe(end)));
  w.until([&] { return at.client.progress().received == 3; });
  w.context.poll();
  CHECK(end.called == 0);
  w.settle();
  CHECK(end.called == 1);
}

TEST_CASE("datagram echo client: a slot of the handler ends the run") {
  for (const bool before : {true, false}) {
    CAPTURE(before);
    world w;
    stage at(w);
    asio::cancellation_signal signal;
    fate& end = w.expect();
    at.client.async_run(at.silent.local_endpoint(),
                        asio::bind_cancellation_slot(signal.slot(), probe(end)));
    if (!before) w.settle();
    signal.emit(asio::cancellation_type::terminal);
    CHECK(end.called == 0);  // never from inside emit
    w.until(end);
    CHECK(end.error == std::errc::operation_canceled);
    CHECK(at.client.progress().sent == (before ? 0U : 1U));
    signal.emit(asio::cancellation_type::terminal);  // nobody is listening any more
  }
}

TEST_CASE("datagram echo client: the context may go first") {
  fate end;
  {
    asio::io_context context;
    on_asio::loop loop(context);
    const raw_datagram silent = raw_datagram::bound(anywhere);
    datagram_echo_client client(loop, stage::three());
    client.async_run(silent.local_endpoint(), probe(end));
    context.poll();
  }
  CHECK(end.called == 0);
  CHECK(end.destroyed == 1);
}
