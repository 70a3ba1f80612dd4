// SPDX-License-Identifier: MIT
// datagram_batch: many datagrams in memory that is taken once and used again and again: what one recvmmsg(2) brings, and what one
// sendmmsg(2) takes. The calls themselves are os/datagram_io. Source: recvmmsg(2), sendmmsg(2).
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include "duet/datagram_options.hpp"
#include "duet/datagram_types.hpp"
#include "duet/os/control_message.hpp"
#include "duet/os/message_route.hpp"
#include "duet/os/sockaddr.hpp"

namespace duet::os {

/// Room for `batch_size` datagrams of `max_datagram_bytes`, and what came into it last. Move-only; not to be moved or touched while an
/// operation has it.
class incoming_batch {
 public:
  explicit incoming_batch(const datagram_options& options = {});

  [[nodiscard]] std::size_t capacity() const noexcept { return headers_.size(); }
  [[nodiscard]] std::size_t max_datagram_bytes() const noexcept { return bytes_each_; }

  /// How many came. Below, `which` is less than that.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// The bytes, without those that did not fit; they may be changed.
  [[nodiscard]] std::span<std::byte> bytes(std::size_t which) noexcept {
    return {memory_.get() + which * bytes_each_, stored(which)};
  }
  [[nodiscard]] std::span<const std::byte> bytes(std::size_t which) const noexcept {
    return {memory_.get() + which * bytes_each_, stored(which)};
  }
  /// How long it was when it was sent.
  [[nodiscard]] std::size_t whole_bytes(std::size_t which) const noexcept {
    return headers_[which].msg_len;
  }
  [[nodiscard]] bool truncated(std::size_t which) const noexcept {
    return whole_bytes(which) > bytes_each_;
  }
  /// How many datagrams it is: more than one if the kernel has coalesced them.
  [[nodiscard]] std::size_t segments(std::size_t which) const noexcept;

  /// Everything in words; costs an allocation if the peer is a UNIX path of some length.
  [[nodiscard]] datagram_info info(std::size_t which) const;

  /// The same in the kernel's forms, which costs nothing.
  [[nodiscard]] const socket_address& peer(std::size_t which) const noexcept {
    return peers_[which];
  }
  [[nodiscard]] const control_facts& facts(std::size_t which) const noexcept {
    return facts_[which];
  }

  /// For datagram_io: all headers, ready for the call; and how many of them it filled.
  mmsghdr* prepare() noexcept;
  void filled(std::size_t count) noexcept;

 private:
  [[nodiscard]] std::size_t stored(std::size_t which) const noexcept {
    return truncated(which) ? bytes_each_ : whole_bytes(which);
  }

  std::size_t bytes_each_;
  std::size_t size_ = 0;
  std::size_t used_ = 0;  ///< headers that a call may have changed
  std::unique_ptr<std::byte[]> memory_;
  std::vector<iovec> pieces_;
  std::vector<socket_address> peers_;
  std::vector<control_memory> controls_;
  std::vector<control_facts> facts_;
  std::vector<mmsghdr> headers_;
};

/// Up to `batch_size` datagrams to send. It owns their routes, not their bytes, which stay valid until it was sent. Move-only; not to be
/// moved or touched while an operation has it.
class outgoing_batch {
 public:
  explicit outgoing_batch(const datagram_options& options = {});

  [[nodiscard]] std::size_t capacity() const noexcept { return headers_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool full() const noexcept { return size_ == capacity(); }

  /// Forgets everything.
  void clear() noexcept { size_ = done_ = dropped_ = offset_ = 0; }

  /// Errors: no_buffer_space if it is full; error::bad_endpoint for a name. The one without an error_code throws.
  void add(std::span<const std::byte> bytes, const datagram_route& by = {});
  void add(std::span<const std::byte> bytes, const datagram_route& by, std::error_code& ec);
  /// To the sender of a received one, from the address that it asked. False: it is full, or the sender has no address.
  bool add_reply(std::span<const std::byte> bytes, const incoming_batch& received,
                 std::size_t which) noexcept;

  /// Of those in it: how many were sent, and how many could not be.
  [[nodiscard]] std::size_t sent() const noexcept { return done_ - dropped_; }
  [[nodiscard]] std::size_t dropped() const noexcept { return dropped_; }
  [[nodiscard]] std::size_t left() const noexcept { return size_ - done_; }

  /// For datagram_io: the next one, and those behind it.
  [[nodiscard]] mmsghdr* next() noexcept { return headers_.data() + done_; }
  [[nodiscard]] message_route& route(std::size_t ahead) noexcept { return routes_[done_ + ahead]; }
  [[nodiscard]] std::span<const iovec> pieces(std::size_t ahead) const noexcept {
    return {&pieces_[done_ + ahead], 1};
  }
  /// How much of the next one is sent already, if it is sent in segments.
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }
  void advance(std::size_t bytes) noexcept { offset_ += bytes; }
  void took(std::size_t count) noexcept;
  void drop() noexcept;

 private:
  void put(std::span<const std::byte> bytes) noexcept;

  std::size_t size_ = 0;
  std::size_t done_ = 0;
  std::size_t dropped_ = 0;
  std::size_t offset_ = 0;
  std::vector<iovec> pieces_;
  std::vector<message_route> routes_;
  std::vector<mmsghdr> headers_;
};

}  // namespace duet::os
