// SPDX-License-Identifier: MIT
// What a service manager hands in and is told: by hand, and by systemd's own tools where there are any.
#include "duet/os/service_manager.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "duet/endpoint.hpp"
#include "raw_datagram.hpp"
#include "temporary_folder.hpp"

using namespace duet;
using namespace duet::test;

namespace {

struct variables {
  variables(const char* pid, const char* fds, const char* names) {
    ::setenv("LISTEN_PID", pid, 1);
    ::setenv("LISTEN_FDS", fds, 1);
    ::setenv("LISTEN_FDNAMES", names, 1);
  }
  ~variables() {
    for (const char* each : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(each);
  }
  variables(const variables&) = delete;
  variables& operator=(const variables&) = delete;
};

std::string own_pid() { return std::to_string(::getpid()); }

}  // namespace

TEST_CASE("service manager: sockets are taken with their names and once") {
  // In a process of its own, where 3 and 4 are nobody's.
  const pid_t child = ::fork();
  if (child == 0) {
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, 3);
    ::dup2(null, 4);
    const variables set(own_pid().c_str(), "2", "web:");
    std::error_code ec;
    const auto got = os::handed_sockets(ec);
    bool good = !ec && got.size() == 2 && got[0].fd.get() == 3 && got[1].fd.get() == 4 &&
                got[0].name == "web" && got[1].name == "unknown";
    good = good && ::fcntl(3, F_GETFD) == FD_CLOEXEC && ::getenv("LISTEN_FDS") == nullptr;
    good = good && os::handed_sockets(ec).empty() && !ec;
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("service manager: what is another process' is left alone") {
  const variables set("1", "1", "web");
  std::error_code ec;
  CHECK(os::handed_sockets(ec).empty());
  CHECK_FALSE(ec);
  CHECK(std::getenv("LISTEN_FDS") != nullptr);
}

TEST_CASE("service manager: nonsense is an error") {
  for (const char* count : {"x", "-1", "3x", "99999999999999999999"}) {
    CAPTURE(count);
    const variables set(own_pid().c_str(), count, "");
    std::error_code ec;
    CHECK(os::handed_sockets(ec).empty());
    CHECK(ec == std::errc::invalid_argument);
  }
  const variables set(own_pid().c_str(), "60000", "");
  std::error_code ec;
  // In a process of its own: what it takes on the way it closes.
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("LISTEN_PID", own_pid().c_str(), 1);
    const bool empty = os::handed_sockets(ec).empty();
    ::_exit(empty && ec == std::errc::bad_file_descriptor ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("service manager: is told at a path and at an abstract name") {
  const temporary_folder folder;
  for (const std::string& path :
       {folder.fresh_path(), "@duet-notify-" + std::to_string(::getpid())}) {
    const raw_datagram manager = raw_datagram::bound(endpoint::parse("unixgram:" + path));
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    std::error_code ec;
    os::notify_manager("READY=1", ec);
    CHECK_FALSE(ec);
    CHECK(as_text(manager.receive().bytes) == "READY=1");
  }
  std::error_code ec;
  ::setenv("NOTIFY_SOCKET", "relative", 1);
  os::notify_manager("READY=1", ec);
  CHECK(ec == std::errc::invalid_argument);
  ::setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
  os::notify_manager("READY=1", ec);
  CHECK(ec == std::errc::no_such_file_or_directory);
  ::unsetenv("NOTIFY_SOCKET");
  os::notify_manager("READY=1", ec);
  CHECK_FALSE(ec);
}

TEST_CASE("service manager: the watchdog is beaten twice as often as asked") {
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  CHECK(os::watchdog_interval() == std::chrono::microseconds(1'500'000));
  ::setenv("WATCHDOG_PID", own_pid().c_str(), 1);
  CHECK(os::watchdog_interval() == std::chrono::microseconds(1'500'000));
  ::setenv("WATCHDOG_PID", "1", 1);
  CHECK(os::watchdog_interval() == std::chrono::microseconds(0));
  ::unsetenv("WATCHDOG_PID");
  ::setenv("WATCHDOG_USEC", "soon", 1);
  CHECK(os::watchdog_interval() == std::chrono::microseconds(0));
  ::unsetenv("WATCHDOG_USEC");
}
