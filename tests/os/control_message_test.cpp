// SPDX-License-Identifier: MIT
// control_message: written and read back, whole, cut at every length, and malformed. Memory is of the exact size, so that a sanitizer sees
// a read beyond it.
#include "duet/os/control_message.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "descriptors.hpp"

using namespace duet;
using duet::os::control_facts;
using duet::os::control_writer;

namespace {

using memory = std::vector<std::byte>;

msghdr message_with(memory& control) {
  msghdr message{};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  return message;
}

control_facts read(memory control) {
  const msghdr message = message_with(control);
  return os::read_control(message);
}

/// Control messages as `write` puts them, and not a byte more.
template <class Write>
memory written(Write write) {
  os::control_memory room;
  control_writer to(room.bytes);
  write(to);
  return {room.bytes.begin(), room.bytes.begin() + static_cast<std::ptrdiff_t>(to.size())};
}

in_pktinfo v4_info(const char* destination, const char* local) {
  in_pktinfo info{};
  info.ipi_ifindex = 7;
  info.ipi_addr.s_addr = htonl(address::parse(destination)->to_v4_host_order());
  info.ipi_spec_dst.s_addr = htonl(address::parse(local)->to_v4_host_order());
  return info;
}

in6_pktinfo v6_info(const char* destination, unsigned index) {
  in6_pktinfo info{};
  info.ipi6_ifindex = index;
  const auto bytes = address::parse(destination)->bytes();
  std::memcpy(&info.ipi6_addr, bytes.data(), bytes.size());
  return info;
}

/// Every fact at once.
memory everything() {
  return written([](control_writer& to) {
    CHECK(to.put(IPPROTO_IP, IP_PKTINFO, v4_info("127.0.0.2", "127.0.0.2")));
    CHECK(to.put(SOL_SOCKET, SCM_TIMESTAMPNS, timespec{1000, 5}));
    CHECK(to.put(SOL_SOCKET, SO_RXQ_OVFL, std::uint32_t{42}));
    CHECK(to.put(IPPROTO_IP, IP_TTL, 63));
    CHECK(to.put(IPPROTO_IP, IP_TOS, std::uint8_t{0x10}));
    CHECK(to.put(IPPROTO_UDP, UDP_GRO, 1200));
  });
}

datagram_info told(const control_facts& facts) {
  datagram_info info;
  os::tell_facts(facts, info);
  return info;
}

}  // namespace

TEST_CASE("control_message: every fact is read back") {
  const datagram_info info = told(read(everything()));
  CHECK(info.destination == address::parse("127.0.0.2"));
  CHECK(info.local_address == address::parse("127.0.0.2"));
  CHECK(info.interface_index == 7);
  REQUIRE(info.received_at);
  CHECK(info.received_at->time_since_epoch() == std::chrono::nanoseconds(1'000'000'000'005));
  CHECK(info.drop_count == 42U);
  CHECK(info.hops == 63);
  CHECK(info.traffic_class == 0x10);
  CHECK(info.segment_bytes == 1200);
}

TEST_CASE("control_message: nothing told is nothing known") {
  const control_facts facts = read({});
  CHECK_FALSE(facts.cut);
  CHECK(told(facts) == datagram_info{});
  msghdr none{};
  CHECK(told(os::read_control(none)) == datagram_info{});
}

TEST_CASE("control_message: IPv6 facts are read back") {
  const datagram_info info = told(read(written([](control_writer& to) {
    CHECK(to.put(IPPROTO_IPV6, IPV6_PKTINFO, v6_info("::1", 1)));
    CHECK(to.put(IPPROTO_IPV6, IPV6_HOPLIMIT, 64));
    CHECK(to.put(IPPROTO_IPV6, IPV6_TCLASS, 0x20));
  })));
  CHECK(info.destination == address::loopback_v6());
  CHECK(info.local_address == address::loopback_v6());
  CHECK(info.hops == 64);
  CHECK(info.traffic_class == 0x20);
  CHECK_FALSE(info.to_many());
}

