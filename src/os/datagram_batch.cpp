// SPDX-License-Identifier: MIT
#include "duet/os/datagram_batch.hpp"

#include <algorithm>

#include "duet/error.hpp"

namespace duet::os {
namespace {

constexpr std::size_t most_in_a_call = 1024;  // UIO_MAXIOV of linux/uio.h
constexpr std::size_t coalesced_bytes = 65535;

std::size_t capacity_of(const datagram_options& options) {
  return std::clamp<std::size_t>(options.batch_size, 1, most_in_a_call);
}

}  // namespace

incoming_batch::incoming_batch(const datagram_options& options)
    : bytes_each_(options.coalesce ? std::max(options.max_datagram_bytes, coalesced_bytes)
                                   : options.max_datagram_bytes),
      // Left as it is: memory that no datagram touches never becomes resident.
      memory_(std::make_unique_for_overwrite<std::byte[]>(capacity_of(options) * bytes_each_)),
      pieces_(capacity_of(options)),
      peers_(capacity_of(options)),
      controls_(capacity_of(options)),
      facts_(capacity_of(options)),
      headers_(capacity_of(options)) {
  for (std::size_t each = 0; each < capacity(); ++each) {
    pieces_[each] = {memory_.get() + each * bytes_each_, bytes_each_};
    msghdr& header = headers_[each].msg_hdr;
    header.msg_iov = &pieces_[each];
    header.msg_iovlen = 1;
    header.msg_name = &peers_[each].generic;
    header.msg_control = &controls_[each];
  }
  used_ = capacity();
}

mmsghdr* incoming_batch::prepare() noexcept {
  // The kernel writes lengths over capacities.
  for (std::size_t each = 0; each < used_; ++each) {
    msghdr& header = headers_[each].msg_hdr;
    header.msg_namelen = socket_address::capacity;
    header.msg_controllen = sizeof(control_memory);
    header.msg_flags = 0;
  }
  size_ = 0;
  used_ = 0;
  return headers_.data();
}

void incoming_batch::filled(std::size_t count) noexcept {
  size_ = count;
  // The one behind may have been begun.
  used_ = std::min(count + 1, capacity());
  for (std::size_t each = 0; each < count; ++each) {
    const msghdr& header = headers_[each].msg_hdr;
    socket_address& peer = peers_[each];
    peer.size = header.msg_namelen;
    // A UNIX sender without a name: nothing was written, not even the family.
    if (peer.size == 0) peer.generic.sa_family = AF_UNIX;
    facts_[each] = header.msg_controllen == 0 && header.msg_flags == 0 ? control_facts{}
                                                                       : read_control(header);
  }
}

std::size_t incoming_batch::segments(std::size_t which) const noexcept {
  const std::size_t each = facts_[which].segment_bytes;
  return each == 0 ? 1 : std::max<std::size_t>(1, (whole_bytes(which) + each - 1) / each);
}

datagram_info incoming_batch::info(std::size_t which) const {
  datagram_info info;
  info.peer = to_endpoint(peers_[which], SOCK_DGRAM);
  info.bytes = stored(which);
  info.whole_bytes = whole_bytes(which);
  tell_facts(facts_[which], info);
  return info;
}

outgoing_batch::outgoing_batch(const datagram_options& options)
    : pieces_(capacity_of(options)), routes_(capacity_of(options)), headers_(capacity_of(options)) {
  for (std::size_t each = 0; each < capacity(); ++each) {
    headers_[each].msg_hdr.msg_iov = &pieces_[each];
    headers_[each].msg_hdr.msg_iovlen = 1;
  }
}

void outgoing_batch::add(std::span<const std::byte> bytes, const datagram_route& by) {
  std::error_code ec;
  add(bytes, by, ec);
  if (ec) throw_error(ec, "add", by.to ? &*by.to : nullptr);
}

void outgoing_batch::add(std::span<const std::byte> bytes, const datagram_route& by,
                         std::error_code& ec) {
  if (full()) {
    ec = std::make_error_code(std::errc::no_buffer_space);
    return;
  }
  routes_[size_] = message_route(by, ec);
  if (!ec) put(bytes);
}

bool outgoing_batch::add_reply(std::span<const std::byte> bytes, const incoming_batch& received,
                               std::size_t which) noexcept {
  const socket_address& peer = received.peer(which);
  if (full() || peer.size == 0) return false;
  routes_[size_] = message_route(peer, received.facts(which));
  put(bytes);
  return true;
}

void outgoing_batch::put(std::span<const std::byte> bytes) noexcept {
  pieces_[size_] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  ++size_;
}

void outgoing_batch::took(std::size_t count) noexcept {
  done_ += count;
  offset_ = 0;
}

void outgoing_batch::drop() noexcept {
  ++dropped_;
  took(1);
}

}  // namespace duet::os
