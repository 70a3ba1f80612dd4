// SPDX-License-Identifier: MIT
// See process.hpp.
#include "harness/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "harness/interrupt.hpp"

namespace duet::bench {

namespace {

using clock = std::chrono::steady_clock;

struct pipe_ends {
  int read_end = -1;
  int write_end = -1;
};

/// Closes what is still open when starting a child fails half-way.
struct start_pipes {
  pipe_ends input, output, status;

  start_pipes() = default;
  start_pipes(const start_pipes&) = delete;
  start_pipes& operator=(const start_pipes&) = delete;
  ~start_pipes() {
    for (const auto& [r, w] : {input, output, status}) {
      if (r >= 0) ::close(r);
      if (w >= 0) ::close(w);
    }
  }

  /// A socket, so that writing to a child that is gone is an error and no SIGPIPE.
  static pipe_ends open_input() {
    std::array<int, 2> fds{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0) {
      throw std::system_error(errno, std::system_category(), "socketpair");
    }
    return {fds[0], fds[1]};
  }

  static pipe_ends open_pipe() {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::system_category(), "pipe2");
    }
    return {fds[0], fds[1]};
  }
};

/// What the child says of itself before exec; the pipe closes by exec when there is nothing to say.
struct start_report {
  enum class step : int { pinning, exec } at;
  int error;
};

void report(int fd, start_report::step at) {
  const start_report message{at, errno};
  [[maybe_unused]] const auto written = ::write(fd, &message, sizeof message);
}

void pin_self(int cpu, int status_fd) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (cpu < CPU_SETSIZE) CPU_SET(static_cast<unsigned>(cpu), &mask);
  if (::sched_setaffinity(0, sizeof mask, &mask) != 0)
    report(status_fd, start_report::step::pinning);
}

/// Only async-signal-safe calls from here on: the parent may be any program.
[[noreturn]] void become(char* const* argv, const start_pipes& pipes, std::optional<int> cpu,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it died before the line above
  ::setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  if (cpu) pin_self(*cpu, pipes.status.write_end);
  ::dup2(pipes.input.read_end, STDIN_FILENO);
  ::dup2(pipes.output.write_end, STDOUT_FILENO);
  ::execvp(argv[0], argv);
  report(pipes.status.write_end, start_report::step::exec);
  ::_exit(127);
}

}  // namespace

child::child(std::string name, const std::vector<std::string>& argv, std::optional<int> cpu,
             interrupt_source& interrupts)
    : name_(std::move(name)), interrupts_(interrupts) {
  std::vector<char*> arguments;
  arguments.reserve(argv.size() + 1);
  for (const auto& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  start_pipes pipes;
  pipes.input = start_pipes::open_input();
  pipes.output = start_pipes::open_pipe();
  pipes.status = start_pipes::open_pipe();

  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::system_category(), "fork");
  if (pid_ == 0) become(arguments.data(), pipes, cpu, parent);

  pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  stdin_fd_ = std::exchange(pipes.input.write_end, -1);
  stdout_fd_ = std::exchange(pipes.output.read_end, -1);
  ::close(std::exchange(pipes.status.write_end, -1));
  start_report message{};
  while (::read(pipes.status.read_end, &message, sizeof message) ==
         static_cast<ssize_t>(sizeof message)) {
    if (message.at == start_report::step::pinning) {
      pinning_error_ = message.error;
      continue;
    }
    reap();
    throw std::system_error(message.error, std::system_category(), "cannot start " + argv[0]);
  }
}

child::~child() { end(); }

void child::fail(std::string_view reason) {
  throw std::runtime_error(fmt::format("{} (pid {}): {}", name_, pid_, reason));
}

/// Appends what the child printed to received_; false at the end of its output.
bool child::receive(std::chrono::milliseconds limit) {
  std::array<pollfd, 2> fds{pollfd{stdout_fd_, POLLIN, 0}, pollfd{interrupts_.fd(), POLLIN, 0}};
  const auto until = clock::now() + limit;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    if (left <= 0) fail("no answer in time");
    const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(left));
    if (ready < 0 && errno != EINTR) throw std::system_error(errno, std::system_category(), "poll");
    if (ready <= 0) continue;
    if (const int signal = interrupts_.take()) throw interrupted(signal);
    if (fds[0].revents == 0) continue;
    std::array<char, 65536> buffer;
    const auto got = ::read(stdout_fd_, buffer.data(), buffer.size());
    if (got > 0) received_.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0;
  }
}

std::string child::read_line(std::chrono::milliseconds limit) {
  while (true) {
    if (const auto newline = received_.find('\n'); newline != std::string::npos) {
      std::string line = received_.substr(0, newline);
      received_.erase(0, newline + 1);
      return line;
    }
    if (!receive(limit)) fail("ended unexpectedly");
  }
}

std::string child::read_all(std::chrono::milliseconds limit) {
  while (receive(limit)) {
  }
  return std::exchange(received_, {});
}

void child::write_line(std::string_view line) {
  const std::string text = fmt::format("{}\n", line);
  // A command is short and the socket empty: one call, whole.
  if (::send(stdin_fd_, text.data(), text.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(text.size())) {
    fail("no longer takes commands");
  }
}

/// Until the child has ended, the limit is over, or a signal of ours came.
void child::give_time_to_end(int limit_ms) noexcept {
  std::array<pollfd, 2> fds{pollfd{pid_fd_, POLLIN, 0}, pollfd{interrupts_.fd(), POLLIN, 0}};
  const int ready = ::poll(fds.data(), fds.size(), limit_ms);
  if (ready > 0 && fds[1].revents != 0) interrupts_.take();
}

void child::reap() noexcept {
  // What is left of its group, itself included; until waitpid the number cannot be anyone else's.
  ::kill(-pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  status_ = status;
  reaped_ = true;
  for (int* fd : {&stdin_fd_, &stdout_fd_, &pid_fd_}) {
    if (*fd >= 0) ::close(std::exchange(*fd, -1));
  }
}

int child::end() noexcept {
  if (!reaped_) {
    ::kill(-pid_, SIGTERM);
    ::kill(-pid_, SIGCONT);  // a stopped process would not notice
    constexpr int patience_ms = 1000;
    give_time_to_end(patience_ms);
    reap();
  }
  return status_;
}

int child::wait(std::chrono::milliseconds limit) {
  if (reaped_) return status_;
  std::array<pollfd, 2> fds{pollfd{pid_fd_, POLLIN, 0}, pollfd{interrupts_.fd(), POLLIN, 0}};
  const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(limit.count()));
  if (const int signal = interrupts_.take()) throw interrupted(signal);
  if (ready <= 0) fail("did not end in time");
  reap();
  return status_;
}

std::optional<std::string> output_of(const std::vector<std::string>& argv,
                                     interrupt_source& interrupts) {
  constexpr std::chrono::seconds limit{10};
  try {
    child command(argv.at(0), argv, std::nullopt, interrupts);
    std::string text = command.read_all(limit);
    if (command.wait(limit) == 0) return text;
  } catch (const std::runtime_error&) {
    // std::system_error too: not installed, or it hangs; either way there is no output
  }
  return std::nullopt;
}

}  // namespace duet::bench
