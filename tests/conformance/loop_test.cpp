// SPDX-License-Identifier: MIT
// loop, and what it promises of every handler: once, never inline, in order; posting, stopping, running for a while, and going
// with work pending. Timers, signals and descriptors are in wait_test.cpp.
#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

TEST_CASE_TEMPLATE("handlers: none is called from inside though its outcome is known", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  using stream = typename Row::backend::stream;
  typename Row::backend::listener door(f.loop());
  door.listen(f.anywhere());
  const raw_socket queued = raw_socket::connected(door.local_endpoint());
  auto [one, other] = f.connected_pair();
  std::error_code ec;
  other.try_write_some(as_bytes("there"), ec);
  byte_vector buffer(16);
  result read;
  result write;
  result connect;
  result failing;
  stream client(f.loop());
  stream closed(f.loop());
  typename Row::backend::timer timer(f.loop());
  timer.expires_after(0ns);
  int ran = 0;
  // counted_handler fails if one of these calls its handler; the sum tells that none did.
  one.async_read_some(buffer, f.into(read, "read of what is there"));
  one.async_write(as_bytes("fits"), f.into(write, "write that fits"));
  door.async_accept(f.once("accept of a queued one", [&](std::error_code, stream) { ++ran; }));
  Row::backend::async_connect(client, door.local_endpoint(), {}, f.into(connect, "connect"));
  closed.async_read_some(buffer, f.into(failing, "read of nothing open"));
  timer.async_wait(f.once("timer of no time", [&](std::error_code) { ++ran; }));
  f.loop().post(f.once("posted", [&] { ++ran; }));
  CHECK(ran == 0);
  CHECK_FALSE((read.done || write.done || connect.done || failing.done));
  f.run_until_all_called();
  CHECK(ran == 3);
}

TEST_CASE_TEMPLATE("handlers: may be large and move-only and start the next operation", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  auto [one, other] = f.connected_pair();
  std::string heard;
  byte_vector buffer(1);
  struct chain {
    void read() {
      std::array<char, 200> ballast{};
      ballast.back() = 'x';
      from.async_read_some(buffer, f.once("read", [this, ballast, token = std::make_unique<int>(1)](
                                                      std::error_code ec, std::size_t size) {
        CHECK_FALSE(ec);
        CHECK(ballast.back() == 'x');
        CHECK(*token == 1);
        heard += as_text(std::span(buffer).first(size));
        if (heard.size() < 5) read();
      }));
    }
    fixture_of<Row>& f;
    decltype(one)& from;
    byte_vector& buffer;
    std::string& heard;
  } reads{f, other, buffer, heard};
  reads.read();
  result write;
  one.async_write(as_bytes("order"), f.into(write, "write"));
  f.run_until_all_called();
  CHECK(heard == "order");
}

TEST_CASE_TEMPLATE("loop: what is posted is called in order and later", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  std::vector<int> order;
  for (int each = 1; each <= 3; ++each) {
    f.loop().post(f.once("posted", [&, each] {
      order.push_back(each);
      f.loop().post(f.once("posted by posted", [&order, each] { order.push_back(each * 10); }));
      order.push_back(-each);
    }));
  }
  CHECK(order.empty());
  CHECK(f.loop().run() == 6);
  CHECK(order == std::vector<int>{1, -1, 2, -2, 3, -3, 10, 20, 30});
}

TEST_CASE_TEMPLATE("loop: without work run returns at once and is stopped", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  CHECK_FALSE(f.loop().stopped());
  CHECK(f.loop().run() == 0);
  CHECK(f.loop().stopped());
  f.loop().post(f.once("posted", [] {}));
  CHECK(f.loop().run() == 0);  // still stopped
  f.loop().restart();
  CHECK_FALSE(f.loop().stopped());
  CHECK(f.loop().run_one() == 1);
  CHECK(f.loop().run_one_for(cap) == 0);
  CHECK(f.loop().poll() == 0);
}

TEST_CASE_TEMPLATE("loop: stop leaves what is due for the next run", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  std::vector<int> order;
  f.loop().post(f.once("first", [&] {
    order.push_back(1);
    f.loop().stop();
  }));
  f.loop().post(f.once("second", [&] { order.push_back(2); }));
  f.loop().post(f.once("third", [&] { order.push_back(3); }));
  CHECK(f.loop().run() == 1);
  CHECK(f.loop().stopped());
  CHECK(f.loop().run() == 0);
  f.loop().restart();
  CHECK(f.loop().run() == 2);
  CHECK(order == std::vector<int>{1, 2, 3});
}

TEST_CASE_TEMPLATE("loop: run_for and poll come back though work is left", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::timer far(f.loop());
  far.expires_after(1h);
  result wait;
  far.async_wait(f.into(wait, "far"));
  CHECK(f.loop().poll() == 0);
  CHECK(f.loop().run_for(1ms) == 0);
  CHECK(f.loop().run_one_for(1ms) == 0);
  CHECK_FALSE(f.loop().stopped());
  f.loop().post(f.once("posted", [] {}));
  CHECK(f.loop().poll() == 1);
  CHECK_FALSE(wait.done);
  far.cancel();
  CHECK(f.loop().poll() == 1);
  CHECK(wait.done);
}

