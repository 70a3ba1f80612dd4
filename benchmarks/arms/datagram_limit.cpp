// SPDX-License-Identifier: MIT
// The arm `limit` of the scenario `datagram`: the barest code that could do the job, blocking calls in a loop: recvfrom(2) and sendto(2), or
// recvmmsg(2) and sendmmsg(2). Not a server to copy: it trusts its only client, and a failing call ends it. It has no metadata and
// leaves segments alone.
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "arms/arm_options.hpp"
#include "arms/listen.hpp"
#include "duet/endpoint.hpp"
#include "duet/os/sockaddr.hpp"

namespace {

using duet::bench::arm_options;
using duet::bench::check;
using duet::bench::wants_answer;
using duet::os::socket_address;

int bind_as(const arm_options& options) {
  const auto where = duet::endpoint::parse(options.listen);
  std::error_code error;
  const auto address = duet::os::to_socket_address(where, error);
  const int fd =
      check(::socket(duet::os::family_of(where), SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  const int bytes = static_cast<int>(options.receive_buffer_bytes);
  check(::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), "SO_RCVBUF");
  check(::bind(fd, &address.generic, address.size), "bind");
  duet::bench::announce(duet::os::local_endpoint(fd, SOCK_DGRAM, error).to_string());
  return fd;
}

void serve_one_by_one(int fd, const arm_options& options) {
  std::vector<char> buffer(options.datagram_bytes);
  socket_address peer;
  const int flags = options.spin ? MSG_DONTWAIT : 0;
  while (true) {
    peer.size = socket_address::capacity;
    const auto result =
        ::recvfrom(fd, buffer.data(), buffer.size(), flags, &peer.generic, &peer.size);
    if (result < 0 && errno == EAGAIN) continue;
    const auto got = static_cast<std::size_t>(check(result, "recvfrom"));
    if (!wants_answer(options, buffer.data(), got)) continue;
    check(::sendto(fd, buffer.data(), got, MSG_NOSIGNAL, &peer.generic, peer.size), "sendto");
  }
}

/// One of a batch, where it came to and from.
struct slot {
  std::vector<char> bytes;
  iovec piece{};
  socket_address peer;
};

void serve_batches(int fd, const arm_options& options) {
  std::vector<slot> slots(options.batch);
  for (slot& each : slots) each.bytes.resize(options.datagram_bytes);
  std::vector<mmsghdr> in(options.batch);
  std::vector<mmsghdr> out(options.batch);
  while (true) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
      slots[i].piece = {slots[i].bytes.data(), slots[i].bytes.size()};
      in[i].msg_hdr = {
          &slots[i].peer.generic, socket_address::capacity, &slots[i].piece, 1, nullptr, 0, 0};
    }
    const auto count = static_cast<std::size_t>(
        check(::recvmmsg(fd, in.data(), static_cast<unsigned>(in.size()), MSG_WAITFORONE, nullptr),
              "recvmmsg"));
    std::size_t answers = 0;
    for (std::size_t i = 0; i < count; ++i) {
      slots[i].piece.iov_len = in[i].msg_len;
      if (wants_answer(options, slots[i].bytes.data(), in[i].msg_len)) out[answers++] = in[i];
    }
    for (std::size_t sent = 0; sent < answers;) {
      sent += static_cast<std::size_t>(check(
          ::sendmmsg(fd, out.data() + sent, static_cast<unsigned>(answers - sent), MSG_NOSIGNAL),
          "sendmmsg"));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = duet::bench::parse_arm_options(argc, argv);
  const int fd = bind_as(options);
  if (options.batch == 1) {
    serve_one_by_one(fd, options);
  } else {
    serve_batches(fd, options);
  }
}
