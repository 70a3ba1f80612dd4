// SPDX-License-Identifier: MIT
// datagram: options reach the kernel through each column, errors are told by their step, and groups are heard by their members only.
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "duet/os/datagram_options.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_datagram.hpp"

using namespace duet;
using namespace duet::test;

namespace {

template <class Socket>
datagram_options effective_of(const Socket& socket) {
  std::error_code ec;
  const datagram_options options = os::effective_datagram_options(socket.native_handle(), ec);
  CHECK_FALSE(ec);
  return options;
}

struct named_calls : observer {
  void on_step(const flow_step& step) override { calls.emplace_back(step.call); }
  std::vector<std::string> calls;
};

/// On the loopback, for several sockets at one port.
datagram_options for_groups() {
  datagram_options options;
  options.socket.reuse_address = true;
  options.multicast_interface = "lo";
  options.metadata.local_address = true;
  return options;
}

multicast_group group(const char* text, const char* source = nullptr) {
  multicast_group made{*address::parse(text), "lo", {}};
  if (source != nullptr) made.source = *address::parse(source);
  return made;
}

/// Whether what comes makes up `expected`, and nothing else is there then.
template <class Fixture, class Socket>
bool hears(Fixture& f, Socket& socket, std::string_view expected) {
  std::string all;
  byte_vector buffer(64);
  datagram_info about;
  while (all.size() < expected.size()) {
    result received;
    socket.async_receive_from(buffer, about, f.into(received, "receive_from"));
    f.run_until([&] { return received.done; });
    CHECK(about.to_many());
    all += as_text(std::span(buffer).first(received.size));
  }
  CHECK(all == expected);
  std::error_code ec;
  return all == expected && !socket.try_receive_from(buffer, about, ec);
}

}  // namespace

TEST_CASE_TEMPLATE("datagram_options: reach the kernel by open and by bind", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  datagram_options options;
  options.socket.send_buffer_bytes = 30000;
  options.socket.receive_buffer_bytes = 40000;
  options.metadata.receive_time = true;
  options.hops = 9;
  options.broadcast = true;
  typename Row::backend::datagram_socket opened(f.loop());
  typename Row::backend::datagram_socket bound(f.loop());
  opened.open(f.anywhere(), options);
  bound.bind(f.anywhere(), options);
  for (const auto* each : {&opened, &bound}) {
    const datagram_options now = effective_of(*each);
    CHECK(now.socket.send_buffer_bytes == 60000);
    CHECK(now.socket.receive_buffer_bytes == 80000);
    CHECK(now.socket.reuse_address == false);
    CHECK(now.metadata.receive_time);
    CHECK_FALSE(now.multicast_all);
    CHECK(now.hops.has_value() == f.anywhere().is_ip());
    if (now.hops) CHECK(now.hops == 9);
  }
}

TEST_CASE_TEMPLATE("datagram_options: errors name the step and the endpoint", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  typename Row::backend::datagram_socket first(f.loop());
  first.bind(f.anywhere());
  const endpoint taken = first.local_endpoint();
  typename Row::backend::datagram_socket second(f.loop());
  std::error_code ec;
  second.bind(taken, {}, ec);
  CHECK(errc_of(ec) == std::errc::address_in_use);
  CHECK_FALSE(second.is_open());
  CHECK(thrown_text([&] { second.bind(taken); }) ==
        "bind " + taken.to_string() + ": Address already in use");
  datagram_options options;
  options.socket.receive_buffer_bytes = 4096;
  second.bind(f.anywhere(), options, ec);
  CHECK_FALSE(ec);
  CHECK(second.is_open());
}

TEST_CASE_TEMPLATE("datagram_options: what the kernel refuses is told with its name", Row,
                   DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  typename Row::backend::datagram_socket socket(f.loop());
  datagram_options options;
  options.device = "no-such-one";
  const endpoint at = f.anywhere();
  CHECK(thrown_text([&] { socket.bind(at, options); }) ==
        "setsockopt SO_BINDTODEVICE " + at.to_string() + ": No such device");
  CHECK_FALSE(socket.is_open());
  options.device = "lo";
  socket.bind(at, options);
  CHECK(effective_of(socket).device == "lo");
}

