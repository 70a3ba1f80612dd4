// SPDX-License-Identifier: MIT
#include "duet/os/datagram_io.hpp"

#include <netinet/udp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "duet/os/datagram_options.hpp"
#include "duet/os/sys.hpp"
#include "duet/policy/datagram_errors.hpp"

namespace duet::os {
namespace {

using policy::datagram_action;

constexpr int receive_flags = MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC;
constexpr int send_flags = MSG_DONTWAIT | MSG_NOSIGNAL;

/// What the kernel cuts in one call: UDP_MAX_SEGMENTS of Linux before 6.9, and what fits into one IPv4 packet.
constexpr std::size_t most_segments = 64;
constexpr std::size_t most_cut_bytes = 65507;

std::size_t size_of(memory_pieces pieces) noexcept {
  std::size_t size = 0;
  for (const iovec& each : pieces) size += each.iov_len;
  return size;
}

std::size_t segments_of(std::size_t bytes, std::size_t segment) noexcept {
  return segment == 0 ? 1 : std::max<std::size_t>(1, (bytes + segment - 1) / segment);
}

/// A part of what is in memory.
class window {
 public:
  window(memory_pieces whole, std::size_t offset, std::size_t size) noexcept {
    for (const iovec& each : whole) {
      const std::size_t skipped = std::min(offset, each.iov_len);
      const std::size_t taken = std::min(size, each.iov_len - skipped);
      offset -= skipped;
      size -= taken;
      if (taken > 0 && count_ < parts_.size())
        parts_[count_++] = {static_cast<std::byte*>(each.iov_base) + skipped, taken};
    }
  }
  void put_into(msghdr& message) noexcept {
    message.msg_iov = parts_.data();
    message.msg_iovlen = count_;
  }

 private:
  std::array<iovec, most_pieces> parts_;
  std::size_t count_ = 0;
};

void tell(const datagram_setup& setup, const char* call, ssize_t result, std::error_code ec,
          const std::string& arguments) {
  setup.watcher->on_step({call, arguments, result, ec, setup.asio});
}

const socket_address* target_of(const message_route& by) noexcept {
  return by.has_target() ? &by.target() : nullptr;
}

/// Whether the queue of a UNIX peer is full while the socket itself could take more: then waiting for room would be told "there is", again
/// and again (unix_dgram_poll of Linux looks at a connected peer's queue only).
bool waits_in_vain(int fd, const message_route& by) noexcept {
  if (!by.has_target() || by.target().generic.sa_family != AF_UNIX) return false;
  pollfd room{fd, POLLOUT, 0};
  return sys::poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) != 0;
}

/// What to do about a failed send; decides over one datagram.
class sending {
 public:
  sending(int fd, datagram_setup& setup) noexcept
      : fd_(fd), setup_(setup), attempt_(setup.family == AF_UNIX) {}

  enum class verdict { again, wait, drop, fatal };

  verdict failed(const message_route& by, std::error_code error) noexcept {
    switch (attempt_.failed(error)) {
      case datagram_action::repeat: return verdict::again;
      case datagram_action::fatal: return verdict::fatal;
      case datagram_action::drop: return verdict::drop;
      case datagram_action::retry: ++setup_.counters.sent_again; return verdict::again;
      case datagram_action::wait: break;
    }
    if (!waits_in_vain(fd_, by)) return verdict::wait;
    // Once more: room may have come between the two calls.
    return std::exchange(looked_, true) ? verdict::drop : verdict::again;
  }

 private:
  int fd_;
  datagram_setup& setup_;
  policy::send_attempt attempt_;
  bool looked_ = false;
};

/// One sendmsg(2), made again as its errors say. The error is the datagram's own, or the socket's.
std::optional<std::size_t> send_message(int fd, memory_pieces from, std::size_t offset,
                                        std::size_t size, bool cut, message_route& by,
                                        datagram_setup& setup, std::error_code& ec) {
  msghdr message{};
  window part(from, offset, size);
  part.put_into(message);
  by.put_into(message, cut);
  sending judge(fd, setup);
  for (;;) {
    const ssize_t result = sys::sendmsg(fd, &message, send_flags);
    ec = result < 0 ? sys::last_error() : std::error_code();
    const auto what = ec ? judge.failed(by, ec) : sending::verdict::drop;
    if (what == sending::verdict::again) continue;
    if (what == sending::verdict::wait) return ec.clear(), std::nullopt;
    if (setup.watcher != nullptr)
      tell(setup, "sendmsg", result, ec, describe_message(fd, size, target_of(by), send_flags));
    return ec ? 0 : size;
  }
}

/// Whether the kernel knows UDP_SEGMENT; asked once a socket.
bool kernel_cuts(int fd, datagram_setup& setup) noexcept {
  if (!setup.cuts) {
    int value = 0;
    socklen_t size = sizeof(value);
    setup.cuts = setup.family != AF_UNIX &&
                 sys::getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &value, &size) == 0;
  }
  return *setup.cuts;
}

