// SPDX-License-Identifier: MIT
// Children of the harness: started, pinned, listened to, ended on every path.
#include "harness/process.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "harness/counters.hpp"
#include "harness/interrupt.hpp"
#include "harness/output.hpp"
#include "harness/topology.hpp"

using namespace duet::bench;
using namespace std::chrono_literals;

namespace {

constexpr auto long_enough = 15s;

bool exists(pid_t pid) { return ::kill(pid, 0) == 0; }

/// The letter of /proc/PID/stat; '?' if there is no such process.
char state_of(pid_t pid) {
  const auto stat = read_text("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = stat.rfind(')');
  return name_end == std::string::npos ? '?' : stat.at(name_end + 2);
}

}  // namespace

TEST_CASE("child: lines go there and come back") {
  interrupt_source interrupts;
  child cat("cat", {"cat"}, std::nullopt, interrupts);
  cat.write_line("one");
  cat.write_line("two");
  CHECK(cat.read_line(long_enough) == "one");
  CHECK(cat.read_line(long_enough) == "two");
  CHECK(WTERMSIG(cat.end()) == SIGTERM);
  CHECK_FALSE(exists(cat.pid()));
}

TEST_CASE("child: is pinned where it was asked to be") {
  interrupt_source interrupts;
  const int cpu = read_topology().back().id;
  child shell("shell", {"sh", "-c", "grep Cpus_allowed_list /proc/self/status"}, cpu, interrupts);
  CHECK(shell.pinning_error() == 0);
  const auto line = shell.read_line(long_enough);
  CHECK(line.substr(line.find('\t') + 1) == std::to_string(cpu));
}

TEST_CASE("child: a refused pinning is told and the child runs") {
  interrupt_source interrupts;
  child echo("echo", {"echo", "here"}, 4000, interrupts);
  CHECK(echo.pinning_error() != 0);
  CHECK(echo.read_line(long_enough) == "here");
}

TEST_CASE("child: a program that is not there is an error at once") {
  interrupt_source interrupts;
  CHECK_THROWS_AS(child("none", {"/nowhere/duet-arm"}, std::nullopt, interrupts),
                  std::system_error);
}

TEST_CASE("child: one that ends or stays silent is named") {
  interrupt_source interrupts;
  child gone("the-arm", {"true"}, std::nullopt, interrupts);
  CHECK_THROWS_WITH_AS(gone.read_line(long_enough), doctest::Contains("the-arm"),
                       std::runtime_error);
  child silent("the-arm", {"cat"}, std::nullopt, interrupts);
  CHECK_THROWS_WITH_AS(silent.read_line(1ms), doctest::Contains("no answer in time"),
                       std::runtime_error);
}

TEST_CASE("child: writing to one that is gone is an error and no SIGPIPE") {
  interrupt_source interrupts;
  child gone("the-arm", {"true"}, std::nullopt, interrupts);
  CHECK(gone.wait(long_enough) == 0);
  CHECK_THROWS_WITH_AS(gone.write_line("x"), doctest::Contains("the-arm"), std::runtime_error);
  child deaf("deaf", {"sh", "-c", "exec <&-; echo ready; sleep 100"}, std::nullopt, interrupts);
  CHECK(deaf.read_line(long_enough) == "ready");
  CHECK_THROWS_WITH_AS(deaf.write_line("x"), doctest::Contains("deaf"), std::runtime_error);
}

TEST_CASE("child: one that ignores SIGTERM is killed") {
  interrupt_source interrupts;
  child stubborn("shell", {"sh", "-c", "trap '' TERM; echo ready; exec cat"}, std::nullopt,
                 interrupts);
  CHECK(stubborn.read_line(long_enough) == "ready");
  CHECK(WTERMSIG(stubborn.end()) == SIGKILL);
}

TEST_CASE("child: what it started ends with it") {
  interrupt_source interrupts;
  child shell("shell", {"sh", "-c", "sleep 1000 & echo $!; wait"}, std::nullopt, interrupts);
  const auto grandchild = static_cast<pid_t>(std::stol(shell.read_line(long_enough)));
  CHECK(exists(grandchild));
  shell.end();
  // Its new parent may not have collected it yet: a zombie has ended too.
  while (exists(grandchild) && state_of(grandchild) != 'Z') {
  }
}

TEST_CASE("child: a signal to the orchestrator ends the wait and the child") {
  interrupt_source interrupts;
  pid_t pid = 0;
  const auto wait_for_nothing = [&] {
    child silent("cat", {"cat"}, std::nullopt, interrupts);
    pid = silent.pid();
    ::kill(::getpid(), SIGINT);
    silent.read_line(long_enough);
  };
  CHECK_THROWS_AS(wait_for_nothing(), interrupted);
  CHECK_FALSE(exists(pid));
}

TEST_CASE("output of a command: its text or nothing") {
  interrupt_source interrupts;
  CHECK(output_of({"echo", "a b"}, interrupts) == "a b\n");
  CHECK_FALSE(output_of({"false"}, interrupts));
  CHECK_FALSE(output_of({"duet-no-such-program"}, interrupts));
}

TEST_CASE("output folder: a new one by time with a link to the latest") {
  const auto parent =
      std::filesystem::temp_directory_path() / ("duet-bench-test-" + std::to_string(::getpid()));
  const auto first = make_output_folder("", parent);
  const auto second = make_output_folder("", parent);
  CHECK(first != second);
  CHECK(std::filesystem::equivalent(parent / "latest", second));
  const auto wanted = make_output_folder((parent / "a/b").string(), parent);
  write_file(wanted / "x.json", "{}");
  CHECK(std::filesystem::file_size(wanted / "x.json") == 2);
  CHECK_THROWS_AS(write_file(parent / "missing/x.json", "{}"), std::runtime_error);
  std::filesystem::remove_all(parent);
}
