// SPDX-License-Identifier: MIT
// What a message costs once everything is warm: no allocation in either column, and no system call too many where the seam sees it.
// This program's operator new counts.
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "duet/error.hpp"
#include "duet/os/fault.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"

namespace {
thread_local std::size_t allocations =
    0;  // of this thread, so that a peer in another does not count
}  // namespace

#if DUET_COUNTS_ALLOCATIONS
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
#endif

using namespace duet;
using namespace duet::test;

/// The thread sanitizer has an operator new of its own.
#define DUET_NEEDS_COUNTING() \
  if (!DUET_COUNTS_ALLOCATIONS) DUET_SKIP("allocations cannot be counted under tsan")

namespace {

constexpr int warm_up = 200;
constexpr int counted = 1000;

/// Allocations of `counted` messages that each of `connections` peers exchanges with an echo server. The peers are bare sockets in a thread of
/// their own: Asio keeps the memory of two operations of a kind a thread, which is the server's to use.
template <class Row>
std::size_t allocations_with(std::size_t connections) {
  fixture_of<Row> f;
  typename Row::backend::echo_server server(f.loop());
  const endpoint where = server.listen(f.anywhere());
  server.start();
  std::size_t at_begin = 0;
  std::size_t at_end = 0;
  std::thread peers([&] {
    std::vector<raw_socket> sockets;
    for (std::size_t each = 0; each < connections; ++each)
      sockets.push_back(raw_socket::connected(where));
    const byte_vector message = some_bytes(64);
    for (int number = 0; number < warm_up + counted; ++number) {
      if (number == warm_up) f.loop().post([&] { at_begin = allocations; });
      for (const raw_socket& each : sockets) each.send_all(message);
      for (const raw_socket& each : sockets) CHECK(each.receive(message.size()) == message);
    }
    f.loop().post([&] {
      at_end = allocations;
      f.loop().stop();
    });
  });
  // One run for all messages: Asio keeps the memory of operations for as long as a run lasts.
  f.loop().restart();
  f.loop().run_for(cap);
  peers.join();
  CHECK(server.counters().bytes_echoed == connections * (warm_up + counted) * 64);
  server.stop();
  f.check_no_work_left();
  return at_end - at_begin;
}

}  // namespace

TEST_CASE("cost: this program counts allocations") {
  DUET_NEEDS_COUNTING();
  const std::size_t before = allocations;
  const auto one = std::make_unique<int>(1);
  CHECK(allocations == before + 1);
}

TEST_CASE_TEMPLATE("cost: no allocation a message in steady state", Row, DUET_ROWS) {
  DUET_NEEDS_COUNTING();
  CHECK(allocations_with<Row>(1) == 0);
}

TEST_CASE_TEMPLATE("cost: no allocation a message with 16 busy connections", Row, DUET_ROWS) {
  DUET_NEEDS_COUNTING();
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