TEST_CASE_TEMPLATE("datagram_options: steps are told in the order of the flow", Row,
                   DUET_DATAGRAM_ROWS) {
  DUET_NEEDS_ROW(Row);
  fixture_of<Row> f;
  named_calls steps;
  {
    typename Row::backend::datagram_socket socket(f.loop());
    socket.bind(f.anywhere(), {}, &steps);
    const raw_datagram peer = raw_datagram::bound(f.anywhere());
    socket.connect(peer.local_endpoint());
    std::error_code ec;
    byte_vector buffer(8);
    CHECK(socket.try_send(as_bytes("x"), ec) == 1U);
    peer.send_to(as_bytes("y"), socket.local_endpoint());
    result received;
    socket.async_receive(buffer, f.into(received, "receive"));
    f.run_until([&] { return received.done; });
  }
  std::erase_if(steps.calls,
                [](const std::string& call) { return call.starts_with("setsockopt"); });
  CHECK(steps.calls ==
        std::vector<std::string>{"socket", "bind", "connect", "sendmsg", "recvmsg", "close"});
}

TEST_CASE_TEMPLATE("datagram_options: the wildcard takes both families and :: its own", Backend,
                   DUET_BACKENDS) {
  if (!has_ipv6()) DUET_SKIP("no IPv6 loopback on this machine");
  fixture<Backend> f;
  typename Backend::datagram_socket both(f.loop());
  typename Backend::datagram_socket own(f.loop());
  both.bind(endpoint::wildcard(transport::udp, 0));
  own.bind(endpoint::parse("udp://[::]:0"));
  CHECK(both.local_endpoint().is_wildcard());
  CHECK(effective_of(own).socket.v6_only == true);
  byte_vector buffer(8);
  for (const address& each : {address::loopback_v4(), address::loopback_v6()}) {
    const endpoint at{transport::udp, each, both.local_endpoint().port()};
    const raw_datagram peer = raw_datagram::opened(at);
    peer.send_to(as_bytes("x"), at);
    datagram_info about;
    result received;
    both.async_receive_from(buffer, about, f.into(received, "receive_from"));
    f.run_until([&] { return received.done; });
    CHECK(received.size == 1);
    // The way back works as it was told, mapped or not.
    result sent;
    both.async_send_to(as_bytes("y"), about.peer, f.into(sent, "send_to"));
    f.run_until([&] { return sent.done; });
    CHECK(as_text(peer.receive().bytes) == "y");
  }
}

TEST_CASE_TEMPLATE("datagram_options: broadcast needs permission", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_datagram server = raw_datagram::bound(endpoint::parse("udp://0.0.0.0:0"));
  const endpoint all{transport::udp, *address::parse("127.255.255.255"),
                     server.local_endpoint().port()};
  typename Backend::datagram_socket client(f.loop());
  client.open(all);
  std::error_code ec;
  CHECK(client.try_send_to(as_bytes("x"), all, ec) == 0U);
  CHECK(errc_of(ec) == std::errc::permission_denied);
  CHECK(client.counters().not_sent[datagram_failure::forbidden] == 1);
  datagram_options options;
  options.broadcast = true;
  client.open(all, options);
  CHECK(client.try_send_to(as_bytes("y"), all, ec) == 1U);
  CHECK(as_text(server.receive().bytes) == "y");
}

TEST_CASE_TEMPLATE("multicast: each hears the groups that it has joined and no others", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::datagram_socket one(f.loop());
  typename Backend::datagram_socket other(f.loop());
  typename Backend::datagram_socket sender(f.loop());
  one.bind(endpoint::parse("udp://0.0.0.0:0"), for_groups());
  const std::uint16_t port = one.local_endpoint().port();
  other.bind({transport::udp, address::any_v4(), port}, for_groups());
  sender.open(endpoint::parse("udp://0.0.0.0:0"), for_groups());
  const auto say = [&](const char* to, const char* text) {
    std::error_code ec;
    const auto sent =
        sender.try_send_to(as_bytes(text), endpoint{transport::udp, *address::parse(to), port}, ec);
    CHECK_FALSE(ec);
    CHECK(sent == std::string_view(text).size());
  };
  one.join(group("239.7.7.1"));
  other.join(group("239.7.7.2"));
  say("239.7.7.1", "1");
  say("239.7.7.2", "2");
  say("239.7.7.3", "3");
  CHECK(hears(f, one, "1"));
  CHECK(hears(f, other, "2"));
  other.join(group("239.7.7.1"));
  say("239.7.7.1", "a");
  say("239.7.7.2", "b");
  CHECK(hears(f, one, "a"));
  CHECK(hears(f, other, "ab"));
  one.leave(group("239.7.7.1"));
  say("239.7.7.1", "c");
  CHECK(hears(f, one, ""));
  CHECK(hears(f, other, "c"));
}