/// Errors of a send that is to be cut which it might not have in pieces: no checksums by the device (EIO), segments beyond the MTU (EINVAL,
/// of newer kernels EMSGSIZE).
bool may_be_the_cutting(std::error_code error) noexcept {
  return error == std::errc::io_error || error == std::errc::invalid_argument ||
         error == std::errc::message_size;
}

/// send_one, but for the counting of failures.
std::optional<std::size_t> send_part(int fd, memory_pieces from, std::size_t offset,
                                     message_route& by, datagram_setup& setup,
                                     std::error_code& ec) {
  if (from.size() > most_pieces) {
    ec = std::make_error_code(std::errc::message_size);
    return 0;
  }
  if (by.segment_bytes() == 0) by.set_segment_bytes(setup.segment_bytes);
  const std::size_t segment = by.segment_bytes();
  const std::size_t rest = size_of(from) - offset;
  if (segment == 0 || rest <= segment)
    return send_message(fd, from, offset, rest, false, by, setup, ec);
  const std::size_t at_once = std::min(most_segments, most_cut_bytes / segment);
  if (at_once > 1 && kernel_cuts(fd, setup)) {
    const std::size_t size = std::min(rest, at_once * segment);
    const auto sent = send_message(fd, from, offset, size, true, by, setup, ec);
    if (!may_be_the_cutting(ec)) return sent;
    if (ec == std::errc::io_error) setup.cuts = false;
  }
  return send_message(fd, from, offset, segment, false, by, setup, ec);
}

/// Of the batch: how many from the next one on go to the kernel as they are. 0: the next one is to be cut here.
std::size_t ready_run(int fd, outgoing_batch& from, datagram_setup& setup) noexcept {
  std::size_t run = 0;
  for (; run < from.left(); ++run) {
    message_route& by = from.route(run);
    if (by.segment_bytes() == 0) by.set_segment_bytes(setup.segment_bytes);
    const std::size_t size = size_of(from.pieces(run));
    const std::size_t segment = by.segment_bytes();
    const bool cut = segment != 0 && size > segment;
    const bool one_call = size <= most_cut_bytes && segments_of(size, segment) <= most_segments;
    if (cut && !(one_call && kernel_cuts(fd, setup))) break;
    by.put_into(from.next()[run].msg_hdr, cut);
  }
  return run;
}

/// The next datagram of the batch, in as many calls as it takes. True: it is done with, sent or dropped.
bool send_next(int fd, outgoing_batch& from, datagram_setup& setup, std::error_code& ec) {
  message_route& by = from.route(0);
  const std::size_t size = size_of(from.pieces(0));
  do {
    const auto sent = send_one(fd, from.pieces(0), from.offset(), by, setup, ec);
    if (!sent || policy::is_fatal_for_datagrams(ec)) return false;
    if (ec) return ec.clear(), from.drop(), true;
    from.advance(*sent);
  } while (from.offset() < size);
  from.took(1);
  return true;
}

void count_sent(outgoing_batch& from, std::size_t count, datagram_setup& setup) noexcept {
  for (std::size_t each = 0; each < count; ++each)
    setup.counters.sent +=
        segments_of(size_of(from.pieces(each)), from.route(each).segment_bytes());
  from.took(count);
}

/// One sendmmsg(2) for a run of datagrams. False: it would block, or the error says why not.
bool send_run(int fd, outgoing_batch& from, std::size_t run, datagram_setup& setup,
              std::error_code& ec) {
  sending judge(fd, setup);
  for (;;) {
    const int count = sys::sendmmsg(fd, from.next(), run, send_flags);
    ec = count < 0 ? sys::last_error() : std::error_code();
    const auto what = ec ? judge.failed(from.route(0), ec) : sending::verdict::drop;
    if (what == sending::verdict::again) continue;
    if (what == sending::verdict::wait) return ec.clear(), false;
    if (setup.watcher != nullptr)
      tell(setup, "sendmmsg", count, ec,
           std::to_string(fd) + ", " + std::to_string(run) + " datagrams");
    if (what == sending::verdict::fatal) return false;
    if (!ec) return count_sent(from, static_cast<std::size_t>(count), setup), true;
    // The first of the run; perhaps it goes in pieces.
    if (may_be_the_cutting(ec) && size_of(from.pieces(0)) > from.route(0).segment_bytes() &&
        from.route(0).segment_bytes() != 0)
      return send_next(fd, from, setup, ec);
    setup.counters.not_sent.count(policy::kind_of(ec));
    return ec.clear(), from.drop(), true;
  }
}

}  // namespace

