// SPDX-License-Identifier: MIT
// What a message costs once everything is warm: no allocation in either column, and no system call too many where the seam sees it.
// This program's operator new and aligned_alloc count.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "cost.hpp"
#include "duet/error.hpp"
#include "duet/os/fault.hpp"
#include "fixture.hpp"
#include "raw_datagram.hpp"
#include "raw_socket.hpp"

thread_local std::atomic<std::size_t> duet::test::allocations{0};
using duet::test::allocations;

#if DUET_COUNTS_ALLOCATIONS
void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
// What Asio takes depends on what was included before it: operator new or this.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++allocations;
  void* memory = nullptr;
  return ::posix_memalign(&memory, std::max(alignment, sizeof memory), size) == 0 ? memory
                                                                                  : nullptr;
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  if (void* const memory = ::aligned_alloc(static_cast<std::size_t>(alignment), size))
    return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
#endif

using namespace duet;
using namespace duet::test;

namespace {

/// Allocations of `counted` messages that each of `connections` peers exchanges with an echo server. The peers are bare sockets in a thread of
/// their own: Asio keeps the memory of two operations of a kind a thread, which is the server's to use.
template <class Row>
std::size_t allocations_with(std::size_t connections) {
  fixture_of<Row> f;
  typename Row::backend::echo_server server(f.loop());
  const endpoint where = server.listen(f.anywhere());
  server.start();
  const std::size_t allocated = allocations_of_loop(f, [&](auto&& mark) {
    std::vector<raw_socket> sockets;
    for (std::size_t each = 0; each < connections; ++each)
      sockets.push_back(raw_socket::connected(where));
    const byte_vector message = some_bytes(64);
    for (int number = 0; number < warm_up + counted; ++number) {
      if (number == warm_up) mark();
      for (const raw_socket& each : sockets) each.send_all(message);
      for (const raw_socket& each : sockets) CHECK(each.receive(message.size()) == message);
    }
  });
  CHECK(server.counters().bytes_echoed == connections * (warm_up + counted) * 64);
  server.stop();
  f.check_no_work_left();
  return allocated;
}

/// A socket that echoes what it receives, in batches of 64. Its handlers fit into what a loop keeps for them.
template <class Row>
class batch_echo {
 public:
  explicit batch_echo(fixture_of<Row>& f) : socket_(f.loop()) {
    datagram_options options;
    options.max_datagram_bytes = 64;
    options.socket.receive_buffer_bytes = 1'000'000;
    options.metadata.local_address = true;
    incoming_ = std::make_unique<typename Row::backend::incoming_batch>(options);
    outgoing_ = std::make_unique<typename Row::backend::outgoing_batch>(options);
    socket_.bind(f.anywhere(), options);
  }
  [[nodiscard]] endpoint where() const { return socket_.local_endpoint(); }
  [[nodiscard]] const datagram_counters& counters() const { return socket_.counters(); }
  void close() { socket_.close(); }

  void receive() {
    socket_.async_receive_batch(*incoming_, [this](std::error_code ec, std::size_t count) {
      if (!ec) send(count);
    });
  }

 private:
  void send(std::size_t count) {
    outgoing_->clear();
    for (std::size_t each = 0; each < count; ++each)
      outgoing_->add_reply(incoming_->bytes(each), *incoming_, each);
    socket_.async_send_batch(*outgoing_, [this](std::error_code ec, std::size_t) {
      if (!ec) receive();
    });
  }

  typename Row::backend::datagram_socket socket_;
  std::unique_ptr<typename Row::backend::incoming_batch> incoming_;
  std::unique_ptr<typename Row::backend::outgoing_batch> outgoing_;
};

/// Allocations of 300 rounds of 64 datagrams. The peer is a bare socket in a thread of its own.
template <class Row>
std::size_t allocations_of_batches() {
  constexpr int rounds = 300;
  constexpr int in_a_round = 64;
  fixture_of<Row> f;
  batch_echo<Row> server(f);
  const endpoint where = server.where();
  server.receive();
  const std::size_t allocated = allocations_of_loop(f, [&](auto&& mark) {
    const raw_datagram socket = raw_datagram::bound(f.anywhere());
    socket.set(SOL_SOCKET, SO_RCVBUF, 1'000'000);
    const byte_vector message = some_bytes(32);
    std::vector<std::byte> echo(64);
    for (int round = 0; round < warm_up + rounds; ++round) {
      if (round == warm_up) mark();
      for (int each = 0; each < in_a_round; ++each) socket.send_to(message, where);
      for (int each = 0; each < in_a_round; ++each)
        CHECK(::recv(socket.fd(), echo.data(), echo.size(), 0) == 32);
    }
  });
  CHECK(server.counters().received == (warm_up + rounds) * in_a_round);
  CHECK(server.counters().sent == (warm_up + rounds) * in_a_round);
  server.close();
  f.check_no_work_left();
  return allocated;
}

}  // namespace