TEST_CASE("control_message: IPv4 that arrives at an IPv6 socket is told as IPv4") {
  const datagram_info info = told(read(written([](control_writer& to) {
    CHECK(to.put(IPPROTO_IPV6, IPV6_PKTINFO, v6_info("::ffff:127.255.255.255", 1)));
    CHECK(to.put(IPPROTO_IP, IP_PKTINFO, v4_info("127.255.255.255", "127.0.0.1")));
  })));
  CHECK(info.destination == address::parse("127.255.255.255"));
  CHECK(info.local_address == address::loopback_v4());
  CHECK(info.to_many());
}

TEST_CASE("control_message: a group has no address to answer from in IPv6") {
  const datagram_info info = told(read(written([](control_writer& to) {
    CHECK(to.put(IPPROTO_IPV6, IPV6_PKTINFO, v6_info("ff0e::1", 1)));
  })));
  CHECK(info.destination == address::parse("ff0e::1"));
  CHECK_FALSE(info.local_address);
  CHECK(info.to_many());
}

TEST_CASE("control_message: a link-local address comes with its interface") {
  const datagram_info info = told(read(written([](control_writer& to) {
    CHECK(to.put(IPPROTO_IPV6, IPV6_PKTINFO, v6_info("fe80::1", 1)));
  })));
  REQUIRE(info.local_address);
  CHECK(info.local_address->to_string() == "fe80::1%lo");
}

TEST_CASE("control_message: cut at every length only whole facts are told") {
  const memory whole = everything();
  std::size_t known_before = 0;
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    CAPTURE(length);
    memory control(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    msghdr message = message_with(control);
    message.msg_flags = MSG_CTRUNC;
    const control_facts facts = os::read_control(message);
    CHECK(facts.cut);
    const std::size_t known = std::size_t{facts.v4.has_value()} + facts.received_at.has_value() +
                              facts.drop_count.has_value() + facts.hops.has_value() +
                              facts.traffic_class.has_value() + (facts.segment_bytes != 0);
    CHECK(known >= known_before);
    known_before = known;
    if (facts.hops) CHECK(*facts.hops == 63);
    if (facts.drop_count) CHECK(*facts.drop_count == 42);
  }
  CHECK(known_before == 6);
}

TEST_CASE("control_message: a value that the kernel cut short is not told") {
  // As put_cmsg of Linux leaves it: the length says how much of the value there was room for.
  memory control = written([](control_writer& to) { to.put(IPPROTO_IP, IP_TTL, 63); });
  for (std::size_t length = 0; length < CMSG_LEN(sizeof(int)); ++length) {
    CAPTURE(length);
    std::memcpy(control.data(), &length, sizeof(length));
    CHECK_FALSE(read(control).hops);
  }
  // And one that claims more than there is.
  const std::size_t beyond = control.size() + 1000;
  std::memcpy(control.data(), &beyond, sizeof(beyond));
  static_cast<void>(read(control));
}

TEST_CASE("control_message: descriptors that nobody asked for are closed") {
  const test::descriptor_map before = test::open_descriptors();
  const int fds[] = {::open("/dev/null", O_RDONLY | O_CLOEXEC),
                     ::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  CHECK(test::opened_since(before) != "");
  const control_facts facts = read(written([&](control_writer& to) {
    CHECK(to.put(SOL_SOCKET, SCM_RIGHTS, fds, sizeof(fds)));
    CHECK(to.put(SOL_SOCKET, SO_RXQ_OVFL, std::uint32_t{1}));
  }));
  CHECK(facts.drop_count == 1U);
  CHECK(test::opened_since(before) == "");
}

TEST_CASE("control_message: what does not fit is not written") {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int)) + 1> room{};
  control_writer to(room);
  CHECK_FALSE(to.put(IPPROTO_IPV6, IPV6_PKTINFO, v6_info("::1", 1)));
  CHECK(to.size() == 0);
  CHECK(to.put(IPPROTO_IP, IP_TTL, 1));
  CHECK(to.size() == CMSG_SPACE(sizeof(int)));
  CHECK_FALSE(to.put(IPPROTO_IP, IP_TTL, 2));
}

TEST_CASE("control_message: padding carries nothing of what was in the memory before") {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(1)> room;
  room.fill(std::byte{0xee});
  control_writer to(room);
  CHECK(to.put(IPPROTO_IP, IP_TOS, std::uint8_t{1}));
  for (std::size_t each = CMSG_LEN(1); each < room.size(); ++each)
    CHECK(room.at(each) == std::byte{0});
}
