// SPDX-License-Identifier: MIT
// What only Asio's column has to get right of resolving: tokens, cancellation slots, the context's end, executors of one's own. No name server
// is asked: held_names answers.
#include <asio/any_io_executor.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>
#include <future>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "duet/on_asio/resolver.hpp"
#include "held_names.hpp"
#include "tokens.hpp"
#include "world.hpp"

using namespace duet;
using namespace duet::test;
using on_asio::resolver;

TEST_CASE("resolver: a future gets the result") {
  world w;
  resolver names(w.context);
  std::future<resolve_result> known = names.async_resolve(known_name, "80", {}, asio::use_future);
  std::future<resolve_result> missing =
      names.async_resolve(missing_name, "80", {}, asio::use_future);
  w.until([&] {
    using std::chrono::seconds;
    return known.wait_for(seconds(0)) == std::future_status::ready &&
           missing.wait_for(seconds(0)) == std::future_status::ready;
  });
  CHECK(known.get().endpoints == std::vector{endpoint::parse("tcp://127.0.0.1:80")});
  std::error_code failure;
  try {
    missing.get();
  } catch (const std::system_error& error) {
    failure = error.code();
  }
  CHECK(failure == condition::name_not_found);
}

TEST_CASE("resolver: a deferred lookup starts when it is called") {
  world w;
  resolver names(w.context);
  auto later = names.async_resolve(known_name, "80", {}, deferred);
  fate& end = w.expect();
  std::move(later)(probe(end));
  w.until(end);
  CHECK_FALSE(end.error);
}

TEST_CASE("resolver: a slot cancels one of two that are joined") {
  world w;
  resolver names(w.context);
  asio::cancellation_signal stop;
  fate& cancelled = w.expect();
  fate& kept = w.expect();
  {
    const name_hold hold;
    names.async_resolve(held_name, "80", {},
                        asio::bind_cancellation_slot(stop.slot(), probe(cancelled)));
    names.async_resolve(held_name, "80", {}, probe(kept));
    name_hold::await_lookup();
    stop.emit(asio::cancellation_type::all);
    CHECK(cancelled.called == 0);
    w.until(cancelled);
    CHECK(cancelled.error == asio::error::operation_aborted);
    CHECK(kept.called == 0);
  }
  w.until(kept);
  CHECK_FALSE(kept.error);
}

TEST_CASE("resolver: a deadline ends a lookup that libc is stuck in") {
  world w;
  resolver names(w.context);
  const name_hold hold;
  resolve_options hurried;
  hurried.deadline = std::chrono::milliseconds(1);
  fate& end = w.expect();
  names.async_resolve(held_name, "80", hurried, probe(end));
  w.until(end);
  CHECK(end.error == condition::timed_out);
}

TEST_CASE("resolver: a context goes while a thread of its own pool is stuck") {
  const name_hold hold;
  fate end;
  {
    world w;
    auto names = std::make_shared<resolver>(w.context.get_executor(), lookup_pool_options{});
    auto& by = *names;
    by.async_resolve(held_name, "80", {},
                     [names = std::move(names), last = probe(end)](
                         std::error_code ec, const resolve_result&) mutable { last(ec); });
    name_hold::await_lookup();
    w.abandon();
  }
  CHECK(end.called == 0);
  CHECK(end.destroyed == 1);
}

TEST_CASE("resolver: on a strand of two threads") {
  asio::thread_pool threads(2);
  auto strand = asio::make_strand(threads);
  on_asio::basic_resolver<decltype(strand)> names(strand);
  std::atomic<int> found{0};
  std::atomic<bool> outside{false};
  std::promise<void> all;
  for (int each = 0; each < 100; ++each) {
    asio::post(strand, [&, each] {
      names.async_resolve(each % 2 == 0 ? known_name : "localhost", "80", {},
                          [&](std::error_code ec, const resolve_result&) {
                            if (!strand.running_in_this_thread()) outside = true;
                            CHECK_FALSE(ec);
                            if (++found == 100) all.set_value();
                          });
    });
  }
  CHECK(all.get_future().wait_for(std::chrono::seconds(15)) == std::future_status::ready);
  threads.join();
  CHECK_FALSE(outside);
}

TEST_CASE("resolver: works on any executor") {
  world w;
  on_asio::basic_resolver<asio::any_io_executor> names(w.context.get_executor());
  fate& end = w.expect();
  names.async_resolve(known_name, "80", {}, probe(end));
  w.until(end);
  CHECK_FALSE(end.error);
}
