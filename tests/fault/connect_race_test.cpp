// SPDX-License-Identifier: MIT
// A connect by name in which every system call fails once, each in its turn: its handler is called once, nothing stays open, and it is whole or
// says the error. Of what fails in one attempt, the next one may make good. What Asio itself calls does not pass the seam.
#include <cerrno>
#include <optional>

#include "errors.hpp"
#include "fault_plan.hpp"
#include "fixture.hpp"
#include "race_result.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;

namespace {

constexpr call_name race_calls[] = {
    {os::call::bind, "bind"},
    {os::call::close, "close"},
    {os::call::connect, "connect"},
    {os::call::epoll_ctl, "epoll_ctl"},
    {os::call::getpeername, "getpeername"},
    {os::call::getsockname, "getsockname"},
    {os::call::getsockopt, "getsockopt"},
    {os::call::setsockopt, "setsockopt"},
    {os::call::socket, "socket"},
};

/// Whether the plan struck.
template <class Backend>
bool strike(const call_name& call, std::uint64_t n, const char* host) {
  const int error = fitting_error(call.which);
  INFO(call.name, " number ", n, " of ", host, " fails with errno ", error);
  fixture<Backend> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  error_log log;  // outlives the stream, which tells it of its end
  typename Backend::stream client(f.loop());
  connect_options options;
  options.watcher = &log;
  options.socket.nodelay = true;
  options.local = endpoint::wildcard(transport::tcp, 0);
  const std::string port = std::to_string(door.local_endpoint().port());
  race_result end;
  start_race(f, client, host, port, options, end);
  const planned fault(call.which, nth(n, error));
  f.run_until([&] { return end.done; });
  const bool struck = fault.calls() >= n;
  INFO("ended with: ", end.ec.message(), "; ", attempts_of(end.report));
  CHECK(client.is_open() == !end.ec);
  if (end.ec) {
    // The last address may have been refused, where nobody listens, and the fault have been the one before's.
    const bool known = errc_of(end.ec) == static_cast<std::errc>(error) ||
                       errc_of(end.ec) == std::errc::connection_refused;
    CHECK(struck);
    CHECK(known);
    bool told = false;
    for (const auto& each : end.report.attempts)
      told = told || errc_of(each.error) == static_cast<std::errc>(error);
    CHECK(told);
  }
  return struck;
}

}  // namespace

TEST_CASE_TEMPLATE("connect race: each step fails once in its turn", Backend, DUET_BACKENDS) {
  DUET_NEEDS_SEAM();
  int strikes = 0;
  for (const char* const host : {"127.0.0.1", "localhost"}) {
    for (const call_name& call : race_calls) {
      std::uint64_t n = 1;
      while (n < 100 && strike<Backend>(call, n, host)) ++n;
      CHECK(n < 100);
      strikes += static_cast<int>(n) - 1;
    }
  }
  CHECK(strikes >= 10);
}
