// SPDX-License-Identifier: MIT
#include "duet/os/descriptor_passing.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "duet/error.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

/// Room for as many as one message can have: the kernel cuts nothing then but what the process has no numbers for.
struct rights_memory {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(most_descriptors * sizeof(int))> bytes{};
};

void put_rights(msghdr& message, rights_memory& memory, std::span<const int> descriptors) {
  message.msg_control = memory.bytes.data();
  message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
}

/// Appends to what has room for them all.
void take_rights(msghdr& message, std::vector<unique_fd>& taken) {
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr;
       each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t index = 0; index < count; ++index) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(each) + index * sizeof(int), sizeof(int));
      taken.emplace_back(fd);
    }
  }
}

/// Calls until no signal is in the way; nullopt: it would block.
template <class Call>
std::optional<ssize_t> uninterrupted(Call&& call) {
  ssize_t size = 0;
  do size = call();
  while (size < 0 && errno == EINTR);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
  return size;
}

void tell(told_to told, const char* call, int fd, std::size_t bytes, std::size_t descriptors,
          ssize_t size, std::error_code ec) {
  flow(told.watcher)
      .took(
          call, size, ec,
          [&] {
            return describe_transfer(fd, bytes) + ", SCM_RIGHTS " + std::to_string(descriptors);
          },
          told.asio);
}

}  // namespace

std::optional<std::size_t> try_send_descriptors(int fd, std::span<const std::byte> from,
                                                std::span<const int> descriptors,
                                                std::error_code& ec, told_to told) {
  ec.clear();
  if (from.empty() || descriptors.size() > most_descriptors) {
    ec = std::make_error_code(std::errc::invalid_argument);
    return 0;
  }
  if (descriptors.empty()) return try_send(fd, from, ec, told);
  iovec bytes{const_cast<std::byte*>(from.data()), from.size()};
  rights_memory memory;
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  put_rights(message, memory, descriptors);
  const auto size =
      uninterrupted([&] { return sys::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
  if (!size) return std::nullopt;
  if (*size < 0) ec = sys::last_error();
  tell(told, "sendmsg", fd, from.size(), descriptors.size(), *size, ec);
  return ec ? 0 : static_cast<std::size_t>(*size);
}

std::optional<std::size_t> try_receive_descriptors(int fd, std::span<std::byte> to,
                                                   std::vector<unique_fd>& into,
                                                   std::error_code& ec, told_to told) {
  ec.clear();
  if (to.empty()) return 0;
  // Before anything is received: without memory for them descriptors would be lost.
  const std::size_t before = into.size();
  into.reserve(before + most_descriptors);
  iovec bytes{to.data(), to.size()};
  rights_memory memory;
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = memory.bytes.data();
  message.msg_controllen = memory.bytes.size();
  const auto size =
      uninterrupted([&] { return sys::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC); });
  if (!size) return std::nullopt;
  if (*size < 0) {
    ec = sys::last_error();
  } else {
    take_rights(message, into);
    if (*size == 0) ec = error::end_of_stream;
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
      ec = std::make_error_code(std::errc::too_many_files_open);
      into.resize(before);
    }
  }
  tell(told, "recvmsg", fd, to.size(), into.size() - before, *size, ec);
  return *size > 0 ? static_cast<std::size_t>(*size) : 0;
}

}  // namespace duet::os
