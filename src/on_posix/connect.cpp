// SPDX-License-Identifier: MIT
#include "duet/on_posix/connect.hpp"

#include <cerrno>
#include <memory>

#include "connect_ops.hpp"
#include "duet/error.hpp"
#include "duet/os/connect_socket.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sys.hpp"
#include "duet/policy/busy_retry.hpp"

namespace duet::on_posix {
namespace detail {
namespace {

/// One connect to a numeric endpoint. While it runs, the stream's write direction is its own, so that cancelling the stream cancels it.
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
    attempt();
  }

 private:
  /// Whether the stream is still the one that this connect is for: it may have been closed, and opened for something else.
  [[nodiscard]] bool current() const noexcept { return io_->life() == life_; }

  /// Cancelled, also while a step was due and met nothing to cancel.
  [[nodiscard]] bool given_up() const noexcept {
    return io_->cancels(wait_type::write) != cancels_;
  }

  void attempt() {
    if (given_up()) return finish(std::make_error_code(std::errc::operation_canceled));
    const std::error_code error = begin();
    if (error == std::errc::operation_in_progress) {
      return io_->start(
          wait_type::write, io_kind::wait, {},
          [self = shared_from_this()](std::error_code ec, std::size_t) { self->writable(ec); });
    }
    if (!error) return finish({});
    if (policy::busy_retry::is_busy(at_, error)) return try_again_later();
    fail(error);
  }

  /// The listener's queue is full: once more, in a while.
  void try_again_later() {
    const os::unique_fd refused = io_->release();
    life_ = io_->life();
    io_->park(wait_type::write, [self = shared_from_this()](std::error_code ec, std::size_t) {
      self->retry_.cancel();
      if (ec) return self->finish(ec);
      self->attempt();
    });
    retry_.expires_after(patience_.next());
    retry_.async_wait([weak = weak_from_this()](std::error_code ec) {
      if (const auto self = weak.lock(); self && !ec) self->io_->unpark(wait_type::write);
    });
  }

  std::error_code begin() {
    std::error_code ec;
    const os::socket_address address = os::to_socket_address(at_, ec);
    if (ec) return ec;
    os::flow steps(options_.watcher);
    os::unique_fd fd = os::open_connecting_socket(steps, address, SOCK_NONBLOCK, options_);
    if (!fd) return steps.error();
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
    if (error) return fail(error);
    finish({});
  }

  void fail(std::error_code error) {
    const os::unique_fd failed = io_->release();
    life_ = io_->life();
    finish(error);
  }

  void finish(std::error_code ec) {
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
  completion handler_;
};

}  // namespace

void start_connect(stream& to, const endpoint& at, const connect_options& options,
                   completion handler) {
  auto io = to.prepare_connect(options.watcher);
  if (at.is_numeric()) {
    return std::make_shared<connect_op>(std::move(io), at, options, std::move(handler))->start();
  }
  race(std::move(io), os::connect_target(at), options,
       [handler = std::move(handler)](std::error_code ec, const connect_report&) mutable {
         handler(ec, 0);
       });
}

void start_race(stream& to, std::string_view host, std::string_view service,
                const connect_options& options, race_completion handler) {
  race(to.prepare_connect(options.watcher), os::connect_target(host, service), options,
       std::move(handler));
}

}  // namespace detail

detail::source_ref<detail::io_source> stream::prepare_connect(observer* watcher) {
  close();
  peer_ = {};
  set_observer(watcher);
  return detail::source_ref<detail::io_source>(&*io_);
}

}  // namespace duet::on_posix