TEST_CASE_TEMPLATE("loop: a handler's exception comes out of run and the rest still runs", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  bool second = false;
  f.loop().post([] { throw std::runtime_error("from a handler"); });
  f.loop().post(f.once("second", [&] { second = true; }));
  CHECK_THROWS_AS(f.loop().run(), std::runtime_error);
  CHECK_FALSE(second);
  f.loop().run();
  CHECK(second);

  // From the handler of an event of the kernel, too.
  auto [one, other] = f.connected_pair();
  std::byte byte{};
  result read;
  one.async_wait(wait_type::read, [](std::error_code) { throw std::runtime_error("again"); });
  other.async_read_some(std::span(&byte, 1), f.into(read, "read"));
  f.run_ready();
  std::error_code ec;
  other.try_write_some(as_bytes("x"), ec);
  one.try_write_some(as_bytes("y"), ec);
  f.loop().restart();
  CHECK_THROWS_AS(f.loop().run_for(cap), std::runtime_error);
  f.run_until([&] { return read.done; });
  CHECK_FALSE(read.ec);
}

TEST_CASE_TEMPLATE("loop: other threads post and are heard in their order", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  constexpr int threads = 4;
  constexpr int posts = 500;
  typename Backend::timer open_end(f.loop());
  open_end.expires_after(cap);
  result end;
  open_end.async_wait(f.into(end, "end"));
  const auto home = std::this_thread::get_id();
  std::array<int, threads> heard{};  // not atomic: only the loop's thread touches it
  int total = 0;
  std::vector<std::thread> posters;
  for (std::size_t mine = 0; mine < threads; ++mine) {
    posters.emplace_back([&, mine] {
      for (int each = 0; each < posts; ++each) {
        f.loop().post([&, mine, each] {
          if (heard[mine] != each || std::this_thread::get_id() != home) FAIL("out of order");
          ++heard[mine];
          if (++total == threads * posts) open_end.cancel();
        });
      }
    });
  }
  f.loop().run();
  for (std::thread& each : posters) each.join();
  CHECK(total == threads * posts);
  CHECK(errc_of(end.ec) == std::errc::operation_canceled);  // and did not have to wait for the cap
}

TEST_CASE_TEMPLATE("loop: another thread stops it", Backend, DUET_BACKENDS) {
  result wait;  // before the fixture, whose end calls what was cancelled
  fixture<Backend> f;
  typename Backend::timer far(f.loop());
  far.expires_after(24h);
  far.async_wait(f.into(wait, "far"));
  std::atomic<bool> running = false;
  f.loop().post(f.once("started", [&] { running = true; }));
  std::thread stopper([&] {
    while (!running) std::this_thread::yield();
    f.loop().stop();
  });
  f.loop().run();
  stopper.join();
  CHECK(f.loop().stopped());
  CHECK_FALSE(wait.done);
  far.cancel();
}

TEST_CASE_TEMPLATE("loop: work can be posted before it runs and by a thread that is gone", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  bool called = false;
  std::thread([&] { f.loop().post([&] { called = true; }); }).join();
  CHECK(f.loop().run() == 1);
  CHECK(called);
}

TEST_CASE_TEMPLATE("loop: going with work pending destroys handlers uncalled", Row, DUET_ROWS) {
  fixture_of<Row> f;
  f.lookups = true;
  using backend = typename Row::backend;
  const auto token = std::make_shared<bool>(false);
  const auto owner = [&](auto object) { return [object, token](auto&&...) { *token = true; }; };
  {
    auto pair = f.connected_pair();
    auto reading = std::make_shared<typename backend::stream>(std::move(pair.first));
    auto writing = std::make_shared<typename backend::stream>(std::move(pair.second));
    static byte_vector buffer(64 << 20);
    reading->async_wait(wait_type::read, owner(reading));
    writing->async_write(buffer, owner(writing));
    writing->async_read_some(buffer, owner(writing));

    auto door = std::make_shared<typename backend::listener>(f.loop());
    door->listen(f.anywhere());
    door->async_accept(owner(door));

    auto client = std::make_shared<typename backend::stream>(f.loop());
    backend::async_connect(*client, door->local_endpoint(), {}, owner(client));
    auto asking = std::make_shared<typename backend::stream>(f.loop());
    backend::async_connect(*asking, endpoint::parse("tcp://localhost:9"), {}, owner(asking));

    auto timer = std::make_shared<typename backend::timer>(f.loop());
    timer->expires_after(1h);
    timer->async_wait(owner(timer));
    auto signals = std::make_shared<typename backend::signal_set>(
        f.loop(), std::initializer_list<int>{SIGUSR1});
    signals->async_wait(owner(signals));
    auto pipe = std::make_shared<raw_pipe>();
    auto readable = std::make_shared<typename backend::descriptor>(f.loop(), pipe->out.fd());
    readable->async_wait(wait_type::read, [readable, pipe, token](std::error_code) {});

    f.loop().post(owner(token));
    std::thread([&] { f.loop().post(owner(token)); }).join();
  }
  CHECK(token.use_count() > 10);
  f.destroy_loop();
  CHECK(token.use_count() == 1);
  CHECK_FALSE(*token);
}

TEST_CASE_TEMPLATE("loop: a handler that is destroyed may close streams of the same loop", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  // Two streams own each other through their handlers, and a third through one of them.
  auto pair = f.connected_pair();
  using stream = typename Row::backend::stream;
  auto one = std::make_shared<stream>(std::move(pair.first));
  auto other = std::make_shared<stream>(std::move(pair.second));
  static std::byte byte{};
  const auto token = std::make_shared<int>();
  one->async_read_some(std::span(&byte, 1), [other, token](std::error_code, std::size_t) {});
  other->async_read_some(std::span(&byte, 1), [one, token](std::error_code, std::size_t) {});
  f.run_ready();
  f.loop().post([one, other, token] { one->close(); });
  one.reset();
  other.reset();
  f.destroy_loop();
  CHECK(token.use_count() == 1);
}
