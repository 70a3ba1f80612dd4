// SPDX-License-Identifier: MIT
// worker: what a column's loop owes its supervisor: ready, heartbeats, counters, a drain when it is told to and when nobody is left to tell it.
#include "../os/staff.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <system_error>
#include <utility>
#include <vector>

#include "backends.hpp"
#include "duet/resolve_options.hpp"
#include "duet/resolve_result.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

TEST_CASE_TEMPLATE("worker: it is told to drain once and puts its counters down a last time",
                   Backend, DUET_BACKENDS) {
  staff of(2);
  of.setup.worker = [](os::worker_context& context) {
    typename Backend::loop loop;
    typename Backend::worker worker(loop, context);
    typename Backend::timer soon(loop);
    std::uint64_t drains = 0;
    worker.start([&] { context.count(0, drains); },
                 [&] {
                   ++drains;
                   ::raise(SIGTERM);  // of a group's, and of the supervisor's: once more
                   soon.expires_after(1ms);
                   soon.async_wait([&](std::error_code) { worker.stop(); });
                 });
    loop.run();
    return 0;
  };
  of.on_news = [&](const supervisor_news& what) {
    if (what.event == supervisor_event::all_ready) of.boss->stop();
  };
  CHECK(of.run().code == 0);
  CHECK(of.count(supervisor_event::drained) == 2);
  CHECK(of.total[0] == 2);
}

TEST_CASE_TEMPLATE("worker: it beats as long as its loop turns", Backend, DUET_BACKENDS) {
  staff of(1);
  of.setup.options.hang_timeout = 400ms;
  of.setup.counters = {os::counter_rule::present};
  of.setup.worker = [](os::worker_context& context) {
    typename Backend::loop loop;
    typename Backend::worker worker(loop, context);
    std::uint64_t told = 0;
    worker.start([&] { context.count(0, ++told); }, [&] { worker.stop(); });
    loop.run();
    return 0;
  };
  // Of one life, which without a beat ends after four of them. On a machine that stands still so long it may take another.
  of.setup.tick = 1ms;
  bool lived = false;
  of.setup.on_tick = [&] {
    if (lived || of.boss->total()[0] < 8) return;
    lived = true;
    of.boss->stop();
  };
  of.on_news = [&](const supervisor_news&) {
    if (of.count(supervisor_event::hung) == 5) of.boss->stop();
  };
  CHECK(of.run().code == 0);
  CHECK(lived);
}

TEST_CASE_TEMPLATE("worker: it drains when its supervisor has gone", Backend, DUET_BACKENDS) {
  raw_pipe told;
  const pid_t boss = ::fork();
  if (boss == 0) {
    staff of(1);
    of.setup.death_signal = 0;
    of.setup.descriptors = [&](std::size_t) { return std::vector{told.in.fd()}; };
    of.setup.worker = [](os::worker_context& context) {
      ::alarm(45);  // should nobody end it
      const int to = context.descriptors().front();
      typename Backend::loop loop;
      typename Backend::worker worker(loop, context);
      worker.start([] {},
                   [&] {
                     static_cast<void>(::write(to, "d", 1));
                     worker.stop();
                   });
      static_cast<void>(::write(to, "r", 1));
      loop.run();
      return 0;
    };
    of.run();
    ::_exit(0);
  }
  told.in.close();
  char said = 0;
  CHECK(::read(told.out.fd(), &said, 1) == 1);
  CHECK(said == 'r');
  REQUIRE(::kill(boss, SIGKILL) == 0);
  REQUIRE(::waitpid(boss, nullptr, 0) == boss);
  CHECK(::read(told.out.fd(), &said, 1) == 1);
  CHECK(said == 'd');
  CHECK(::read(told.out.fd(), &said, 1) == 0);  // and ends
}

TEST_CASE_TEMPLATE("worker: it looks names up" * doctest::test_suite("no-tsan"), Backend,
                   DUET_BACKENDS) {
  staff of(2);
  of.setup.worker = [](os::worker_context& context) {
    typename Backend::loop loop;
    typename Backend::worker worker(loop, context);
    typename Backend::resolver names(loop);
    worker.start([] {}, [&] { worker.stop(); });
    names.async_resolve("localhost", "80", resolve_options(),
                        [&](std::error_code ec, const resolve_result& found) {
                          context.count(0, ec || found.endpoints.empty() ? 0 : 1);
                        });
    loop.run();
    return 0;
  };
  of.setup.tick = 1ms;
  bool stopped = false;  // once: the second stop would kill
  of.setup.on_tick = [&] {
    if (of.boss->total()[0] == 2 && !std::exchange(stopped, true)) of.boss->stop();
  };
  CHECK(of.run().code == 0);
  CHECK(of.total[0] == 2);
}
