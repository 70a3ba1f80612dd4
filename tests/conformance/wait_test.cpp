// SPDX-License-Identifier: MIT
// What a loop waits for besides sockets: timer, signal_set, descriptor. No case here says how fast.
#include <fcntl.h>
#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "errors.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

struct signal_result {
  bool done = false;
  std::error_code ec;
  int signal = 0;
};

/// A handler of a signal_set that puts down what it got.
auto put_down(signal_result& to) {
  return [&to](std::error_code ec, int signal) { to = {true, ec, signal}; };
}

using plain_handler = void (*)(int);

plain_handler disposition(int signal) {
  struct sigaction now {};
  sigaction(signal, nullptr, &now);
  return now.sa_handler;
}

/// Fills a pipe, whose writing end it makes non-blocking for that long.
void fill(const raw_socket& in) {
  const int flags = fcntl(in.fd(), F_GETFL);
  fcntl(in.fd(), F_SETFL, flags | O_NONBLOCK);
  const byte_vector bytes(4096);
  while (::write(in.fd(), bytes.data(), bytes.size()) > 0) continue;
  fcntl(in.fd(), F_SETFL, flags);
}

}  // namespace

TEST_CASE_TEMPLATE("timer: fires in the order of deadlines and never early", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  using clock = std::chrono::steady_clock;
  typename Backend::timer late(f.loop());
  typename Backend::timer soon(f.loop());
  typename Backend::timer middle(f.loop());
  // Deadlines count from each call: where setting them took too long to tell them apart, they are set again.
  clock::time_point start;
  do {
    start = clock::now();
    late.expires_after(60ms);
    soon.expires_after(1ms);
    middle.expires_after(30ms);
  } while (clock::now() - start > 20ms);
  std::string order;
  const auto note = [&](char which, std::chrono::milliseconds after) {
    return f.once(std::string("timer ") + which, [&order, which, after, start](std::error_code ec) {
      CHECK_FALSE(ec);
      CHECK(clock::now() - start >= after);
      order += which;
    });
  };
  late.async_wait(note('l', 60ms));
  soon.async_wait(note('s', 1ms));
  middle.async_wait(note('m', 30ms));
  f.run_until_all_called();
  CHECK(order == "sml");
}

TEST_CASE_TEMPLATE("timer: what is past or now fires and waiting twice fires twice", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::timer timer(f.loop());
  for (const auto after :
       {std::chrono::nanoseconds(0), std::chrono::nanoseconds(-5s), std::chrono::nanoseconds(1)}) {
    timer.expires_after(after);
    result first;
    timer.async_wait(f.into(first, "first"));
    f.run_until([&] { return first.done; });
    CHECK_FALSE(first.ec);
    result again;
    timer.async_wait(f.into(again, "again"));
    f.run_until([&] { return again.done; });
    CHECK_FALSE(again.ec);
  }
}

TEST_CASE_TEMPLATE("timer: cancel and re-arming and destruction end a wait", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  auto timer = std::make_unique<typename Backend::timer>(f.loop());
  result cancelled;
  result rearmed;
  result destroyed;
  timer->cancel();  // nothing to cancel
  timer->expires_after(1h);
  timer->async_wait(f.into(cancelled, "cancelled"));
  timer->cancel();
  f.run_until_all_called();
  CHECK(errc_of(cancelled.ec) == std::errc::operation_canceled);

  timer->async_wait(f.into(rearmed, "re-armed"));
  timer->expires_after(1ms);
  result fired;
  timer->async_wait(f.into(fired, "fired"));
  f.run_until_all_called();
  CHECK(errc_of(rearmed.ec) == std::errc::operation_canceled);
  CHECK_FALSE(fired.ec);

  timer->expires_after(1h);
  timer->async_wait(f.into(destroyed, "destroyed"));
  timer.reset();
  f.run_until_all_called();
  CHECK(errc_of(destroyed.ec) == std::errc::operation_canceled);
}

