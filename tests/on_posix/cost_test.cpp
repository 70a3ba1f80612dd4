// SPDX-License-Identifier: MIT
// What a message costs once everything is warm: no allocation in either column, and no system call too many where the seam sees it.
// This program's operator new counts.
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "duet/error.hpp"
#include "duet/os/fault.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"

namespace {
std::atomic<std::size_t> allocations{0};
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  ++allocations;
  const auto unit = static_cast<std::size_t>(alignment);
  if (void* const memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

using namespace duet;
using namespace duet::test;

namespace {

constexpr int warm_up = 200;
constexpr int counted = 1000;

/// Messages still to come, and what had been allocated when counting began and ended.
struct meter {
  void message_done() {
    --left;
    if (left == counted) at_begin = allocations;
    if (left == 0) at_end = allocations;
  }
  int left = warm_up + counted;
  std::size_t at_begin = 0;
  std::size_t at_end = 0;
};

/// Sends 64 bytes, waits for them, and again, until the meter has seen enough; then stops the loop.
template <class Loop, class Stream>
struct ping_pong {
  void send() {
    stream.async_write(message, [this](std::error_code ec, std::size_t) {
      CHECK_FALSE(ec);
      receive();
    });
  }
  void receive() {
    stream.async_read_some(std::span(answer).subspan(have),
                           [this](std::error_code ec, std::size_t size) {
                             have += size;
                             if (ec) return;  // closed at the end of the case
                             if (have < answer.size()) return receive();
                             have = 0;
                             count.message_done();
                             count.left > 0 ? send() : owner.stop();
                           });
  }
  Loop& owner;
  meter& count;
  Stream stream;
  byte_vector message = some_bytes(64);
  byte_vector answer = byte_vector(64);
  std::size_t have = 0;
};

/// Allocations of `counted` messages that `connections` clients exchange with one echo server on one loop.
template <class Row>
std::size_t allocations_with(std::size_t connections) {
  using stream = typename Row::backend::stream;
  using client = ping_pong<typename Row::backend::loop, stream>;
  fixture_of<Row> f;
  typename Row::backend::echo_server server(f.loop());
  const endpoint where = server.listen(f.anywhere());
  server.start();
  meter count;
  std::vector<std::unique_ptr<client>> clients;
  for (std::size_t each = 0; each < connections; ++each) {
    stream connecting(f.loop());
    result connect;
    Row::backend::async_connect(connecting, where, {}, f.into(connect, "connect"));
    f.run_until([&] { return connect.done; });
    clients.push_back(std::make_unique<client>(client{f.loop(), count, std::move(connecting)}));
  }
  for (auto& each : clients) each->send();
  // One run for all messages: Asio keeps the memory of operations for as long as a run lasts.
  f.loop().restart();
  f.loop().run_for(cap);
  CHECK(count.left <= 0);
  for (auto& each : clients) each->stream.close();
  server.stop();
  f.check_no_work_left();
  return count.at_end - count.at_begin;
}

}  // namespace

TEST_CASE("cost: this program counts allocations") {
  const std::size_t before = allocations;
  const auto one = std::make_unique<int>(1);
  CHECK(allocations == before + 1);
}

TEST_CASE_TEMPLATE("cost: no allocation a message in steady state", Row, DUET_ROWS) {
  CHECK(allocations_with<Row>(1) == 0);
}

TEST_CASE_TEMPLATE("cost: no allocation a message with 16 busy connections", Row, DUET_ROWS) {
  CHECK(allocations_with<Row>(16) == 0);
}

TEST_CASE_TEMPLATE("cost: an echo server receives and sends once a message", Row, posix_tcp,
                   posix_unix) {
#if defined(DUET_FAULT_SEAM) && DUET_FAULT_SEAM
  fixture_of<Row> f;
  typename Row::backend::echo_server server(f.loop());
  const endpoint where = server.listen(f.anywhere());
  server.start();
  const raw_socket client = raw_socket::connected(where);
  const byte_vector message = some_bytes(64);
  const auto exchange = [&](std::uint64_t how_often) {
    for (std::uint64_t each = 0; each < how_often; ++each) {
      const std::uint64_t before = server.counters().bytes_echoed;
      client.send_all(message);
      f.run_until([&] { return server.counters().bytes_echoed == before + message.size(); });
      CHECK(client.receive(message.size()) == message);
    }
  };
  exchange(10);
  os::faults::clear();
  exchange(100);
  CHECK(os::faults::count(os::call::recv) == 100);
  CHECK(os::faults::count(os::call::send) == 100);
  CHECK(os::faults::count(os::call::epoll_ctl) == 0);
  CHECK(os::faults::count(os::call::epoll_wait) <= 200);  // one to find it, at most one more a run
  os::faults::clear();
#else
  DUET_SKIP("built without the fault seam (DUET_FAULT_SEAM=OFF)");
#endif
}
