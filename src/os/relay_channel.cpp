// SPDX-License-Identifier: MIT
#include "duet/os/relay_channel.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <new>
#include <span>
#include <string>
#include <utility>

#include "duet/error.hpp"
#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

/// As much as a pipe holds that nobody has resized, pipe(7).
constexpr std::size_t pipe_bytes = 65536;

/// A send of splice's has no MSG_NOSIGNAL: while one of these lives this thread gets no SIGPIPE of its own making.
class without_sigpipe {
 public:
  without_sigpipe() noexcept {
    sigemptyset(&only_);
    sigaddset(&only_, SIGPIPE);
    changed_ = sys::pthread_sigmask(SIG_BLOCK, &only_, &former_) == 0 &&
               sigismember(&former_, SIGPIPE) == 0;
  }
  without_sigpipe(const without_sigpipe&) = delete;
  without_sigpipe& operator=(const without_sigpipe&) = delete;
  ~without_sigpipe() {
    if (changed_) sys::pthread_sigmask(SIG_SETMASK, &former_, nullptr);
  }

  /// The call has met EPIPE, or may have: the signal that came with it waits for this thread. Blocked before, it stays what it was: pending.
  void take() noexcept {
    const timespec at_once{};
    if (changed_) sys::sigtimedwait(&only_, nullptr, &at_once);
  }

 private:
  sigset_t only_;
  sigset_t former_;
  bool changed_ = false;
};

/// One splice(2), again if it was interrupted; nullopt: it would have blocked.
std::optional<std::size_t> splice_once(int from, int to, std::size_t size, std::error_code& ec,
                                       int told_fd, told_to told) {
  ec.clear();
  ssize_t moved = 0;
  do moved = sys::splice(from, to, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  while (moved < 0 && errno == EINTR);
  if (moved < 0 && errno == EAGAIN) return std::nullopt;
  if (moved < 0) ec = sys::last_error();
  if (told.watcher != nullptr) {
    const std::string arguments = std::to_string(told_fd) + ", " + std::to_string(size) + " bytes";
    told.watcher->on_step({"splice", arguments, moved, ec, told.asio});
  }
  return moved > 0 ? static_cast<std::size_t>(moved) : 0;
}

/// Not this transfer's error but splice's: no such call, not allowed, or not for this kind of descriptor.
bool is_refusal(const std::error_code& ec) noexcept {
  return ec == std::errc::invalid_argument || ec == std::errc::function_not_supported ||
         ec == std::errc::operation_not_permitted;
}

}  // namespace

std::optional<std::size_t> relay_channel::fill(int source, std::error_code& ec, told_to told) {
  filled_ = drained_ = 0;
  if (splicing_) {
    const auto size = fill_pipe(source, ec, told);
    if (size.value_or(0) > 0) return size;
    if (ec && !is_refusal(ec)) return size;
    if (ec) stop_splicing();
    // Before TCP's urgent data splice(2) says that there is nothing, or the end of all; recv(2) gets past it, and knows.
  }
  return fill_memory(source, ec, told);
}

std::optional<std::size_t> relay_channel::fill_pipe(int source, std::error_code& ec, told_to told) {
  const auto size = splice_once(source, pipe_in_.get(), pipe_bytes, ec, source, told);
  filled_ = size.value_or(0);
  return size;
}

std::optional<std::size_t> relay_channel::fill_memory(int source, std::error_code& ec,
                                                      told_to told) {
  if (!memory_) memory_.reset(new (std::nothrow) std::byte[buffer_bytes_]);
  if (!memory_) {
    ec = std::make_error_code(std::errc::not_enough_memory);
    return 0;
  }
  const auto size = try_receive(source, {memory_.get(), buffer_bytes_}, ec, told);
  filled_ = size.value_or(0);
  // Idle, it takes no memory.
  if (filled_ == 0) memory_.reset();
  // A source that fills the buffer has more.
  if (filled_ == buffer_bytes_ && may_splice_ && !splicing_) splicing_ = make_pipe();
  return size;
}

std::optional<std::size_t> relay_channel::drain(int sink, std::error_code& ec, told_to told) {
  // What was filled before the pipe was there is in memory.
  auto size = memory_ ? drain_memory(sink, ec, told) : drain_pipe(sink, ec, told);
  if (!memory_ && is_refusal(ec)) {
    take_back(ec);
    if (ec) return 0;
    size = drain_memory(sink, ec, told);
  }
  drained_ += size.value_or(0);
  if (held() == 0) memory_.reset();
  return size;
}

std::optional<std::size_t> relay_channel::drain_memory(int sink, std::error_code& ec,
                                                       told_to told) {
  return try_send(sink, std::span<const std::byte>(memory_.get() + drained_, held()), ec, told);
}

std::optional<std::size_t> relay_channel::drain_pipe(int sink, std::error_code& ec, told_to told) {
  without_sigpipe guard;
  const auto size = splice_once(pipe_out_.get(), sink, held(), ec, sink, told);
  // One splice is several sends: the last may have failed, and what the others sent is a success.
  const bool cut = size.value_or(0) > 0 && *size < held();
  if (cut || ec == std::errc::broken_pipe) guard.take();
  spliced_ += size.value_or(0);
  return size;
}

bool relay_channel::make_pipe() noexcept {
  int ends[2];
  if (sys::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    may_splice_ = false;
    return false;
  }
  pipe_out_.reset(ends[0]);
  pipe_in_.reset(ends[1]);
  return true;
}

/// The sink takes no splice: what is in the pipe comes to memory.
void relay_channel::take_back(std::error_code& ec) {
  ec.clear();
  const std::size_t size = held();
  std::unique_ptr<std::byte[]> taken(new (std::nothrow) std::byte[std::max(size, buffer_bytes_)]);
  if (!taken) {
    ec = std::make_error_code(std::errc::not_enough_memory);
    return;
  }
  for (std::size_t have = 0; have < size;) {
    const ssize_t more = sys::read(pipe_out_.get(), taken.get() + have, size - have);
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) {
      ec = more < 0 ? sys::last_error() : std::make_error_code(std::errc::io_error);
      return;
    }
    have += static_cast<std::size_t>(more);
  }
  memory_ = std::move(taken);
  filled_ = size;
  drained_ = 0;
  stop_splicing();
}

void relay_channel::stop_splicing() noexcept {
  splicing_ = may_splice_ = false;
  pipe_out_.reset();
  pipe_in_.reset();
}

}  // namespace duet::os
