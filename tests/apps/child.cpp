// SPDX-License-Identifier: MIT
#include "child.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "skip.hpp"

extern char** environ;

namespace duet::test {
namespace {

struct pipe_ends {
  os::unique_fd read;
  os::unique_fd write;
};

pipe_ends make_pipe() {
  int ends[2] = {-1, -1};
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  return {os::unique_fd(ends[0]), os::unique_fd(ends[1])};
}

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& each : texts) list.push_back(each.data());
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  std::vector<std::string> all = changes;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view old(*each);
    const std::string_view name = old.substr(0, old.find('=') + 1);
    const bool changed = std::ranges::any_of(
        changes, [&](const std::string& change) { return change.starts_with(name); });
    if (!changed) all.emplace_back(old);
  }
  return all;
}

}  // namespace

std::chrono::seconds patience() { return std::chrono::seconds(under_asan || under_tsan ? 45 : 15); }

child::child(std::vector<std::string> argv, const options& how) {
  pipe_ends in = make_pipe();
  pipe_ends out = make_pipe();
  pipe_ends err = make_pipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  // dup2 onto itself would keep CLOEXEC; the pipes' numbers are above 2 as long as this process has its own three.
  posix_spawn_file_actions_adddup2(&actions, how.input_fd >= 0 ? how.input_fd : in.read.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, out.write.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.write.get(), 2);
  // A test's runner may have signals ignored or blocked; the program starts as from a shell.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int number : {SIGINT, SIGTERM, SIGPIPE, SIGALRM}) sigaddset(&defaults, number);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

  std::vector<std::string> environment = environment_with(how.environment);
  // What is ignored here and now is inherited. A shell's trap would not do: it keeps SIGCHLD for itself.
  const auto before = how.ignored_signal != 0 ? ::signal(how.ignored_signal, SIG_IGN) : SIG_DFL;
  const int status = ::posix_spawnp(&pid_, argv.front().c_str(), &actions, &attributes,
                                    pointers(argv).data(), pointers(environment).data());
  if (how.ignored_signal != 0) ::signal(how.ignored_signal, before);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  REQUIRE_MESSAGE(status == 0, "cannot start ", argv.front());

  pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  REQUIRE(static_cast<bool>(pidfd_));
  if (how.input_fd < 0) in_ = std::move(in.write);
  out_ = std::move(out.read);
  err_ = std::move(err.read);
  set_nonblocking(out_.get());
  set_nonblocking(err_.get());
  if (in_) set_nonblocking(in_.get());
}

child::~child() {
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  reap();
}

void child::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  ended_ = true;
  result_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void child::write_in(std::string_view bytes) {
  in_text_ += bytes;
  feed();
}

void child::drain(os::unique_fd& from, std::string& into) {
  std::array<char, 65536> buffer;
  for (;;) {
    const auto size = ::read(from.get(), buffer.data(), buffer.size());
    if (size > 0) into.append(buffer.data(), static_cast<std::size_t>(size));
    if (size < 0 && errno == EINTR) continue;
    if (size == 0) from.reset();
    if (size <= 0) return;
  }
}

/// Writes what is queued and fits. SIGPIPE is ignored: see the test programs' main and run().
bool child::feed() {
  while (in_ && !in_text_.empty()) {
    const auto size = ::write(in_.get(), in_text_.data(), in_text_.size());
    if (size < 0 && errno == EAGAIN) return true;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) in_.reset();  // the child reads no more
    if (size > 0) in_text_.erase(0, static_cast<std::size_t>(size));
  }
  if (close_in_) in_.reset();
  return false;
}

/// One round of reading and writing. False if nothing happened in time.
bool child::pump(int timeout_ms) {
  std::array<pollfd, 4> ready{pollfd{out_.get(), POLLIN, 0}, pollfd{err_.get(), POLLIN, 0},
                              pollfd{pidfd_.get(), POLLIN, 0},
                              pollfd{feed() ? in_.get() : -1, POLLOUT, 0}};
  // The process's end is news only as long as there is nothing else to come.
  if (out_ || err_) ready[2].fd = -1;
  const int count = ::poll(ready.data(), ready.size(), timeout_ms);
  if (count < 0 && errno == EINTR) return true;
  if (ready[0].revents != 0) drain(out_, out_text_);
  if (ready[1].revents != 0) drain(err_, err_text_);
  if (ready[2].revents != 0) reap();
  return count > 0;
}

void child::fail(std::string_view what) {
  FAIL("the program did not come to it: ", std::string(what), "\nstdout: ", out_text_,
       "\nstderr: ", err_text_);
}

void child::wait_until(const std::function<bool()>& true_now, std::string_view what) {
  const auto end = std::chrono::steady_clock::now() + patience();
  while (!true_now()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (ended_ || left.count() <= 0) return fail(what);
    pump(static_cast<int>(left.count()));
  }
}

std::string child::read_line() {
  wait_until([this] { return out_text_.find('\n') != std::string::npos || (!out_ && ended_); },
             "a line of output");
  const std::size_t end = out_text_.find('\n');
  if (end == std::string::npos) fail("a line of output before its end");
  std::string line = out_text_.substr(0, end);
  out_text_.erase(0, end + 1);
  return line;
}

void child::wait_for_err(std::string_view text) {
  wait_until([&] { return err_text_.find(text) != std::string::npos; }, text);
}

void child::signal(int number) const { REQUIRE(::kill(pid_, number) == 0); }

int child::wait() {
  if (!ended_) wait_until([this] { return ended_; }, "its end");
  CHECK_MESSAGE(err_text_.find("Sanitizer") == std::string::npos, err_text_);
  CHECK_MESSAGE(err_text_.find("runtime error:") == std::string::npos, err_text_);
  return result_;
}

outcome run(std::vector<std::string> argv, std::string_view input, const child::options& how) {
  child program(std::move(argv), how);
  if (how.input_fd < 0) program.write_in(input);
  program.close_in();
  const int result = program.wait();
  return {result, program.out(), program.err()};
}

bool have_program(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    if (::access((std::string(rest.substr(0, colon)) + '/' + name).c_str(), X_OK) == 0) return true;
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return false;
}

namespace {
/// Writing to a program that has ended is an error of write(2) in these tests, not their end.
const auto pipes_do_not_kill = ::signal(SIGPIPE, SIG_IGN);
}  // namespace

}  // namespace duet::test