unbound_socket open_datagram(flow& steps, const endpoint& at, int flags,
                             const datagram_options& options, std::string_view asio) {
  unbound_socket made = open_unbound_socket(steps, at, flags, asio);
  const int family = made.address.generic.sa_family;
  if (made.fd &&
      !apply_datagram_options(steps, made.fd.get(), family, binding_options(at, options)))
    made.fd.reset();
  return made;
}

std::optional<std::size_t> receive_one(int fd, memory_pieces to, datagram_info* about,
                                       datagram_setup& setup, std::error_code& ec) {
  if (to.size() > most_pieces) {
    ec = std::make_error_code(std::errc::message_size);
    return 0;
  }
  socket_address peer;
  control_memory control;
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(to.data());
  message.msg_iovlen = to.size();
  ssize_t result = 0;
  do {
    message.msg_name = &peer.generic;
    message.msg_namelen = socket_address::capacity;
    message.msg_control = about != nullptr ? &control : nullptr;
    message.msg_controllen = about != nullptr ? sizeof(control) : 0;
    result = sys::recvmsg(fd, &message, receive_flags);
    ec = result < 0 ? sys::last_error() : std::error_code();
  } while (ec && policy::judge_receive_error(ec) == datagram_action::repeat);
  if (ec && policy::judge_receive_error(ec) == datagram_action::wait)
    return ec.clear(), std::nullopt;
  peer.size = ec ? 0 : message.msg_namelen;
  if (peer.size == 0) peer.generic.sa_family = AF_UNIX;  // without a name
  if (setup.watcher != nullptr)
    tell(setup, "recvmsg", result, ec,
         describe_message(fd, size_of(to), peer.size == 0 ? nullptr : &peer, receive_flags));
  if (ec) {
    setup.counters.receive_errors.count(policy::kind_of(ec));
    return 0;
  }
  const auto whole = static_cast<std::size_t>(result);
  const std::size_t stored = std::min(whole, size_of(to));
  const control_facts facts = about != nullptr ? read_control(message) : control_facts{};
  setup.counters.received += segments_of(whole, facts.segment_bytes);
  if (stored < whole) ++setup.counters.truncated;
  if (about != nullptr) {
    *about = {};
    about->peer = to_endpoint(peer, SOCK_DGRAM);
    about->bytes = stored;
    about->whole_bytes = whole;
    tell_facts(facts, *about);
  } else if (stored < whole) {
    ec = std::make_error_code(std::errc::message_size);
  }
  return stored;
}

std::optional<std::size_t> send_one(int fd, memory_pieces from, std::size_t offset,
                                    message_route& by, datagram_setup& setup, std::error_code& ec) {
  const auto sent = send_part(fd, from, offset, by, setup, ec);
  if (ec)
    setup.counters.not_sent.count(policy::kind_of(ec));
  else if (sent)
    setup.counters.sent += segments_of(*sent, by.segment_bytes());
  return sent;
}

std::optional<std::size_t> receive_batch(int fd, incoming_batch& into, datagram_setup& setup,
                                         std::error_code& ec) {
  mmsghdr* const headers = into.prepare();
  int count = 0;
  do {
    count = sys::recvmmsg(fd, headers, into.capacity(), receive_flags);
    ec = count < 0 ? sys::last_error() : std::error_code();
  } while (ec && policy::judge_receive_error(ec) == datagram_action::repeat);
  if (ec && policy::judge_receive_error(ec) == datagram_action::wait)
    return ec.clear(), into.filled(0), std::nullopt;
  if (setup.watcher != nullptr)
    tell(setup, "recvmmsg", count, ec,
         std::to_string(fd) + ", " + std::to_string(into.capacity()) + " datagrams");
  into.filled(ec ? 0 : static_cast<std::size_t>(count));
  if (ec) setup.counters.receive_errors.count(policy::kind_of(ec));
  for (std::size_t each = 0; each < into.size(); ++each) {
    setup.counters.received += into.segments(each);
    if (into.truncated(each)) ++setup.counters.truncated;
  }
  return into.size();
}

std::optional<std::size_t> send_batch(int fd, outgoing_batch& from, datagram_setup& setup,
                                      std::error_code& ec) {
  ec.clear();
  while (from.left() > 0) {
    // One that is sent in part goes on in part.
    const std::size_t run = from.offset() > 0 ? 0 : ready_run(fd, from, setup);
    const bool done = run > 0 ? send_run(fd, from, run, setup, ec) : send_next(fd, from, setup, ec);
    if (!done) return ec ? std::optional(from.sent()) : std::nullopt;
  }
  return from.sent();
}

std::string describe_message(int fd, std::size_t bytes, const socket_address* peer, int flags) {
  std::string text = describe_transfer(fd, bytes, flags);
  return peer == nullptr ? text : text + ", " + describe(*peer, SOCK_DGRAM);
}

}  // namespace duet::os