TEST_CASE_TEMPLATE("timer: 64 bits of far deadlines", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  // 2^31 ms are 25 days, 2^32 ms 50; the last one is beyond the clock's range.
  std::vector<std::unique_ptr<typename Backend::timer>> timers;
  std::vector<result> results(4);
  const std::chrono::nanoseconds all[] = {25 * 24h, 50 * 24h, 200 * 365 * 24h,
                                          std::chrono::nanoseconds::max()};
  for (std::size_t each = 0; each < results.size(); ++each) {
    timers.push_back(std::make_unique<typename Backend::timer>(f.loop()));
    timers.back()->expires_after(all[each]);
    timers.back()->async_wait(f.into(results[each], "far"));
  }
  result near;
  typename Backend::timer soon(f.loop());
  soon.expires_after(1ms);
  soon.async_wait(f.into(near, "near"));
  f.run_until([&] { return near.done; });
  f.run_ready();
  for (const result& each : results) CHECK_FALSE(each.done);
  for (auto& each : timers) each->cancel();
  f.run_until_all_called();
  for (const result& each : results) CHECK(errc_of(each.ec) == std::errc::operation_canceled);
}

TEST_CASE_TEMPLATE("timer: moves with its wait", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::timer first(f.loop());
  first.expires_after(5ms);
  result wait;
  first.async_wait(f.into(wait, "moved"));
  typename Backend::timer second(std::move(first));
  f.run_until([&] { return wait.done; });
  CHECK_FALSE(wait.ec);

  result dropped;
  second.expires_after(1h);
  second.async_wait(f.into(dropped, "dropped"));
  second = typename Backend::timer(f.loop());
  f.run_until([&] { return dropped.done; });
  CHECK(errc_of(dropped.ec) == std::errc::operation_canceled);
}

TEST_CASE_TEMPLATE("signals: are told to who asked and kept between waits", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::signal_set signals(f.loop(), {SIGUSR1, SIGUSR2});
  signal_result first;
  signals.async_wait(f.once("first", put_down(first)));
  f.run_ready();
  CHECK_FALSE(first.done);
  ::raise(SIGUSR2);
  f.run_until([&] { return first.done; });
  CHECK_FALSE(first.ec);
  CHECK(first.signal == SIGUSR2);

  ::raise(SIGUSR1);  // nobody waits just now
  f.run_ready();
  signal_result second;
  signals.async_wait(f.once("second", put_down(second)));
  f.run_until([&] { return second.done; });
  CHECK(second.signal == SIGUSR1);

  signal_result cancelled;
  signals.async_wait(f.once("cancelled", put_down(cancelled)));
  f.run_ready();
  signals.cancel();
  f.run_until([&] { return cancelled.done; });
  CHECK(errc_of(cancelled.ec) == std::errc::operation_canceled);
}

TEST_CASE_TEMPLATE("signals: another thread's signal wakes a loop that sleeps", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::signal_set signals(f.loop(), {SIGUSR1});
  signal_result got;
  signals.async_wait(f.once("signal", put_down(got)));
  std::thread sender([] { ::kill(::getpid(), SIGUSR1); });
  f.run_until([&] { return got.done; });
  sender.join();
  CHECK(got.signal == SIGUSR1);
}

TEST_CASE_TEMPLATE("signals: destruction ends a wait and puts the dispositions back", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  REQUIRE((disposition(SIGUSR1) == SIG_DFL));
  signal_result destroyed;
  {
    typename Backend::signal_set signals(f.loop(), {SIGUSR1});
    CHECK((disposition(SIGUSR1) != SIG_DFL));
    CHECK((disposition(SIGUSR2) == SIG_DFL));  // nobody asked for that one
    signals.async_wait(f.once("destroyed", put_down(destroyed)));
    f.run_ready();
  }
  CHECK((disposition(SIGUSR1) == SIG_DFL));
  f.run_until([&] { return destroyed.done; });
  CHECK(errc_of(destroyed.ec) == std::errc::operation_canceled);
}

TEST_CASE_TEMPLATE("signals: a disposition that was not the default comes back", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  std::signal(SIGUSR2, SIG_IGN);
  {
    typename Backend::signal_set signals(f.loop(), {SIGUSR2});
    CHECK((disposition(SIGUSR2) != SIG_IGN));
  }
  CHECK((disposition(SIGUSR2) == SIG_IGN));
  std::signal(SIGUSR2, SIG_DFL);
}

