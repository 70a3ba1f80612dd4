// SPDX-License-Identifier: MIT
// What a whole echo (listen, accept, connect, write, read, half-close, close) comes to when its system calls fail, are interrupted or are
// cut short, one after another: an error that says so or a success, never a hang, a crash or a descriptor left.
#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "backends.hpp"
#include "bytes.hpp"
#include "descriptors.hpp"
#include "duet/error.hpp"
#include "duet/os/fault.hpp"
#include "skip.hpp"

#if defined(DUET_FAULT_SEAM) && DUET_FAULT_SEAM
#define DUET_NEEDS_SEAM() (void)0
#else
#define DUET_NEEDS_SEAM() DUET_SKIP("this build has no fault seam (DUET_FAULT_SEAM)")
#endif

namespace duet::test {
namespace {

using namespace std::chrono_literals;
using os::call;

/// Forgets the plans when it goes.
struct no_faults_left {
  ~no_faults_left() { os::faults::clear(); }
};

/// One client of one echo server on one loop.
template <class Backend>
class round_trip {
 public:
  explicit round_trip(std::size_t size) : sent_(some_bytes(size, 7)) {}

  /// "" if every byte came back and then the end; else what went wrong.
  std::string run() try {
    typename Backend::loop loop;
    typename Backend::echo_server server(loop);
    const endpoint at = server.listen({transport::tcp, address::loopback_v4(), 0});
    server.start();
    typename Backend::stream client(loop);
    client_ = &client;
    server_ = &server;
    Backend::async_connect(client, at, {}, [this](std::error_code ec) {
      if (ec) return end("connect", ec);
      write();
      read();
    });
    loop.run_for(15s);
    return outcome_.value_or("it hangs");
  } catch (const std::system_error& failed) {
    return failed.what();
  }

 private:
  void write() {
    client_->async_write(sent_, [this](std::error_code ec, std::size_t) {
      if (ec) return end("write", ec);
      std::error_code failed;
      client_->shutdown(shutdown_type::send, failed);
      if (failed) end("shutdown", failed);
    });
  }

  void read() {
    client_->async_read_some(buffer_, [this](std::error_code ec, std::size_t size) {
      got_.insert(got_.end(), buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size));
      if (!ec) return read();
      const bool whole = ec == condition::end_of_stream && got_ == sent_;
      end(whole ? "" : "read", whole ? std::error_code() : ec);
    });
  }

  void end(const std::string& what, std::error_code ec) {
    if (outcome_) return;
    outcome_ = ec ? what + ": " + ec.message() : what;
    client_->close();
    server_->stop();
  }

