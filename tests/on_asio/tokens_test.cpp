// SPDX-License-Identifier: MIT
// Completion tokens: callbacks, futures and deferred operations on every operation of the column. Coroutines are in coroutine_test.cpp.
#include <asio/executor_work_guard.hpp>
#include <asio/use_future.hpp>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "duet/on_asio/echo.hpp"
#include "parked.hpp"
#include "tokens.hpp"

using namespace duet;
using namespace duet::test;

namespace {

template <class Result>
Result wait_for(world& w, std::future<Result> future) {
  w.until([&] { return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  return future.get();
}

/// What a future throws.
template <class Result>
std::error_code failure_of(world& w, std::future<Result> future) {
  try {
    wait_for(w, std::move(future));
  } catch (const std::system_error& error) {
    return error.code();
  }
  return {};
}

}  // namespace

TEST_CASE("tokens: callbacks carry a connection from accept to its end") {
  world w;
  listener server(w.context);
  server.listen(any_port());
  stream accepted(w.context);
  stream client(w.context);
  std::array<std::byte, 16> to{};
  std::string received;
  std::error_code end;
  bool connected = false;

  server.async_accept([&](std::error_code ec, stream it) {
    REQUIRE_FALSE(ec);
    accepted = std::move(it);
    accepted.async_write(as_bytes("hello"), [&](std::error_code failed, std::size_t size) {
      CHECK_FALSE(failed);
      CHECK(size == 5);
      accepted.shutdown(shutdown_type::send);
    });
  });
  on_asio::async_connect(client, server.local_endpoint(), {}, [&](std::error_code ec) {
    REQUIRE_FALSE(ec);
    connected = true;
    client.async_wait(wait_type::read, [&](std::error_code failed) {
      CHECK_FALSE(failed);
      client.async_read_some(std::span(to), [&](std::error_code wrong, std::size_t size) {
        CHECK_FALSE(wrong);
        received = as_text({to.data(), size});
        client.async_read_some(std::span(to),
                               [&](std::error_code ended, std::size_t) { end = ended; });
      });
    });
  });
  w.until([&] { return static_cast<bool>(end); });
  CHECK(connected);
  CHECK(received == "hello");
  CHECK(end == condition::end_of_stream);
  CHECK(accepted.remote_endpoint() == client.local_endpoint());
}

TEST_CASE("tokens: futures carry a connection from accept to its end") {
  world w;
  listener server(w.context);
  server.listen(any_port());
  stream client(w.context);
  auto accepting = server.async_accept(asio::use_future);
  wait_for(w, on_asio::async_connect(client, server.local_endpoint(), {}, asio::use_future));
  stream accepted = wait_for(w, std::move(accepting));

  CHECK(wait_for(w, accepted.async_write(as_bytes("hello"), asio::use_future)) == 5);
  std::array<std::byte, 16> to{};
  wait_for(w, client.async_wait(wait_type::read, asio::use_future));
  const auto size = wait_for(w, client.async_read_some(std::span(to), asio::use_future));
  CHECK(as_text({to.data(), size}) == "hello");
  CHECK(wait_for(w, client.async_write_some(as_bytes("bye"), asio::use_future)) == 3);
  accepted.close();
  const auto end = failure_of(w, client.async_read_some(std::span(to), asio::use_future));
  CHECK((end == condition::end_of_stream || end == asio::error::connection_reset));
}

TEST_CASE("tokens: a future carries what went wrong") {
  world w;
  auto [a, b] = w.pair();
  std::array<std::byte, 16> to{};
  b.close();
  CHECK(failure_of(w, a.async_read_some(std::span(to), asio::use_future)) ==
        condition::end_of_stream);
  stream client(w.context);
  const auto nobody = endpoint::named(transport::tcp, missing_name, "80");
  CHECK(failure_of(w, on_asio::async_connect(client, nobody, {}, asio::use_future)) ==
        condition::name_not_found);
  listener closed(w.context);
  CHECK(failure_of(w, closed.async_accept(asio::use_future)) == asio::error::bad_descriptor);
}

TEST_CASE("tokens: futures of a context that another thread runs") {
  world w;
  std::optional work(asio::make_work_guard(w.context));
  std::thread runner([&] { w.context.run(); });
  {
    listener server(w.context);
    server.listen(any_port());
    stream client(w.context);
    auto accepting = server.async_accept(asio::use_future);
    on_asio::async_connect(client, server.local_endpoint(), {}, asio::use_future).get();
    stream accepted = accepting.get();
    CHECK(client.async_write(as_bytes("hello"), asio::use_future).get() == 5);
    std::array<std::byte, 16> to{};
    const auto size = accepted.async_read_some(std::span(to), asio::use_future).get();
    CHECK(as_text({to.data(), size}) == "hello");
  }
  work.reset();
  runner.join();
}

TEST_CASE_TEMPLATE("tokens: a deferred operation begins when it is called", Op, DUET_PARKED) {
  world w;
  Op op(w);
  w.settle();
  auto later = op.start(deferred);
  w.context.restart();
  CHECK(w.context.poll() == 0);
  CHECK(w.context.stopped());  // nothing was started
  w.context.restart();
  fate& end = w.expect();
  std::move(later)(probe(end));
  w.context.poll();
  CHECK(end.called == 0);
  CHECK_FALSE(w.context.stopped());
  op.cancel();
  w.until(end);
  CHECK(end.error == asio::error::operation_aborted);
}

TEST_CASE("tokens: what was cancelled before a deferred operation began does not end it") {
  world w;
  listener server(w.context);
  server.listen(any_port());
  auto [a, b] = w.pair();
  std::array<std::byte, 16> to{};
  auto accept = server.async_accept(deferred);
  auto read = a.async_read_some(std::span(to), deferred);
  auto write = a.async_write(as_bytes("x"), deferred);
  server.cancel();
  a.cancel();
  std::array<fate*, 3> fates{&w.expect(), &w.expect(), &w.expect()};
  std::move(accept)(probe(*fates[0]));
  std::move(read)(probe(*fates[1]));
  std::move(write)(probe(*fates[2]));
  w.context.poll();
  const raw_socket client = raw_socket::connected(server.local_endpoint());
  std::error_code ec;
  b.try_write_some(as_bytes("y"), ec);
  for (const fate* each : fates) {
    w.until(*each);
    CHECK_FALSE(each->error);
  }
}

TEST_CASE("tokens: deferred operations carry results on") {
  world w;
  auto [a, b] = w.pair();
  std::array<std::byte, 16> to{};
  std::error_code ec;
  b.try_write_some(as_bytes("abc"), ec);
  std::size_t doubled = 0;
  a.async_read_some(std::span(to), deferred([](std::error_code failed, std::size_t size) {
                      return deferred.values(failed, size * 2);
                    }))([&](std::error_code, std::size_t size) { doubled = size; });
  w.until([&] { return doubled != 0; });
  CHECK(doubled == 6);
}

TEST_CASE("tokens: what could complete at once completes from the loop") {
  world w;
  auto [a, b] = w.pair();
  listener server(w.context);
  server.listen(any_port());
  const raw_socket queued = raw_socket::connected(server.local_endpoint());
  stream client(w.context);
  std::array<std::byte, 16> to{};
  std::error_code ec;
  b.try_write_some(as_bytes("abc"), ec);

  std::array<fate*, 9> fates{};
  for (auto*& each : fates) each = &w.expect();
  a.async_wait(wait_type::read, probe(*fates[0]));
  a.async_wait(wait_type::write, probe(*fates[1]));
  a.async_read_some(std::span(to), probe(*fates[2]));
  a.async_read_some(std::span<std::byte>(), probe(*fates[3]));
  a.async_write_some(as_bytes("x"), probe(*fates[4]));
  b.async_write(as_bytes("y"), probe(*fates[5]));
  b.async_write(std::span<const std::byte>(), probe(*fates[6]));
  server.async_accept(probe(*fates[7]));
  on_asio::async_connect(client, endpoint::local(transport::unix_stream, "/nonexistent/socket"), {},
                         probe(*fates[8]));
  for (const fate* each : fates) CHECK(each->called == 0);
  w.settle();
  for (const fate* each : fates) CHECK(each->called == 1);
}

TEST_CASE("tokens: lambdas that own something cannot be copied and need not be") {
  world w;
  auto [a, b] = w.pair();
  auto data = std::make_unique<std::string>("owned");
  const std::string& kept = *data;
  bool written = false;
  a.async_write(as_bytes(kept),
                [&, data = std::move(data)](std::error_code ec, std::size_t size) mutable {
                  CHECK_FALSE(ec);
                  written = size == data->size();
                });
  w.until([&] { return written; });
}

TEST_CASE("tokens: the echo server drains into a future") {
  world w;
  on_asio::loop loop(w.context);
  on_asio::echo_server server(loop);
  const endpoint at = server.listen(any_port());
  server.start();
  stream client(w.context);
  wait_for(w, on_asio::async_connect(client, at, {}, asio::use_future));
  wait_for(w, client.async_write(as_bytes("echo"), asio::use_future));
  std::array<std::byte, 16> to{};
  const auto size = wait_for(w, client.async_read_some(std::span(to), asio::use_future));
  CHECK(as_text({to.data(), size}) == "echo");
  auto drained = server.drain(std::chrono::seconds(10), asio::use_future);
  CHECK(failure_of(w, client.async_read_some(std::span(to), asio::use_future)) ==
        condition::end_of_stream);
  client.close();
  CHECK(wait_for(w, std::move(drained)) == 0);
}
