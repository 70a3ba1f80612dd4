// SPDX-License-Identifier: MIT
#include "duet/os/plain_io.hpp"

#include <linux/limits.h>

#include <algorithm>

#include "duet/error.hpp"
#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

std::optional<std::size_t> outcome(ssize_t size, std::error_code& ec) noexcept {
  ec.clear();
  if (size >= 0) return static_cast<std::size_t>(size);
  if (errno == EAGAIN || errno == EINTR) return std::nullopt;
  ec = sys::last_error();
  return 0;
}

bool is_file(int fd) noexcept {
  struct stat what {};
  return sys::fstatat(fd, "", &what, AT_EMPTY_PATH) == 0 &&
         (S_ISREG(what.st_mode) || S_ISBLK(what.st_mode));
}

}  // namespace

std::optional<std::size_t> read_ready(int fd, std::span<std::byte> to,
                                      std::error_code& ec) noexcept {
  const auto size = outcome(sys::read(fd, to.data(), to.size()), ec);
  if (size == 0U && !ec) ec = error::end_of_stream;
  return size;
}

std::optional<std::size_t> write_ready(int fd, std::span<const std::byte> from,
                                       std::error_code& ec) noexcept {
  const std::size_t most = from.size() <= PIPE_BUF || is_file(fd) ? from.size() : PIPE_BUF;
  return outcome(sys::write(fd, from.data(), most), ec);
}

}  // namespace duet::os
