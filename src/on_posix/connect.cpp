// SPDX-License-Identifier: MIT
#include "duet/on_posix/connect.hpp"

#include <cerrno>
#include <memory>
#include <optional>
#include <vector>

#include "duet/error.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/lookup_pool.hpp"
#include "duet/os/sys.hpp"
#include "duet/policy/busy_retry.hpp"
#include "duet/policy/connect_sequence.hpp"

namespace duet::on_posix {
namespace detail {
namespace {

/// One connect: resolve if need be, then one endpoint after another. While it runs, the stream's write direction is its own, so that
/// cancelling the stream cancels it.
class connect_op : public std::enable_shared_from_this<connect_op> {
 public:
  connect_op(source_ref<io_source> io, endpoint at, const connect_options& options,
             completion handler)
      : io_(std::move(io)),
        life_(io_->life()),
        cancels_(io_->cancels(wait_type::write)),
        at_(std::move(at)),
        options_(options),
        deadline_(io_->owner()),
        retry_(io_->owner()),
        handler_(std::move(handler)) {}

  void start() {
    if (options_.deadline.count() > 0) {
      deadline_.expires_after(options_.deadline);
      deadline_.async_wait([weak = weak_from_this()](std::error_code ec) {
        const auto self = weak.lock();
        if (ec || !self) return;
        self->timed_out_ = true;
        self->io_->cancel(wait_type::write);
      });
    }
    if (at_.is_numeric()) return next(policy::connect_sequence({at_}));
    io_->park(wait_type::write,
              [self = shared_from_this()](std::error_code ec, std::size_t) { self->resolved(ec); });
    look_up();
  }

 private:
  void look_up() {
    lookup_.emplace(
        os::lookup_pool::shared(), os::endpoint_question(at_),
        [weak = weak_from_this(), &loop = io_->owner()](const os::lookup_outcome& outcome) {
          loop.post([weak, outcome] {
            if (const auto self = weak.lock()) self->found(outcome);
          });
        });
  }

  void found(const os::lookup_outcome& outcome) {
    lookup_error_ = outcome.error;
    os::tell(options_.watcher, os::endpoint_question(at_), outcome);
    sequence_ = policy::connect_sequence(os::endpoints_of(at_, outcome));
    io_->unpark(wait_type::write);
  }

  /// Whether the stream is still the one that this connect is for: it may have been closed, and opened for something else.
  [[nodiscard]] bool current() const noexcept { return io_->life() == life_; }

  /// Cancelled, also while a step was due and met nothing to cancel.
  [[nodiscard]] bool given_up() const noexcept {
    return io_->cancels(wait_type::write) != cancels_;
  }

  void resolved(std::error_code ec) {
    lookup_.reset();
    if (ec || lookup_error_) return finish(ec ? ec : lookup_error_);
    next(std::move(sequence_));
  }

  void next(policy::connect_sequence targets) {
    sequence_ = std::move(targets);
    while (const endpoint* const target = sequence_.next()) {
      if (given_up()) return finish(std::make_error_code(std::errc::operation_canceled));
      const std::error_code error = attempt(*target);
      if (error == std::errc::operation_in_progress) {
        return io_->start(
            wait_type::write, io_kind::wait, {},
            [self = shared_from_this()](std::error_code ec, std::size_t) { self->writable(ec); });
      }
      if (!error) return finish({});
      if (policy::busy_retry::is_busy(*target, error)) return try_again_later();
      drop(error);
    }
    finish(sequence_.error());
  }

  /// The listener's queue is full: the same endpoint once more, in a while.
  void try_again_later() {
    const os::unique_fd refused = io_->release();
    life_ = io_->life();
    io_->park(wait_type::write, [self = shared_from_this()](std::error_code ec, std::size_t) {
      self->retry_.cancel();
      if (ec) return self->finish(ec);
      self->next(std::move(self->sequence_));
    });
    retry_.expires_after(patience_.next());
    retry_.async_wait([weak = weak_from_this()](std::error_code ec) {
      if (const auto self = weak.lock(); self && !ec) self->io_->unpark(wait_type::write);
    });
  }

  std::error_code attempt(const endpoint& target) {
    std::error_code ec;
    const os::socket_address address = os::to_socket_address(target, ec);
    if (ec) return ec;
    os::flow steps(options_.watcher);
    os::unique_fd fd =
        os::open_socket(steps, address.generic.sa_family, SOCK_STREAM, SOCK_NONBLOCK);
    if (!fd || !os::apply_options(steps, fd.get(), address.generic.sa_family,
                                  os::option_stage::before_connect, options_.socket))
      return steps.error();
    int result = os::sys::connect(fd.get(), &address.generic, address.size);
    // An interrupted connect goes on in the kernel (connect(2)); it is not to be called again.
    if (result != 0)
      ec = errno == EINTR ? std::make_error_code(std::errc::operation_in_progress)
                          : os::sys::last_error();
    steps.took("connect", result, ec, [&] { return os::describe(address, SOCK_STREAM); });
    io_->assign(std::move(fd));
    return ec ? ec : os::connected_to_itself(io_->fd());
  }

  void writable(std::error_code ec) {
    if (ec) return finish(ec);
    int pending = 0;
    socklen_t size = sizeof(pending);
    if (os::sys::getsockopt(io_->fd(), SOL_SOCKET, SO_ERROR, &pending, &size) != 0) pending = errno;
    os::flow(options_.watcher)
        .took("getsockopt SO_ERROR", pending, {pending, std::system_category()},
              [&] { return std::to_string(io_->fd()); });
    const std::error_code error = pending != 0 ? std::error_code(pending, std::system_category())
                                               : os::connected_to_itself(io_->fd());
    if (!error) return finish({});
    drop(error);
    next(std::move(sequence_));
  }

  void drop(std::error_code error) {
    const os::unique_fd failed = io_->release();
    life_ = io_->life();
    sequence_.failed(error);
  }

  void finish(std::error_code ec) {
    lookup_.reset();
    deadline_.cancel();
    if (ec == std::errc::operation_canceled && timed_out_) ec = error::timed_out;
    if (ec && current()) {
      io_->close();
      life_ = io_->life();
    }
    io_->owner().post([self = shared_from_this(), ec] {
      // A stream that was closed meanwhile is not connected.
      const bool gone = !ec && !self->current();
      self->handler_(gone ? std::make_error_code(std::errc::operation_canceled) : ec, 0);
    });
  }

  source_ref<io_source> io_;
  std::uint32_t life_;
  std::uint32_t cancels_;
  endpoint at_;
  connect_options options_;
  timer deadline_;
  timer retry_;
  policy::busy_retry patience_;
  bool timed_out_ = false;
  std::error_code lookup_error_;
  std::optional<os::pending_lookup> lookup_;
  policy::connect_sequence sequence_;
  completion handler_;
};

}  // namespace

void start_connect(stream& to, const endpoint& at, const connect_options& options,
                   completion handler) {
  std::make_shared<connect_op>(to.prepare_connect(options.watcher), at, options, std::move(handler))
      ->start();
}

}  // namespace detail

detail::source_ref<detail::io_source> stream::prepare_connect(observer* watcher) {
  close();
  peer_ = {};
  set_observer(watcher);
  return detail::source_ref<detail::io_source>(&*io_);
}

}  // namespace duet::on_posix
