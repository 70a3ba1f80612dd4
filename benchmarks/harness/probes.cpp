// SPDX-License-Identifier: MIT
// See probes.hpp. The median of several short turns each: one turn in which the machine did something else is no matter.
#include "harness/probes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <functional>

#include "harness/statistics.hpp"

namespace duet::bench {

namespace {

using probe_clock = std::chrono::steady_clock;

constexpr int probe_turns = 7;

/// The median over the turns of the nanoseconds of one call.
double ns_of(int calls, const std::function<void()>& call) {
  std::vector<double> took;
  for (int turn = 0; turn < probe_turns; ++turn) {
    const auto start = probe_clock::now();
    for (int i = 0; i < calls; ++i) call();
    const std::chrono::duration<double, std::nano> elapsed = probe_clock::now() - start;
    took.push_back(elapsed.count() / calls);
  }
  return median(std::move(took));
}

bool pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

/// Keeps where this process may run, and restores it.
class kept_affinity {
 public:
  kept_affinity() { ok_ = ::sched_getaffinity(0, sizeof set_, &set_) == 0; }
  ~kept_affinity() {
    if (ok_) ::sched_setaffinity(0, sizeof set_, &set_);
  }
  kept_affinity(const kept_affinity&) = delete;
  kept_affinity& operator=(const kept_affinity&) = delete;

 private:
  cpu_set_t set_{};
  bool ok_ = false;
};

[[noreturn]] void echo_bytes(int from, int to, int cpu, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  char byte = 0;
  if (::getppid() != parent || !pin_to(cpu)) ::_exit(1);
  while (::read(from, &byte, 1) == 1 && ::write(to, &byte, 1) == 1) {
  }
  ::_exit(0);
}

/// Two pipes and a process at their other end.
class pipe_pair {
 public:
  explicit pipe_pair(int cpu) {
    if (::pipe2(there_, O_CLOEXEC) != 0 || ::pipe2(back_, O_CLOEXEC) != 0) return;
    const pid_t self = ::getpid();
    child_ = ::fork();
    if (child_ == 0) {
      ::close(there_[1]);
      ::close(back_[0]);
      echo_bytes(there_[0], back_[1], cpu, self);
    }
    close(there_[0]);
    close(back_[1]);
  }
  ~pipe_pair() {
    for (int* fd : {&there_[0], &there_[1], &back_[0], &back_[1]}) close(*fd);
    if (child_ > 0) ::waitpid(child_, nullptr, 0);
  }
  pipe_pair(const pipe_pair&) = delete;
  pipe_pair& operator=(const pipe_pair&) = delete;

  bool round_trip() {
    char byte = 'x';
    return ::write(there_[1], &byte, 1) == 1 && ::read(back_[0], &byte, 1) == 1;
  }

 private:
  static void close(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }

  int there_[2] = {-1, -1};
  int back_[2] = {-1, -1};
  pid_t child_ = -1;
};

probe pipe_probe(std::string name, int here, int there) {
  constexpr int warm_up = 200;
  constexpr int round_trips = 1000;
  probe result{std::move(name), {}, {}};
  const kept_affinity restored;
  if (!pin_to(here)) {
    result.reason = fmt::format("pinning to CPU {}: {}", here, std::strerror(errno));
    return result;
  }
  pipe_pair pipes(there);
  bool is_good = true;
  for (int i = 0; i < warm_up && is_good; ++i) is_good = pipes.round_trip();
  if (is_good) result.value = ns_of(round_trips, [&] { is_good = pipes.round_trip() && is_good; });
  if (is_good) return result;
  result.value.reset();
  result.reason = "the process at the other end has ended";
  return result;
}

probe memcpy_probe() {
  constexpr std::size_t bytes = std::size_t{16} << 20;
  const std::vector<char> from(bytes, 'x');
  std::vector<char> to(bytes, 'y');
  const double ns = ns_of(1, [&] {
    std::memcpy(to.data(), from.data(), bytes);
    asm volatile("" : : "r"(to.data()) : "memory");
  });
  return {"memcpy_gb_per_s", static_cast<double>(bytes) / ns, {}};
}

}  // namespace

std::vector<probe> run_probes(const std::vector<int>& cpus) {
  constexpr int cheap_calls = 20'000;
  std::vector<probe> probes;
  probes.push_back({"system_call_ns", ns_of(cheap_calls, [] { ::syscall(SYS_getppid); }), {}});
  probes.push_back({"clock_reading_ns",
                    ns_of(cheap_calls,
                          [] {
                            timespec now{};
                            ::clock_gettime(CLOCK_MONOTONIC, &now);
                          }),
                    {}});
  constexpr const char* one = "pipe_round_trip_one_cpu_ns";
  constexpr const char* two = "pipe_round_trip_two_cpus_ns";
  if (cpus.empty()) {
    probes.push_back({one, {}, "no CPU is known"});
  } else {
    probes.push_back(pipe_probe(one, cpus[0], cpus[0]));
  }
  if (cpus.size() < 2) {
    probes.push_back({two, {}, "this process may use one CPU only"});
  } else {
    probes.push_back(pipe_probe(two, cpus[0], cpus[1]));
  }
  probes.push_back(memcpy_probe());
  return probes;
}

}  // namespace duet::bench
