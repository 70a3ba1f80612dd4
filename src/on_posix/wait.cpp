// SPDX-License-Identifier: MIT
// What the loop waits for besides sockets: timers, descriptors, signals.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>

#include "duet/on_posix/loop.hpp"
#include "duet/os/sys.hpp"

namespace duet::on_posix {

// timer

class timer::state final : public detail::source, public detail::operation {
 public:
  explicit state(loop& owner) : source(owner) {}

  void expires_at(loop::clock::time_point deadline) {
    cancel();
    deadline_ = deadline;
  }

  void wait(detail::completion handler) {
    if (waiting_) return deliver(std::errc::operation_in_progress, std::move(handler));
    add_reference();
    owner().work_started();
    handler_ = std::move(handler);
    place_ = owner().timers_.emplace(deadline_, this);
    waiting_ = true;
  }

  /// The handler leaves the timer at once, so that the next wait may start.
  void cancel() {
    if (!waiting_) return;
    const detail::source_ref<state> keep(this);
    deliver(std::errc::operation_canceled, take());
  }

  void complete() override {
    const detail::source_ref<state> keep(this);
    detail::completion due = take();
    due({}, 0);
  }

  void discard() noexcept override { const detail::completion gone = take(); }

 private:
  void on_ready(std::uint32_t) override {}
  void abandon() noexcept override { cancel(); }

  /// Ends the wait and gives up what it held.
  detail::completion take() noexcept {
    waiting_ = false;
    owner().timers_.erase(place_);
    owner().work_finished();
    detail::completion handler = std::move(handler_);
    drop_reference();
    return handler;
  }

  void deliver(std::errc why, detail::completion handler) {
    owner().post(
        [why, handler = std::move(handler)]() mutable { handler(std::make_error_code(why), 0); });
  }

  loop::clock::time_point deadline_{};
  std::multimap<loop::clock::time_point, detail::operation*>::iterator place_;
  bool waiting_ = false;
  detail::completion handler_;
};

timer::timer(loop& owner) : state_(new state(owner)) {}

timer::timer(timer&&) noexcept = default;

timer& timer::operator=(timer&& other) noexcept {
  if (this == &other) return *this;
  if (state_) state_->cancel();
  state_ = std::move(other.state_);
  return *this;
}

timer::~timer() {
  if (state_) state_->cancel();
}

void timer::expires_after(std::chrono::nanoseconds duration) {
  const auto now = loop::clock::now();
  const auto room = loop::clock::time_point::max() - now;
  state_->expires_at(duration > room ? loop::clock::time_point::max() : now + duration);
}

void timer::start(detail::completion handler) { state_->wait(std::move(handler)); }

void timer::cancel() { state_->cancel(); }

// descriptor

descriptor::descriptor(loop& owner, int borrowed_fd) : io_(new detail::io_source(owner)) {
  io_->borrow(borrowed_fd);
}

descriptor::~descriptor() {
  if (io_) io_->close();
}

void descriptor::cancel() {
  io_->cancel(wait_type::read);
  io_->cancel(wait_type::write);
}

// signal_set

namespace {

/// Where a signal's handler writes: the descriptor plus one; 0: nobody asked for it. One for each signal of the process, as
/// dispositions are.
std::atomic<int> write_ends[NSIG];

void on_signal(int signal) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(signal);
  const int fd = write_ends[signal].load(std::memory_order_relaxed) - 1;
  if (fd >= 0) {
    // not through sys: the seam of test builds takes a lock, which a signal handler must not
    [[maybe_unused]] const auto size = ::write(fd, &byte, 1);
  }
  errno = saved;
}

}  // namespace

signal_set::signal_set(loop& owner, std::initializer_list<int> signals)
    : io_(new detail::io_source(owner)) {
  int ends[2] = {-1, -1};
  if (os::sys::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    throw std::system_error(os::sys::last_error(), "pipe2");
  read_end_.reset(ends[0]);
  write_end_.reset(ends[1]);
  io_->borrow(read_end_.get());
  try {
    for (const int signal : signals) add(signal);
  } catch (...) {
    release();
    throw;
  }
}

signal_set::~signal_set() { release(); }

void signal_set::add(int signal) {
  int free = 0;
  if (signal <= 0 || signal >= NSIG)
    throw std::system_error(std::make_error_code(std::errc::invalid_argument), "signal_set");
  if (!write_ends[signal].compare_exchange_strong(free, write_end_.get() + 1)) {
    throw std::system_error(std::make_error_code(std::errc::device_or_resource_busy), "signal_set");
  }
  std::error_code ec;
  former_.save(signal, ec);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  if (!ec && os::sys::sigaction(signal, &action, nullptr) != 0) ec = os::sys::last_error();
  signals_.push_back(signal);
  if (ec) throw std::system_error(ec, "sigaction");
}

void signal_set::release() noexcept {
  former_.restore(on_signal);
  for (const int signal : signals_) write_ends[signal].store(0);
  signals_.clear();
  if (io_) io_->close();
}

void signal_set::start(detail::completion handler) {
  io_->start(wait_type::read, detail::io_kind::wait, {},
             [this, handler = std::move(handler)](std::error_code ec, std::size_t) mutable {
               if (ec) return handler(ec, 0);
               unsigned char byte = 0;
               const auto size = os::sys::read(read_end_.get(), &byte, 1);
               if (size != 1) return start(std::move(handler));
               handler({}, byte);
             });
}

void signal_set::cancel() { io_->cancel(wait_type::read); }

}  // namespace duet::on_posix
