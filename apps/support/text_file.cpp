// SPDX-License-Identifier: MIT
#include "support/text_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "duet/os/unique_fd.hpp"
#include "support/printable.hpp"

namespace duet::apps {
namespace {

[[noreturn]] void fail(int error, const std::string& path) {
  throw std::system_error(error, std::system_category(), "write " + printable(path));
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto size = os::sys::write(fd, text.data(), text.size());
    if (size < 0 && errno != EINTR) return false;
    if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

/// A device or a pipe is to get the text, and to stay.
void write_in_place(const std::string& path, std::string_view text) {
  const os::unique_fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file || !write_all(file.get(), text)) fail(errno, path);
}

}  // namespace

void write_atomically(const std::string& path, std::string_view text) {
  struct stat there {};
  if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode))
    return write_in_place(path, text);
  std::string temporary = path + ".XXXXXX";
  os::unique_fd file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) fail(errno, path);
  // mkostemp's mode is 0600; who waits for the file may be somebody else, so it gets what open(2) would have given.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (write_all(file.get(), text) && ::fchmod(file.get(), 0666 & ~mask) == 0 &&
      ::rename(temporary.c_str(), path.c_str()) == 0) {
    return;
  }
  const int error = errno;
  ::unlink(temporary.c_str());
  fail(error, path);
}

std::string read_text(const std::string& path, std::error_code& ec) {
  constexpr std::size_t most = std::size_t{1} << 20;
  ec.clear();
  std::string text;
  const os::unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> buffer;
  while (file && text.size() < most) {
    const auto size = os::sys::read(file.get(), buffer.data(), buffer.size());
    if (size == 0) return text;
    if (size > 0) text.append(buffer.data(), static_cast<std::size_t>(size));
    if (size < 0 && errno != EINTR) break;
  }
  if (text.size() < most) ec = os::sys::last_error();
  return text;
}

}  // namespace duet::apps