TEST_CASE_TEMPLATE("multicast: with multicast_all others' groups are heard too", Backend,
                   DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::datagram_socket member(f.loop());
  typename Backend::datagram_socket curious(f.loop());
  member.bind(endpoint::parse("udp://0.0.0.0:0"), for_groups());
  datagram_options all = for_groups();
  all.multicast_all = true;
  const std::uint16_t port = member.local_endpoint().port();
  curious.bind({transport::udp, address::any_v4(), port}, all);
  member.join(group("239.7.7.4"));
  std::error_code ec;
  CHECK(member.try_send_to(as_bytes("x"),
                           endpoint{transport::udp, *address::parse("239.7.7.4"), port}, ec) == 1U);
  CHECK(hears(f, member, "x"));
  CHECK(hears(f, curious, "x"));
}

TEST_CASE_TEMPLATE("multicast: by source only that sender is heard", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::datagram_socket member(f.loop());
  member.bind(endpoint::parse("udp://0.0.0.0:0"), for_groups());
  const endpoint to{transport::udp, *address::parse("232.7.7.1"), member.local_endpoint().port()};
  member.join(group("232.7.7.1", "127.0.0.2"));
  for (const char* from : {"127.0.0.1", "127.0.0.2", "127.0.0.3"}) {
    typename Backend::datagram_socket sender(f.loop());
    sender.bind({transport::udp, *address::parse(from), 0}, for_groups());
    std::error_code ec;
    CHECK(sender.try_send_to(as_bytes(from), to, ec) == 9U);
  }
  CHECK(hears(f, member, "127.0.0.2"));
  member.leave(group("232.7.7.1", "127.0.0.2"));
}

TEST_CASE_TEMPLATE("multicast: joining says what is wrong", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  typename Backend::datagram_socket socket(f.loop());
  socket.bind(endpoint::parse("udp://0.0.0.0:0"));
  std::error_code ec;
  socket.join({*address::parse("239.1.2.3"), "no-such-one", {}}, ec);
  CHECK(errc_of(ec) == std::errc::no_such_device);
  socket.join({address::loopback_v4(), "lo", {}}, ec);
  CHECK(errc_of(ec) == std::errc::invalid_argument);
  socket.leave(group("239.1.2.3"), ec);
  CHECK(errc_of(ec) == std::errc::address_not_available);
  CHECK(thrown_text([&] { socket.leave(group("239.1.2.3")); }) ==
        "setsockopt MCAST_LEAVE_GROUP udp://239.1.2.3:0: Cannot assign requested address");
  socket.join(group("239.1.2.3"), ec);
  CHECK_FALSE(ec);
}

TEST_CASE_TEMPLATE("multicast: IPv6 groups on the loopback", Backend, DUET_BACKENDS) {
  if (!has_ipv6()) DUET_SKIP("no IPv6 loopback on this machine");
  fixture<Backend> f;
  typename Backend::datagram_socket one(f.loop());
  typename Backend::datagram_socket other(f.loop());
  one.bind(endpoint::parse("udp://[::]:0"), for_groups());
  const std::uint16_t port = one.local_endpoint().port();
  other.bind({transport::udp, address::any_v6(), port}, for_groups());
  one.join(group("ff15::7:1"));
  other.join(group("ff15::7:2"));
  std::error_code ec;
  for (const char* to : {"ff15::7:1", "ff15::7:2"}) {
    one.try_send_to(as_bytes(to), endpoint{transport::udp, *address::parse(to), port}, ec);
    if (errc_of(ec) == std::errc::network_unreachable)
      DUET_SKIP("no IPv6 multicast route on the loopback");
    CHECK_FALSE(ec);
  }
  CHECK(hears(f, one, "ff15::7:1"));
  CHECK(hears(f, other, "ff15::7:2"));
}
