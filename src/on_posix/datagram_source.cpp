// SPDX-License-Identifier: MIT
#include "duet/on_posix/detail/datagram_source.hpp"

#include "duet/on_posix/loop.hpp"

namespace duet::on_posix::detail {
namespace {

iovec piece(const io_memory& memory) noexcept { return {memory.data, memory.size}; }

}  // namespace

class datagram_source::call_slot final : public slot {
 public:
  using slot::slot;
  datagram_work work;
  os::message_route by;
};

datagram_source::datagram_source(loop& owner) : io_source(owner) {}

datagram_source::~datagram_source() = default;

std::unique_ptr<slot> datagram_source::make_slot() { return std::make_unique<call_slot>(this); }

void datagram_source::start(wait_type direction, const datagram_work& work, completion handler) {
  slot* const now = begin(direction, handler);
  if (now == nullptr) return;
  static_cast<call_slot&>(*now).work = work;
  launch(*now, direction, work.call == datagram_call::send_batch);
}

void datagram_source::start_send(std::span<const std::byte> from, const os::message_route& by,
                                 completion handler) {
  slot* const now = begin(wait_type::write, handler);
  if (now == nullptr) return;
  auto& place = static_cast<call_slot&>(*now);
  place.work = {datagram_call::send, from};
  place.by = by;
  launch(*now, wait_type::write, true);
}

bool datagram_source::perform(slot& now) {
  auto& place = static_cast<call_slot&>(now);
  if (place.work.call == datagram_call::wait) return true;
  if (place.work.call != datagram_call::send) {
    const auto size = try_call(place.work, now.error);
    now.moved = size.value_or(0);
    return size.has_value() || now.error;
  }
  const iovec memory = piece(place.work.memory);
  do {  // more than once only if it is sent in segments
    const auto sent = os::send_one(fd(), {&memory, 1}, now.moved, place.by, setup, now.error);
    if (!sent) return false;
    now.moved += *sent;
  } while (!now.error && now.moved < memory.iov_len);
  return true;
}

std::optional<std::size_t> datagram_source::try_call(const datagram_work& work,
                                                     std::error_code& ec) {
  if (work.call == datagram_call::receive_batch)
    return os::receive_batch(fd(), *work.incoming, setup, ec);
  if (work.call == datagram_call::send_batch)
    return os::send_batch(fd(), *work.outgoing, setup, ec);
  const iovec memory = piece(work.memory);
  return os::receive_one(fd(), {&memory, 1}, work.about, setup, ec);
}

std::optional<std::size_t> datagram_source::try_send(std::span<const std::byte> from,
                                                     os::message_route by, std::error_code& ec) {
  const iovec memory = piece(from);
  std::size_t moved = 0;
  do {
    const auto sent = os::send_one(fd(), {&memory, 1}, moved, by, setup, ec);
    if (!sent && moved == 0) return std::nullopt;
    if (!sent || ec) break;
    moved += *sent;
  } while (moved < memory.iov_len);
  return moved;
}

}  // namespace duet::on_posix::detail
