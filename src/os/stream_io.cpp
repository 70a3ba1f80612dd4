// SPDX-License-Identifier: MIT
#include "duet/os/stream_io.hpp"

#include <cerrno>
#include <string>

#include "duet/error.hpp"
#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

void tell(told_to told, const char* call, int fd, std::size_t asked, long result,
          std::error_code error) {
  told.watcher->on_step({call, std::to_string(fd) + ", " + std::to_string(asked) + " bytes", result,
                         error, told.asio});
}

/// Makes the call until no signal interrupts it.
template <class Call>
std::optional<std::size_t> transfer(Call call, const char* name, int fd, std::size_t asked,
                                    std::error_code& ec, told_to told) {
  ec.clear();
  if (asked == 0) return 0;
  ssize_t size = 0;
  do size = call();
  while (size < 0 && errno == EINTR);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
  if (size < 0) ec = sys::last_error();
  if (told.watcher != nullptr) tell(told, name, fd, asked, size, ec);
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

}  // namespace

std::optional<std::size_t> try_receive(int fd, std::span<std::byte> to, std::error_code& ec,
                                       told_to told) {
  const auto size = transfer([&] { return sys::recv(fd, to.data(), to.size(), MSG_DONTWAIT); },
                             "recv", fd, to.size(), ec, told);
  if (size == 0U && !ec && !to.empty()) ec = error::end_of_stream;
  return size;
}

std::optional<std::size_t> try_send(int fd, std::span<const std::byte> from, std::error_code& ec,
                                    told_to told) {
  return transfer(
      [&] { return sys::send(fd, from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL); }, "send",
      fd, from.size(), ec, told);
}

}  // namespace duet::os
