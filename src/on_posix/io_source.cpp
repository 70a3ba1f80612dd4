// SPDX-License-Identifier: MIT
#include "duet/on_posix/detail/io_source.hpp"

#include <cerrno>

#include "duet/on_posix/loop.hpp"
#include "duet/os/stream_io.hpp"
#include "duet/os/sys.hpp"

namespace duet::on_posix::detail {
namespace {

std::uint32_t event_of(wait_type direction) noexcept {
  return direction == wait_type::read ? EPOLLIN : EPOLLOUT;
}

}  // namespace

void slot::complete() {
  const std::unique_ptr<slot> last(orphaned ? this : nullptr);
  completion due = std::move(handler);
  const std::error_code outcome = error;
  const std::size_t size = moved;
  now = phase::idle;
  const source_ref<io_source> keep(owner);
  owner->drop_reference();  // the reference that start() took
  loop& runs = keep->owner();
  runs.work_finished();
  ++runs.ran_;
  due(outcome, size);
}

void slot::discard() noexcept {
  const std::unique_ptr<slot> last(orphaned ? this : nullptr);
  const completion gone = std::move(handler);
  now = phase::idle;
  owner->owner().work_finished();
  owner->drop_reference();
}

io_source::io_source(loop& owner) : source(owner) {}

io_source::~io_source() {
  if (owned_ && fd_ >= 0) os::sys::close(fd_);
}

void io_source::assign(os::unique_fd owned) noexcept {
  fd_ = owned.release();
  owned_ = true;
}

void io_source::borrow(int fd) noexcept {
  fd_ = fd;
  owned_ = false;
}

std::unique_ptr<slot> io_source::make_slot() { return std::make_unique<slot>(this); }

slot* io_source::begin(wait_type direction, completion& handler) {
  std::unique_ptr<slot>& place = at(direction);
  if (!place) place = make_slot();
  if (place->now != slot::phase::idle) {
    finish(std::make_error_code(std::errc::operation_in_progress), std::move(handler));
    return nullptr;
  }
  add_reference();
  owner().work_started();
  place->moved = 0;
  place->error.clear();
  place->handler = std::move(handler);
  place->now = slot::phase::waiting;
  return place.get();
}

void io_source::start(wait_type direction, io_kind kind, io_memory memory, completion handler) {
  slot* const now = begin(direction, handler);
  if (now == nullptr) return;
  now->kind = kind;
  now->memory = memory;
  // Writes are tried at once, for there is mostly room; reads wait, for there is mostly nothing yet.
  const bool empty = kind != io_kind::wait && memory.size == 0;
  launch(*now, direction, empty || kind == io_kind::write || kind == io_kind::write_some);
}

void io_source::launch(slot& begun, wait_type direction, bool at_once) {
  if (fd_ < 0) {
    begun.error = std::make_error_code(std::errc::bad_file_descriptor);
    return make_due(begun);
  }
  if (at_once && perform(begun)) return make_due(begun);
  if (direction == wait_type::write && watch_bytes_ != nullptr) watch_bytes_->write_waits();
  begun.error = watch(event_of(direction));
  if (begun.error || always_ready_) make_due(begun);
}

void io_source::park(wait_type direction, completion handler) {
  [[maybe_unused]] const slot* const until_unparked = begin(direction, handler);
}

void io_source::unpark(wait_type direction) noexcept {
  if (waiting(at(direction))) make_due(*at(direction));
}

void io_source::conclude(wait_type direction, std::error_code error, std::size_t moved,
                         completion handler) {
  slot* const now = begin(direction, handler);
  if (now == nullptr) return;
  now->error = error;
  now->moved = moved;
  make_due(*now);
}

bool io_source::idle(wait_type direction) const noexcept {
  const std::unique_ptr<slot>& place = direction == wait_type::read ? reader_ : writer_;
  return !place || place->now == slot::phase::idle;
}

void io_source::finish(std::error_code error, completion handler) {
  owner().post([error, handler = std::move(handler)]() mutable { handler(error, 0); });
}

void io_source::make_due(slot& now) noexcept {
  now.now = slot::phase::due;
  owner().enqueue(now);
}

bool io_source::perform(slot& now) {
  if (now.kind == io_kind::wait) return true;
  do {
    const std::span<std::byte> rest(now.memory.data + now.moved, now.memory.size - now.moved);
    const auto moved =
        now.kind == io_kind::read ? try_read(rest, now.error) : try_write(rest, now.error);
    if (now.error) return true;
    if (!moved) return false;
    now.moved += *moved;
  } while (now.kind == io_kind::write && now.moved < now.memory.size);
  return true;
}

std::optional<std::size_t> io_source::try_read(std::span<std::byte> to, std::error_code& ec) {
  const auto size = os::try_receive(fd_, to, ec, {observer_, ""});
  if (watch_bytes_ != nullptr && size.value_or(0) > 0) watch_bytes_->has_read(*size);
  return size;
}

std::optional<std::size_t> io_source::try_write(std::span<const std::byte> from,
                                                std::error_code& ec) {
  return written(os::try_send(fd_, from, ec, {observer_, ""}));
}

std::optional<std::size_t> io_source::try_write(std::span<const std::span<const std::byte>> from,
                                                std::error_code& ec) {
  return written(os::try_send(fd_, from, ec, {observer_, ""}));
}

std::optional<std::size_t> io_source::written(std::optional<std::size_t> size) noexcept {
  if (watch_bytes_ != nullptr && size.value_or(0) > 0) watch_bytes_->has_written(*size);
  return size;
}

void io_source::on_ready(std::uint32_t events) {
  if (fd_ < 0) return;  // closed by a handler of the same batch
  const source_ref<io_source> keep(this);
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  const std::uint32_t served = waiting(reader_) ? EPOLLIN : 0U;
  if ((events & EPOLLIN) != 0 || broken) proceed(reader_);
  if (fd_ >= 0 && ((events & EPOLLOUT) != 0 || broken)) proceed(writer_);
  if (fd_ >= 0) drop_idle_interest(events, served);
}

void io_source::proceed(const std::unique_ptr<slot>& which) {
  if (!waiting(which)) return;
  if (perform(*which)) return which->complete();
  if (which == writer_ && watch_bytes_ != nullptr) watch_bytes_->write_waits();
}

void io_source::drop_idle_interest(std::uint32_t events, std::uint32_t served) noexcept {
  // Level-triggered epoll repeats what nobody takes. An idle reader mostly reads again soon, so its interest goes only once it has
  // fired in vain; an idle writer's goes at once. EPOLLHUP and EPOLLERR cannot be masked: with nobody waiting the descriptor has to
  // leave the set.
  const std::uint32_t wanted =
      (waiting(reader_) ? EPOLLIN : 0U) | (waiting(writer_) ? EPOLLOUT : 0U);
  if (wanted == 0 && (events & (EPOLLERR | EPOLLHUP)) != 0) return unwatch();
  const std::uint32_t idle = interest_ & ~wanted & ((events & ~served) | EPOLLOUT);
  if (idle == 0) return;
  epoll_event event = event_for(interest_ & ~idle);
  if (os::sys::epoll_ctl(owner().epoll_.get(), EPOLL_CTL_MOD, fd_, &event) == 0) {
    interest_ = static_cast<std::uint8_t>(event.events);
  }
}

epoll_event io_source::event_for(std::uint32_t events) noexcept {
  return {events, {static_cast<source*>(this)}};  // the type that the loop takes it back as
}

std::error_code io_source::watch(std::uint32_t events) noexcept {
  if (always_ready_ || (watched_ && (interest_ & events) == events)) return {};
  epoll_event event = event_for(interest_ | events);
  const int operation = watched_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (os::sys::epoll_ctl(owner().epoll_.get(), operation, fd_, &event) != 0) {
    if (errno != EPERM) return os::sys::last_error();
    always_ready_ = true;  // a regular file (epoll_ctl(2)): it never blocks
    return {};
  }
  watched_ = true;
  interest_ = static_cast<std::uint8_t>(event.events);
  return {};
}

void io_source::unwatch() noexcept {
  // Closing would remove it too, but only if no duplicate of the descriptor lives on (epoll(7), "Questions").
  epoll_event unused{};
  if (watched_) os::sys::epoll_ctl(owner().epoll_.get(), EPOLL_CTL_DEL, fd_, &unused);
  watched_ = false;
  interest_ = 0;
}

void io_source::cancel(wait_type direction) noexcept {
  ++cancels_[static_cast<std::size_t>(direction)];
  cancel_waiting(direction);
  tell_hook();
}

void io_source::tell_hook() noexcept {
  if (hook_ != nullptr && hook_->hold()) owner().enqueue(*hook_);
}

void io_source::cancel_waiting(wait_type direction) noexcept {
  std::unique_ptr<slot>& place = at(direction);
  if (!waiting(place)) return;
  place->error = std::make_error_code(std::errc::operation_canceled);
  make_due(*place);
  place.release()->orphaned = true;
}

os::unique_fd io_source::release() noexcept {
  ++life_;
  for (const wait_type direction : {wait_type::read, wait_type::write}) {
    cancel_waiting(direction);
    // What is due keeps its result.
    if (at(direction) && at(direction)->now == slot::phase::due)
      at(direction).release()->orphaned = true;
  }
  tell_hook();
  if (fd_ < 0) return {};
  unwatch();
  always_ready_ = false;
  return os::unique_fd(std::exchange(fd_, -1));
}

void io_source::close() noexcept {
  os::unique_fd last = release();
  if (!owned_) {
    [[maybe_unused]] const int borrowed = last.release();
    return;
  }
  if (last && observer_ != nullptr)
    observer_->on_step({"close", std::to_string(last.get()), 0, {}, {}});
}

void io_source::abandon() noexcept {
  cancel(wait_type::read);
  cancel(wait_type::write);
}

}  // namespace duet::on_posix::detail
