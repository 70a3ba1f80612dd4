// SPDX-License-Identifier: MIT
// datagram_io: single datagrams on sockets of each family: what is told of them, where they go, what their errors are. Batches are in
// datagram_batch_test.cpp, faults in tests/fault.
#include "duet/os/datagram_io.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "descriptors.hpp"
#include "duet/error.hpp"
#include "errors.hpp"
#include "raw_datagram.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

using namespace duet;
using namespace duet::test;

namespace {

const endpoint anywhere = endpoint::parse("udp://127.0.0.1:0");

iovec piece(std::span<const std::byte> bytes) {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

/// A bound socket of os/ with the calls on it.
struct os_socket {
  explicit os_socket(const endpoint& at, const datagram_options& options = {}) {
    os::flow steps(nullptr);
    setup.family = os::family_of(at);
    auto [made, address] = os::open_datagram(steps, at, 0, options);
    fd = std::move(made);
    REQUIRE(fd);
    REQUIRE(::bind(fd.get(), &address.generic, address.size) == 0);
  }
  [[nodiscard]] endpoint where() const {
    std::error_code unlikely;
    return os::local_endpoint(fd.get(), SOCK_DGRAM, unlikely);
  }
  std::optional<std::size_t> receive(std::span<std::byte> to, datagram_info* about) {
    await_datagram(fd.get());
    return receive_now(to, about);
  }
  std::optional<std::size_t> receive_now(std::span<std::byte> to, datagram_info* about) {
    const iovec memory = piece(to);
    return os::receive_one(fd.get(), {&memory, 1}, about, setup, ec);
  }
  std::optional<std::size_t> send(std::span<const std::byte> bytes, const datagram_route& by,
                                  std::size_t offset = 0) {
    os::message_route route(by, ec);
    REQUIRE_FALSE(ec);
    const iovec memory = piece(bytes);
    return os::send_one(fd.get(), {&memory, 1}, offset, route, setup, ec);
  }
  os::unique_fd fd;
  os::datagram_setup setup;
  std::error_code ec;
};

datagram_route to(const endpoint& where) {
  datagram_route route;
  route.to = where;
  return route;
}

struct step_list : observer {
  void on_step(const flow_step& step) override {
    texts.push_back(std::string(step.call) + " " + std::string(step.arguments) + " -> " +
                    std::to_string(step.result));
  }
  std::vector<std::string> texts;
};

}  // namespace

TEST_CASE("datagram_io: nothing there is no error") {
  os_socket socket(anywhere);
  byte_vector buffer(8);
  datagram_info about;
  CHECK_FALSE(socket.receive_now(buffer, &about));
  CHECK_FALSE(socket.ec);
}

TEST_CASE("datagram_io: bytes and peer arrive and a part is told as a part") {
  os_socket socket(anywhere);
  const raw_datagram peer = raw_datagram::bound(anywhere);
  byte_vector buffer(4);
  datagram_info about;
  for (const char* text : {"", "ab", "abcd", "abcdef"}) {
    const auto bytes = as_bytes(text);
    peer.send_to(bytes, socket.where());
    const auto size = socket.receive(buffer, &about);
    CHECK(size == std::min<std::size_t>(bytes.size(), 4));
    CHECK(about.peer == peer.local_endpoint());
    CHECK(about.bytes == *size);
    CHECK(about.whole_bytes == bytes.size());
    CHECK(about.truncated() == (bytes.size() > 4));
    CHECK(as_text(std::span(buffer).first(*size)) == std::string_view(text).substr(0, 4));
  }
  CHECK(socket.setup.counters.received == 4);
  CHECK(socket.setup.counters.truncated == 1);
}

TEST_CASE("datagram_io: without somebody to tell a part is an error") {
  os_socket socket(anywhere);
  const raw_datagram peer = raw_datagram::opened(anywhere);
  byte_vector buffer(2);
  peer.send_to(as_bytes("ab"), socket.where());
  peer.send_to(as_bytes("abc"), socket.where());
  CHECK(socket.receive(buffer, nullptr) == 2U);
  CHECK_FALSE(socket.ec);
  CHECK(socket.receive(buffer, nullptr) == 2U);
  CHECK(errc_of(socket.ec) == std::errc::message_size);
  CHECK(socket.setup.counters.truncated == 1);
}

TEST_CASE("datagram_io: a peer without a name is an endpoint without a path") {
  const temporary_folder folder;
  os_socket socket(endpoint::local(transport::unix_datagram, folder.fresh_path()));
  const raw_datagram peer = raw_datagram::opened(socket.where());
  peer.send_to(as_bytes("x"), socket.where());
  byte_vector buffer(2);
  datagram_info about;
  CHECK(socket.receive(buffer, &about) == 1U);
  CHECK(about.peer == endpoint::local(transport::unix_datagram, {}));
}

TEST_CASE("datagram_io: every fact that was asked for is told") {
  datagram_options options;
  options.metadata = {true, true, true, true, true};
  os_socket socket(anywhere, options);
  const raw_datagram peer = raw_datagram::opened(anywhere);
  peer.set(IPPROTO_IP, IP_TTL, 33);
  peer.set(IPPROTO_IP, IP_TOS, 0x20);
  const auto before = std::chrono::system_clock::now();
  peer.send_to(as_bytes("x"), socket.where());
  byte_vector buffer(2);
  datagram_info about;
  REQUIRE(socket.receive(buffer, &about) == 1U);
  CHECK(about.destination == address::loopback_v4());
  CHECK(about.local_address == address::loopback_v4());
  CHECK(about.interface_index == 1);
  CHECK(about.hops == 33);
  CHECK(about.traffic_class == 0x20);
  CHECK_FALSE(about.to_many());
  REQUIRE(about.received_at);
  CHECK(*about.received_at >= before - std::chrono::minutes(1));
  CHECK(*about.received_at <= std::chrono::system_clock::now() + std::chrono::minutes(1));
}

TEST_CASE("datagram_io: broadcast is told from unicast") {
  datagram_options options;
  options.metadata.local_address = true;
  os_socket socket(endpoint::parse("udp://0.0.0.0:0"), options);
  const raw_datagram peer = raw_datagram::opened(anywhere);
  peer.set(SOL_SOCKET, SO_BROADCAST, 1);
  const endpoint all{transport::udp, *address::parse("127.255.255.255"), socket.where().port()};
  peer.send_to(as_bytes("x"), all);
  byte_vector buffer(2);
  datagram_info about;
  REQUIRE(socket.receive(buffer, &about) == 1U);
  CHECK(about.destination == address::parse("127.255.255.255"));
  CHECK(about.to_many());
}

TEST_CASE("datagram_io: a route chooses the source address") {
  os_socket socket(endpoint::parse("udp://0.0.0.0:0"));
  const raw_datagram peer = raw_datagram::bound(anywhere);
  datagram_route route = to(peer.local_endpoint());
  route.from = *address::parse("127.0.0.9");
  CHECK(socket.send(as_bytes("x"), route) == 1U);
  CHECK(peer.receive().peer.address() == *route.from);
  // One that is not ours is refused.
  route.from = *address::parse("192.0.2.200");
  CHECK(socket.send(as_bytes("x"), route) == 0U);
  CHECK(socket.ec);
  CHECK(socket.setup.counters.not_sent.total() == 1);
}

TEST_CASE("datagram_io: a name is no route") {
  std::error_code ec;
  const os::message_route route(to(endpoint::parse("udp://localhost:9")), ec);
  CHECK(ec == condition::bad_endpoint);
}

TEST_CASE("datagram_io: what cannot be sent is counted by kind") {
  os_socket socket(anywhere);
  const byte_vector large(65508);
  CHECK(socket.send(large, to(socket.where())) == 0U);
  CHECK(errc_of(socket.ec) == std::errc::message_size);
  CHECK(socket.send({}, to(endpoint::parse("udp://127.0.0.1:0"))) == 0U);  // port 0
  CHECK(errc_of(socket.ec) == std::errc::invalid_argument);
  CHECK(socket.send({}, to(endpoint::parse("udp://127.255.255.255:9"))) == 0U);
  CHECK(errc_of(socket.ec) == std::errc::permission_denied);  // broadcast was not allowed
  const datagram_failures& failures = socket.setup.counters.not_sent;
  CHECK(failures[datagram_failure::too_long] == 1);
  CHECK(failures[datagram_failure::bad_address] == 1);
  CHECK(failures[datagram_failure::forbidden] == 1);
  CHECK(failures.total() == 3);
  CHECK(socket.send(std::span(large).first(65507), to(socket.where())) == 65507U);
  CHECK(socket.setup.counters.sent == 1);
}

TEST_CASE("datagram_io: the queue of an unconnected UNIX peer that is full is an error") {
  const temporary_folder folder;
  os_socket socket(endpoint::local(transport::unix_datagram, folder.fresh_path()));
  const raw_datagram peer =
      raw_datagram::bound(endpoint::local(transport::unix_datagram, folder.fresh_path()));
  std::size_t sent = 0;
  while (socket.send(as_bytes("x"), to(peer.local_endpoint())) == 1U && sent < 10'000) ++sent;
  CHECK(errc_of(socket.ec) == std::errc::resource_unavailable_try_again);
  CHECK(sent > 0);
  CHECK(socket.setup.counters.not_sent[datagram_failure::no_room] == 1);
  static_cast<void>(peer.receive());
  CHECK(socket.send(as_bytes("x"), to(peer.local_endpoint())) == 1U);

  // A connected one waits.
  std::error_code ec;
  const os::socket_address address = os::to_socket_address(peer.local_endpoint(), ec);
  REQUIRE(::connect(socket.fd.get(), &address.generic, address.size) == 0);
  CHECK_FALSE(socket.send(as_bytes("x"), {}));
  CHECK_FALSE(socket.ec);
}

TEST_CASE("datagram_io: an earlier datagram's error does not stop a send and is told once") {
  os_socket socket(anywhere);
  endpoint gone;
  {
    const raw_datagram peer = raw_datagram::bound(anywhere);
    gone = peer.local_endpoint();
  }
  std::error_code ec;
  const os::socket_address address = os::to_socket_address(gone, ec);
  REQUIRE(::connect(socket.fd.get(), &address.generic, address.size) == 0);
  CHECK(socket.send(as_bytes("1"), {}) == 1U);
  await_datagram(socket.fd.get(), 0);
  CHECK(socket.send(as_bytes("2"), {}) == 1U);  // which was told of the first, and made again
  CHECK_FALSE(socket.ec);
  CHECK(socket.setup.counters.sent_again == 1);
  CHECK(socket.setup.counters.sent == 2);
  byte_vector buffer(8);
  CHECK(socket.receive(buffer, nullptr) == 0U);
  CHECK(errc_of(socket.ec) == std::errc::connection_refused);
  CHECK(socket.setup.counters.receive_errors[datagram_failure::refused] == 1);
  CHECK_FALSE(socket.receive_now(buffer, nullptr));
  CHECK_FALSE(socket.ec);
}

TEST_CASE("datagram_io: memory in pieces is gathered and scattered") {
  os_socket socket(anywhere);
  const auto head = as_bytes("one,");
  const auto tail = as_bytes("two");
  const iovec out[] = {piece(head), piece({}), piece(tail)};
  std::error_code ec;
  os::message_route route(to(socket.where()), ec);
  CHECK(os::send_one(socket.fd.get(), out, 0, route, socket.setup, ec) == 7U);
  byte_vector first(5);
  byte_vector second(5);
  const iovec in[] = {piece(first), piece(second)};
  datagram_info about;
  await_datagram(socket.fd.get());
  CHECK(os::receive_one(socket.fd.get(), in, &about, socket.setup, ec) == 7U);
  CHECK(as_text(first) == "one,t");
  CHECK(as_text(std::span(second).first(2)) == "wo");

  const std::vector<iovec> many(os::most_pieces + 1, piece(head));
  CHECK(os::send_one(socket.fd.get(), many, 0, route, socket.setup, ec) == 0U);
  CHECK(errc_of(ec) == std::errc::message_size);
  CHECK(os::receive_one(socket.fd.get(), many, &about, socket.setup, ec) == 0U);
  CHECK(errc_of(ec) == std::errc::message_size);
}

TEST_CASE("datagram_io: a long send goes in segments however it is cut") {
  for (const bool by_kernel : {true, false}) {
    for (const std::size_t size : {0U, 1U, 100U, 101U, 1000U, 12'345U}) {
      CAPTURE(by_kernel);
      CAPTURE(size);
      os_socket socket(anywhere);
      if (!by_kernel) socket.setup.cuts = false;
      const raw_datagram peer = raw_datagram::bound(anywhere);
      peer.set(SOL_SOCKET, SO_RCVBUF, 1 << 20);
      const byte_vector bytes = some_bytes(size);
      datagram_route route = to(peer.local_endpoint());
      route.segment_bytes = 100;
      std::size_t offset = 0;
      do offset += socket.send(bytes, route, offset).value_or(0);
      while (offset < size && !socket.ec);
      CHECK_FALSE(socket.ec);
      byte_vector got;
      std::size_t segments = 0;
      do {
        const byte_vector segment = peer.receive().bytes;
        ++segments;
        got.insert(got.end(), segment.begin(), segment.end());
        CHECK(segment.size() == std::min<std::size_t>(100, size - (segments - 1) * 100));
      } while (got.size() < size);
      CHECK(got == bytes);
      CHECK_FALSE(peer.anything());
      CHECK(socket.setup.counters.sent == segments);
    }
  }
}

TEST_CASE("datagram_io: segments longer than the way takes go by IP fragments") {
  // The loopback's MTU is 65536 or less; the kernel cuts no segments that do not fit it.
  os_socket socket(anywhere);
  const raw_datagram peer = raw_datagram::bound(anywhere);
  peer.set(SOL_SOCKET, SO_RCVBUF, 1 << 20);
  const byte_vector bytes = some_bytes(65507 + 10);
  datagram_route route = to(peer.local_endpoint());
  route.segment_bytes = 65507;
  CHECK(socket.send(bytes, route) == 65507U);
  CHECK(socket.send(bytes, route, 65507) == 10U);
  CHECK(peer.receive().bytes.size() == 65507);
  CHECK(peer.receive().bytes.size() == 10);
}

TEST_CASE("datagram_io: descriptors that come uninvited are not kept") {
  const temporary_folder folder;
  os_socket socket(endpoint::local(transport::unix_datagram, folder.fresh_path()));
  const raw_datagram peer = raw_datagram::opened(socket.where());
  peer.connect(socket.where());
  const std::string before = opened_since({});
  for (int times = 0; times < 2; ++times) {
    os::control_memory room;
    os::control_writer rights(room.bytes);
    const int fd = 0;
    rights.put(SOL_SOCKET, SCM_RIGHTS, fd);
    msghdr message{};
    message.msg_control = &room;
    message.msg_controllen = rights.size();
    checked(::sendmsg(peer.fd(), &message, 0), "sendmsg");
    byte_vector buffer(1);
    datagram_info about;
    CHECK(socket.receive(buffer, times == 0 ? &about : nullptr) == 0U);
    CHECK_FALSE(socket.ec);
    CHECK(opened_since({}) == before);
  }
}

TEST_CASE("datagram_io: each call is told with its arguments") {
  os_socket socket(anywhere);
  step_list steps;
  socket.setup.watcher = &steps;
  byte_vector buffer(8);
  datagram_info about;
  CHECK_FALSE(socket.receive_now(buffer, &about));
  CHECK(socket.send(as_bytes("abc"), to(socket.where())) == 3U);
  CHECK(socket.receive(buffer, &about) == 3U);
  REQUIRE(steps.texts.size() == 2);  // waiting is told by nobody
  const std::string fd = std::to_string(socket.fd.get());
  const std::string at = "127.0.0.1:" + std::to_string(socket.where().port()) + " (sin_port 0x";
  CHECK(
      steps.texts[0].starts_with("sendmsg " + fd + ", 3 bytes, MSG_DONTWAIT|MSG_NOSIGNAL, " + at));
  CHECK(steps.texts[1].starts_with("recvmsg " + fd + ", 8 bytes, MSG_TRUNC|MSG_DONTWAIT, " + at));
  CHECK(steps.texts[1].ends_with(") -> 3"));
}