  byte_vector sent_;
  byte_vector got_;
  std::array<std::byte, 4096> buffer_{};
  typename Backend::stream* client_ = nullptr;
  typename Backend::echo_server* server_ = nullptr;
  std::optional<std::string> outcome_;
};

/// A round trip under a plan; whether the plan struck at all.
template <class Backend>
bool strike(call which, std::uint64_t number, int error, std::string& outcome) {
  const no_faults_left end;
  const auto before = open_descriptors();
  os::faults::plan(which, {number, 1, error, static_cast<std::size_t>(-1)});
  outcome = round_trip<Backend>(1000).run();
  const bool struck = os::faults::count(which) >= number;
  CHECK(opened_since(before).empty());
  return struck;
}

struct planned {
  call which;
  const char* name;
  int error;
};

TEST_CASE_TEMPLATE("fault: every call of an echo fails in turn", Backend, DUET_BACKENDS) {
  DUET_NEEDS_SEAM();
  for (const planned& each :
       {planned{call::socket, "socket", EMFILE}, planned{call::setsockopt, "setsockopt", EACCES},
        planned{call::bind, "bind", EADDRINUSE}, planned{call::listen, "listen", EADDRINUSE},
        planned{call::accept4, "accept4", EMFILE}, planned{call::accept4, "accept4", ECONNABORTED},
        planned{call::connect, "connect", ECONNREFUSED},
        planned{call::getsockname, "getsockname", ENOBUFS},
        planned{call::getpeername, "getpeername", ENOTCONN},
        planned{call::getsockopt, "getsockopt", ENOBUFS}, planned{call::recv, "recv", ECONNRESET},
        planned{call::send, "send", EPIPE}, planned{call::shutdown, "shutdown", ENOTCONN},
        planned{call::close, "close", EIO}, planned{call::epoll_create1, "epoll_create1", EMFILE},
        planned{call::eventfd, "eventfd", EMFILE}, planned{call::epoll_ctl, "epoll_ctl", ENOMEM},
        planned{call::epoll_wait, "epoll_wait", EBADF}}) {
    std::string outcome;
    for (std::uint64_t number = 1; strike<Backend>(each.which, number, each.error, outcome);
         ++number) {
      CAPTURE(each.name);
      CAPTURE(number);
      CHECK(outcome != "it hangs");
      REQUIRE(number < 1000);
    }
    // What did not strike is an echo like any other.
    CHECK(outcome.empty());
  }
}

TEST_CASE_TEMPLATE("fault: an interrupted call is made again", Backend, DUET_BACKENDS) {
  DUET_NEEDS_SEAM();
  for (const planned& each :
       {planned{call::accept4, "accept4", EINTR}, planned{call::recv, "recv", EINTR},
        planned{call::send, "send", EINTR}, planned{call::epoll_wait, "epoll_wait", EINTR}}) {
    std::string outcome;
    std::uint64_t number = 1;
    for (; strike<Backend>(each.which, number, each.error, outcome); ++number) {
      CAPTURE(each.name);
      CAPTURE(number);
      CHECK(outcome == "");
    }
    CHECK(outcome == "");
  }
}

TEST_CASE_TEMPLATE("fault: reads and writes of one byte bring everything back", Backend,
                   DUET_BACKENDS) {
  DUET_NEEDS_SEAM();
  const no_faults_left end;
  os::faults::plan(call::recv, {1, static_cast<std::uint64_t>(-1), 0, 1});
  os::faults::plan(call::send, {1, static_cast<std::uint64_t>(-1), 0, 1});
  CHECK(round_trip<Backend>(3000).run() == "");
  CHECK(os::faults::count(call::recv) > 3000);
  CHECK(os::faults::count(call::send) >= 3000);
}

TEST_CASE_TEMPLATE("fault: a listener's error names the step and the endpoint", Backend,
                   DUET_BACKENDS) {
  DUET_NEEDS_SEAM();
  for (const planned& each :
       {planned{call::socket, "socket tcp://127.0.0.1:0: Too many open files", EMFILE},
        planned{call::setsockopt, "setsockopt SO_REUSEADDR tcp://127.0.0.1:0: Permission denied",
                EACCES}}) {
    const no_faults_left end;
    typename Backend::loop loop;
    typename Backend::listener door(loop);
    os::faults::plan(each.which, {1, 1, each.error, 0});
    CHECK_THROWS_WITH_AS(door.listen({transport::tcp, address::loopback_v4(), 0}), each.name,
                         std::system_error);
    CHECK_FALSE(door.is_open());
  }
}

TEST_CASE_TEMPLATE("fault: accepting pauses while descriptors are short, and goes on", Backend,
                   DUET_BACKENDS) {
  DUET_NEEDS_SEAM();
  for (const int scarce : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM}) {
    const no_faults_left end;
    CAPTURE(scarce);
    os::faults::plan(call::accept4, {1, 3, scarce, 0});
    CHECK(round_trip<Backend>(10).run() == "");
    // Three in vain, one that took the client, and the looks around it: nothing spun.
    CHECK(os::faults::count(call::accept4) < 10);
  }
}

TEST_CASE_TEMPLATE("fault: connections that are gone before they are accepted are passed over",
                   Backend, DUET_BACKENDS) {
  DUET_NEEDS_SEAM();
  for (const int gone : {ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET,
                         EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH}) {
    for (const std::uint64_t times : {1U, 20U}) {
      const no_faults_left end;
      CAPTURE(gone);
      os::faults::plan(call::accept4, {1, times, gone, 0});
      CHECK(round_trip<Backend>(10).run() == "");
    }
  }
}

// Edge-triggered reactors take a would-block at its word, so only level-triggered epoll survives a lie.
TEST_CASE("fault: a false would-block costs a turn and nothing else on POSIX") {
  DUET_NEEDS_SEAM();
  for (const call which : {call::recv, call::send, call::accept4}) {
    std::string outcome;
    for (std::uint64_t number = 1; strike<on_posix::backend>(which, number, EAGAIN, outcome);
         ++number) {
      CAPTURE(number);
      CHECK(outcome == "");
    }
  }
}

}  // namespace
}  // namespace duet::test