TEST_CASE("cost: this program counts allocations") {
  DUET_NEEDS_COUNTING();
  const std::size_t before = allocations;
  const auto one = std::make_unique<int>(1);
  CHECK(allocations == before + 1);
  std::free(std::aligned_alloc(16, 32));
  CHECK(allocations == before + 2);
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

TEST_CASE_TEMPLATE("cost: no allocation a datagram in batches", Row, asio_udp4, posix_udp4) {
  DUET_NEEDS_COUNTING();
  CHECK(allocations_of_batches<Row>() == 0);
}

TEST_CASE_TEMPLATE("cost: a tenth of a call a datagram in batches of 64", Row, asio_udp4,
                   posix_udp4) {
#if defined(DUET_FAULT_SEAM) && DUET_FAULT_SEAM
  fixture_of<Row> f;
  batch_echo<Row> server(f);
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  constexpr std::uint64_t queued = 640;
  for (std::uint64_t each = 0; each < queued; ++each) peer.send_to(as_bytes("x"), server.where());
  os::faults::clear();
  server.receive();
  f.run_until([&] { return server.counters().sent == queued; });
  std::uint64_t calls = 0;
  // Of Asio's column the seam does not see what Asio itself calls to wait.
  for (const os::call each : {os::call::recvmmsg, os::call::sendmmsg, os::call::epoll_wait,
                              os::call::epoll_ctl, os::call::poll})
    calls += os::faults::count(each);
  CHECK(os::faults::count(os::call::epoll_ctl) <= 2);  // a reader that comes again stays watched
  os::faults::clear();
  CHECK(calls * 10 <= queued);
  server.close();
  f.check_no_work_left();
#else
  DUET_SKIP("built without the fault seam (DUET_FAULT_SEAM=OFF)");
#endif
}

TEST_CASE_TEMPLATE("cost: no allocation a datagram one by one", Row, asio_udp4, posix_udp4) {
  DUET_NEEDS_COUNTING();
  fixture_of<Row> f;
  typename Row::backend::datagram_socket socket(f.loop());
  socket.bind(f.anywhere());
  struct echo {
    void receive() {
      socket.async_receive_from(buffer, about, [this](std::error_code ec, std::size_t size) {
        if (ec) return;
        socket.async_send_to(std::span(buffer).first(size), about.peer,
                             [this](std::error_code failed, std::size_t) {
                               ++served;
                               if (!failed) receive();
                             });
      });
    }
    typename Row::backend::datagram_socket& socket;
    byte_vector buffer = byte_vector(64);
    datagram_info about{};
    int served = 0;
  } server{socket};
  const endpoint where = socket.local_endpoint();
  server.receive();
  CHECK(allocations_of_loop(f, [&](auto&& mark) {
          const raw_datagram client = raw_datagram::bound(f.anywhere());
          const byte_vector message = some_bytes(32);
          for (int number = 0; number < warm_up + counted; ++number) {
            if (number == warm_up) mark();
            client.send_to(message, where);
            CHECK(client.receive().bytes == message);
          }
        }) == 0);
  socket.close();
  f.check_no_work_left();
}

namespace {

datagram_echo_client_options one_after_another() {
  datagram_echo_client_options how;
  how.interval = std::chrono::seconds(0);
  return how;
}

}  // namespace

TEST_CASE_TEMPLATE("cost: no allocation a datagram of an echo client", Row, asio_udp4, posix_udp4,
                   asio_unixgram, posix_unixgram) {
  DUET_NEEDS_COUNTING();
  fixture_of<Row> f;
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  typename Row::backend::datagram_echo_client client(f.loop(), one_after_another());
  client.async_run(peer.local_endpoint(), f.once("run", [](std::error_code, reply_counts) {}));
  // Its memory of numbers doubles at 1024 and at 2048.
  CHECK(allocations_of_loop(f, [&](auto&& mark) {
          for (int number = 0; number < 2000; ++number) {
            if (number == 1100) mark();
            const auto got = peer.receive();
            peer.send_to(got.bytes, got.peer);
          }
        }) == 0);
  client.cancel();
}

TEST_CASE_TEMPLATE("cost: an echo client sends and receives once a datagram", Row, asio_udp4,
                   posix_udp4) {
#if defined(DUET_FAULT_SEAM) && DUET_FAULT_SEAM
  fixture_of<Row> f;
  const raw_datagram peer = raw_datagram::bound(f.anywhere());
  typename Row::backend::datagram_echo_client client(f.loop(), one_after_another());
  client.async_run(peer.local_endpoint(), f.once("run", [](std::error_code, reply_counts) {}));
  const auto answer = [&](std::uint64_t how_often) {
    for (std::uint64_t each = 0; each < how_often; ++each) {
      const std::uint64_t before = client.progress().sent;
      const auto got = peer.receive();
      peer.send_to(got.bytes, got.peer);
      f.run_until([&] { return client.progress().sent > before; });
    }
  };
  f.run_until([&] { return client.progress().sent == 1; });
  answer(10);
  os::faults::clear();
  answer(100);
  CHECK(os::faults::count(os::call::recvmsg) == 100);
  CHECK(os::faults::count(os::call::sendmsg) == 100);
  CHECK(os::faults::count(os::call::epoll_ctl) == 0);
  os::faults::clear();
  client.cancel();
#else
  DUET_SKIP("built without the fault seam (DUET_FAULT_SEAM=OFF)");
#endif
}
