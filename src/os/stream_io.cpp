// SPDX-License-Identifier: MIT
#include "duet/os/stream_io.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "duet/error.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

/// Makes the call until no signal interrupts it.
template <class Call>
std::optional<std::size_t> transfer(Call call, const char* name, int fd, std::size_t asked,
                                    int flags, std::error_code& ec, told_to told) {
  ec.clear();
  if (asked == 0) return 0;
  ssize_t size = 0;
  do size = call(flags);
  while (size < 0 && errno == EINTR);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
  if (size < 0) ec = sys::last_error();
  if (told.watcher != nullptr) {
    told.watcher->on_step({name, describe_transfer(fd, asked, flags), size, ec, told.asio});
  }
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

}  // namespace

std::optional<std::size_t> try_receive(int fd, std::span<std::byte> to, std::error_code& ec,
                                       told_to told) {
  const auto call = [&](int flags) { return sys::recv(fd, to.data(), to.size(), flags); };
  const auto size = transfer(call, "recv", fd, to.size(), MSG_DONTWAIT, ec, told);
  if (size == 0U && !ec && !to.empty()) ec = error::end_of_stream;
  return size;
}

bool at_end(int fd, std::error_code& ec) {
  std::byte next{};
  const auto call = [&](int flags) { return sys::recv(fd, &next, 1, flags); };
  return transfer(call, "recv", fd, 1, MSG_DONTWAIT | MSG_PEEK, ec, {}) == 0U && !ec;
}

std::optional<std::size_t> try_send(int fd, std::span<const std::byte> from, std::error_code& ec,
                                    told_to told) {
  const auto call = [&](int flags) { return sys::send(fd, from.data(), from.size(), flags); };
  return transfer(call, "send", fd, from.size(), MSG_DONTWAIT | MSG_NOSIGNAL, ec, told);
}

std::optional<std::size_t> try_send(int fd, std::span<const std::span<const std::byte>> from,
                                    std::error_code& ec, told_to told) {
  std::array<iovec, max_pieces> pieces;
  std::size_t count = 0;
  std::size_t size = 0;
  for (const auto each : from.first(std::min(from.size(), max_pieces))) {
    if (each.empty()) continue;
    // sendmsg(2) writes nothing there.
    pieces[count++] = {const_cast<std::byte*>(each.data()), each.size()};
    size += each.size();
  }
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = count;
  const auto call = [&](int flags) { return sys::sendmsg(fd, &message, flags); };
  return transfer(call, "sendmsg", fd, size, MSG_DONTWAIT | MSG_NOSIGNAL, ec, told);
}

}  // namespace duet::os