TEST_CASE_TEMPLATE("descriptor: a pipe is waited for and left as it is", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_pipe pipe;
  const int flags = fcntl(pipe.out.fd(), F_GETFL);
  {
    typename Backend::descriptor out(f.loop(), pipe.out.fd());
    typename Backend::descriptor in(f.loop(), pipe.in.fd());
    result readable;
    result writable;
    out.async_wait(wait_type::read, f.into(readable, "readable"));
    in.async_wait(wait_type::write, f.into(writable, "writable"));
    f.run_until([&] { return writable.done; });
    CHECK_FALSE(writable.ec);
    CHECK_FALSE(readable.done);
    fill(pipe.in);
    f.run_until([&] { return readable.done; });
    CHECK_FALSE(readable.ec);
    // Level-triggered: nothing was taken, so it is told again; and there is no room now.
    result again;
    result room;
    out.async_wait(wait_type::read, f.into(again, "again"));
    in.async_wait(wait_type::write, f.into(room, "room"));
    f.run_until([&] { return again.done; });
    f.run_ready();
    CHECK_FALSE(room.done);
    in.cancel();
    f.run_until([&] { return room.done; });
    CHECK(errc_of(room.ec) == std::errc::operation_canceled);
    CHECK(fcntl(pipe.out.fd(), F_GETFL) == flags);
  }
  CHECK(fcntl(pipe.out.fd(), F_GETFD) == FD_CLOEXEC);  // open still
  CHECK(fcntl(pipe.in.fd(), F_GETFD) == FD_CLOEXEC);
}

TEST_CASE_TEMPLATE("descriptor: the end of a pipe is readiness", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  raw_pipe pipe;
  typename Backend::descriptor out(f.loop(), pipe.out.fd());
  result end;
  out.async_wait(wait_type::read, f.into(end, "end"));
  f.run_ready();
  CHECK_FALSE(end.done);
  pipe.in.close();
  f.run_until([&] { return end.done; });
  CHECK_FALSE(end.ec);
  std::byte byte{};
  CHECK(::read(pipe.out.fd(), &byte, 1) == 0);
  result again;
  out.async_wait(wait_type::read, f.into(again, "again"));
  f.run_until([&] { return again.done; });
  CHECK_FALSE(again.ec);
}

TEST_CASE_TEMPLATE("descriptor: both directions wait at the same time", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const raw_socket mine(ends[0]);
  const raw_socket other(ends[1]);
  typename Backend::descriptor both(f.loop(), mine.fd());
  result readable;
  result writable;
  both.async_wait(wait_type::read, f.into(readable, "readable"));
  both.async_wait(wait_type::write, f.into(writable, "writable"));
  f.run_until([&] { return writable.done; });
  CHECK_FALSE(readable.done);
  other.send_all(as_bytes("x"));
  f.run_until([&] { return readable.done; });
  CHECK_FALSE(readable.ec);
}

TEST_CASE_TEMPLATE("descriptor: a regular file is always ready", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const std::string path = f.folder.fresh_path();
  const raw_socket file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(file.fd() >= 0);
  REQUIRE(::unlink(path.c_str()) == 0);
  typename Backend::descriptor ready(f.loop(), file.fd());
  for (int each = 0; each < 3; ++each) {
    result readable;
    result writable;
    ready.async_wait(wait_type::read, f.into(readable, "readable"));
    ready.async_wait(wait_type::write, f.into(writable, "writable"));
    f.run_until_all_called();
    CHECK_FALSE(readable.ec);
    CHECK_FALSE(writable.ec);
  }
}

TEST_CASE_TEMPLATE("descriptor: one that is not open is an error", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::descriptor none(f.loop(), -1);
  result wait;
  none.async_wait(wait_type::read, f.into(wait, "wait"));
  f.run_until_all_called();
  CHECK(errc_of(wait.ec) == std::errc::bad_file_descriptor);
  none.cancel();
}

TEST_CASE_TEMPLATE("descriptor: destruction ends a wait", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_pipe pipe;
  result wait;
  {
    typename Backend::descriptor out(f.loop(), pipe.out.fd());
    out.async_wait(wait_type::read, f.into(wait, "wait"));
    f.run_ready();
  }
  f.run_until_all_called();
  CHECK(errc_of(wait.ec) == std::errc::operation_canceled);
}
