// SPDX-License-Identifier: MIT
// What only the POSIX column has: one operation a direction, one owner a signal, handlers that live inside the operation, blocking
// calls that are the bare calls, and a loop that does not spin on what nobody waits for.
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>

#include "duet/error.hpp"
#include "duet/on_posix/detail/handler.hpp"
#include "duet/on_posix/detail/io_source.hpp"
#include "duet/os/fault.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"
#include "skip.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

using posix_fixture = fixture<on_posix::backend>;

TEST_CASE("posix: a second operation in the same direction is refused and the first goes on") {
  posix_fixture f;
  auto [one, other] = f.connected_pair();
  byte_vector buffer(8);
  result first;
  result second;
  result wait;
  one.async_read_some(buffer, f.into(first, "first"));
  one.async_read_some(buffer, f.into(second, "second"));
  one.async_wait(wait_type::read, f.into(wait, "wait"));
  f.run_until([&] { return second.done && wait.done; });
  CHECK(errc_of(second.ec) == std::errc::operation_in_progress);
  CHECK(errc_of(wait.ec) == std::errc::operation_in_progress);
  CHECK_FALSE(first.done);
  std::error_code ec;
  CHECK(other.try_write_some(as_bytes("x"), ec) == 1U);
  f.run_until([&] { return first.done; });
  CHECK_FALSE(first.ec);
}

TEST_CASE("posix: a second accept or timer wait is refused too") {
  posix_fixture f;
  on_posix::listener door(f.loop());
  door.listen(f.anywhere());
  result accept;
  door.async_accept(f.once("first", [](std::error_code, on_posix::stream) {}));
  door.async_accept(f.once("second", [&](std::error_code ec, on_posix::stream) {
    accept = {true, ec, 0};
  }));
  on_posix::timer timer(f.loop());
  timer.expires_after(1h);
  result first;
  result second;
  timer.async_wait(f.into(first, "first wait"));
  timer.async_wait(f.into(second, "second wait"));
  f.run_until([&] { return accept.done && second.done; });
  CHECK(errc_of(accept.ec) == std::errc::operation_in_progress);
  CHECK(errc_of(second.ec) == std::errc::operation_in_progress);
  door.close();
  timer.cancel();
  f.run_until_all_called();
  CHECK(errc_of(first.ec) == std::errc::operation_canceled);
}

TEST_CASE("posix: a signal belongs to one set at a time") {
  posix_fixture f;
  int got = 0;
  {
    on_posix::signal_set owner(f.loop(), {SIGUSR1});
    const auto error_of = [&](std::initializer_list<int> signals) {
      try {
        on_posix::signal_set(f.loop(), signals);
      } catch (const std::system_error& error) {
        return errc_of(error.code());
      }
      return std::errc{};
    };
    CHECK(error_of({SIGUSR2, SIGUSR1}) == std::errc::device_or_resource_busy);
    CHECK(error_of({SIGUSR2}) == std::errc{});  // what the failed one had taken is free again
    CHECK(error_of({0}) == std::errc::invalid_argument);
    CHECK(error_of({SIGKILL}) == std::errc::invalid_argument);
    owner.async_wait(f.once("signal", [&](std::error_code, int signal) { got = signal; }));
    ::raise(SIGUSR1);
    f.run_until([&] { return got != 0; });
  }
  CHECK(got == SIGUSR1);
}

TEST_CASE("posix: handlers are moved and destroyed as often as they are made") {
  using handler = on_posix::detail::handler<int(int)>;
  const auto token = std::make_shared<int>(40);
  std::array<std::byte, 100> ballast{};
  const auto small = [token](int add) { return *token + add; };
  const auto large = [token, ballast](int add) {
    return *token + add + static_cast<int>(ballast[0]);
  };
  static_assert(sizeof(small) <= handler::inline_bytes);
  static_assert(sizeof(large) > handler::inline_bytes);
  const long held = token.use_count();
  {
    handler inside(small);
    handler outside(large);
    CHECK(token.use_count() == held + 2);
    CHECK(inside(2) == 42);
    CHECK(outside(3) == 43);
    handler moved(std::move(inside));
    CHECK_FALSE(static_cast<bool>(inside));
    CHECK(moved(1) == 41);
    moved = std::move(outside);
    CHECK(token.use_count() == held + 1);
    CHECK(moved(5) == 45);
    moved.reset();
    CHECK(token.use_count() == held);
  }
  CHECK(token.use_count() == held);
}

TEST_CASE("posix: blocking calls are the bare calls") {
  const posix_fixture f;
  on_posix::blocking::server server(f.anywhere());
  auto client = on_posix::blocking::connect(server.local_endpoint());
  auto accepted = server.accept();
  byte_vector buffer(8);
  std::error_code ec;
  CHECK(accepted.recv(buffer, MSG_DONTWAIT, ec) == 0);
  CHECK(errc_of(ec) == std::errc::resource_unavailable_try_again);
  CHECK_THROWS_AS(accepted.recv(buffer, MSG_DONTWAIT), std::system_error);
}

TEST_CASE("posix: the loop does not spin on what nobody waits for") {
#if defined(DUET_FAULT_SEAM) && DUET_FAULT_SEAM
  posix_fixture f;
  auto [idle, peer] = f.connected_pair();
  auto [hung_up, gone] = f.connected_pair();
  byte_vector buffer(8);
  for (on_posix::stream* each : {&idle, &hung_up}) {
    result once_watched;  // so that the loop knows it
    each->async_wait(wait_type::write, f.into(once_watched, "writable"));
    f.run_until([&] { return once_watched.done; });
    result read;
    each->async_read_some(buffer, f.into(read, "read"));
    f.run_ready();
    each->cancel(wait_type::read);
    f.run_until([&] { return read.done; });
  }
  std::error_code ec;
  CHECK(peer.try_write_some(as_bytes("unread"), ec) == 6U);
  gone.close();
  hung_up.shutdown(shutdown_type::send);
  on_posix::timer timer(f.loop());
  timer.expires_after(50ms);
  result wait;
  timer.async_wait(f.into(wait, "timer"));
  os::faults::clear();
  f.run_until([&] { return wait.done; });
  CHECK(os::faults::count(os::call::epoll_wait) < 20);  // a loop that spins makes thousands
  os::faults::clear();
#else
  DUET_SKIP("built without the fault seam (DUET_FAULT_SEAM=OFF)");
#endif
}

TEST_CASE("posix source: an idle connection pays for no byte too many") {
  // Of its 512 B this is what most changes reach; 88 and malloc's own word are 96.
  if (sizeof(void*) == 8) CHECK(sizeof(on_posix::detail::io_source) <= 88);
}
