// SPDX-License-Identifier: MIT
// datagram_options: set on sockets of each family and read back from the kernel; what has no meaning for a family is skipped.
#include "duet/os/datagram_options.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "errors.hpp"
#include "ipv6.hpp"
#include "skip.hpp"

using namespace duet;
using test::errc_of;

namespace {

struct step_list : observer {
  void on_step(const flow_step& step) override { texts.emplace_back(step.call); }
  std::vector<std::string> texts;
};

/// A socket of a family with options applied.
struct applied {
  explicit applied(int family, const datagram_options& options) : steps(&list) {
    fd = os::open_socket(steps, family, SOCK_DGRAM, 0);
    ok = fd && os::apply_datagram_options(steps, fd.get(), family, options);
  }
  [[nodiscard]] datagram_options effective() const {
    std::error_code ec;
    const datagram_options now = os::effective_datagram_options(fd.get(), ec);
    CHECK_FALSE(ec);
    return now;
  }
  step_list list;
  os::flow steps;
  os::unique_fd fd;
  bool ok = false;
};

datagram_options unusual() {
  datagram_options options;
  options.socket.reuse_address = true;
  options.socket.reuse_port = true;
  options.socket.send_buffer_bytes = 30000;
  options.socket.receive_buffer_bytes = 40000;
  options.metadata = {true, true, true, true, true};
  options.hops = 7;
  options.traffic_class = 0x10;
  options.multicast_hops = 3;
  options.multicast_loop = false;
  options.multicast_interface = "lo";
  options.broadcast = true;
  options.device = "lo";
  options.coalesce = true;
  return options;
}

void check_unusual_ip(const datagram_options& now) {
  CHECK(now.socket.reuse_address == true);
  CHECK(now.socket.reuse_port == true);
  CHECK(now.metadata == unusual().metadata);
  CHECK(now.hops == 7);
  CHECK(now.traffic_class == 0x10);
  CHECK(now.multicast_hops == 3);
  CHECK(now.multicast_loop == false);
  CHECK(now.multicast_all == false);
  CHECK(now.broadcast == true);
  CHECK(now.device == "lo");
}

}  // namespace

TEST_CASE("datagram_options: IPv4 sockets take them all") {
  const applied socket(AF_INET, unusual());
  REQUIRE(socket.ok);
  const datagram_options now = socket.effective();
  check_unusual_ip(now);
  CHECK(now.socket.send_buffer_bytes == 60000);
  CHECK(now.socket.receive_buffer_bytes == 80000);
  CHECK_FALSE(now.socket.v6_only);
}

TEST_CASE("datagram_options: IPv6 sockets take them under their own names and for IPv4 too") {
  if (!test::has_ipv6()) DUET_SKIP("no IPv6 on this machine");
  const applied socket(AF_INET6, unusual());
  REQUIRE(socket.ok);
  const datagram_options now = socket.effective();
  check_unusual_ip(now);
  CHECK(now.multicast_interface == "1");
  int ttl = 0;
  socklen_t size = sizeof(ttl);
  REQUIRE(::getsockopt(socket.fd.get(), IPPROTO_IP, IP_TTL, &ttl, &size) == 0);
  CHECK(ttl == 7);

  datagram_options only = unusual();
  only.socket.v6_only = true;
  const applied v6(AF_INET6, only);
  REQUIRE(v6.ok);
  CHECK(v6.effective().socket.v6_only == true);
  for (const std::string& text : v6.list.texts) CHECK(text.find("IP_") == std::string::npos);
}

TEST_CASE("datagram_options: UNIX sockets take buffers and time and skip the rest") {
  const applied socket(AF_UNIX, unusual());
  REQUIRE(socket.ok);
  const datagram_options now = socket.effective();
  CHECK(now.socket.send_buffer_bytes == 60000);
  CHECK(now.metadata.receive_time);
  CHECK_FALSE(now.metadata.local_address);
  CHECK_FALSE(now.hops);
  CHECK(socket.list.texts == std::vector<std::string>{"socket", "setsockopt SO_SNDBUF",
                                                      "setsockopt SO_RCVBUF",
                                                      "setsockopt SO_TIMESTAMPNS"});
}

TEST_CASE("datagram_options: by default a socket hears its own groups and nothing else is set") {
  const applied socket(AF_INET, {});
  REQUIRE(socket.ok);
  CHECK(socket.list.texts == std::vector<std::string>{"socket", "setsockopt IP_MULTICAST_ALL"});
  const datagram_options now = socket.effective();
  CHECK_FALSE(now.multicast_all);
  CHECK(now.socket.reuse_address == false);
  datagram_options all;
  all.multicast_all = true;
  const applied open(AF_INET, all);
  REQUIRE(open.ok);
  CHECK(open.effective().multicast_all);
}

TEST_CASE("datagram_options: what the kernel refuses is told by its name") {
  datagram_options options;
  options.hops = 256;
  applied socket(AF_INET, options);
  CHECK_FALSE(socket.ok);
  CHECK(socket.steps.failed_step() == "setsockopt IP_TTL");
  CHECK(errc_of(socket.steps.error()) == std::errc::invalid_argument);

  options = {};
  options.multicast_interface = "no-such-one";
  applied nowhere(AF_INET, options);
  CHECK_FALSE(nowhere.ok);
  CHECK(nowhere.steps.failed_step() == "multicast_interface no-such-one");
  CHECK(errc_of(nowhere.steps.error()) == std::errc::no_such_device);

  options = {};
  options.device = "no-such-one";
  applied unbound(AF_INET, options);
  CHECK_FALSE(unbound.ok);
  CHECK(unbound.steps.failed_step() == "setsockopt SO_BINDTODEVICE");
}

TEST_CASE("datagram_options: the wildcard takes both families and the IPv6 one only its own") {
  CHECK(os::binding_options(endpoint::parse("udp://*:0"), {}).socket.v6_only == false);
  CHECK(os::binding_options(endpoint::parse("udp://[::]:0"), {}).socket.v6_only == true);
  CHECK_FALSE(os::binding_options(endpoint::parse("udp://0.0.0.0:0"), {}).socket.v6_only);
}

TEST_CASE("datagram_options: groups are joined and left once") {
  applied socket(AF_INET, {});
  REQUIRE(socket.ok);
  const multicast_group any{*address::parse("239.1.2.3"), "lo", {}};
  const multicast_group specific{*address::parse("232.1.2.3"), "1", address::loopback_v4()};
  for (const multicast_group& group : {any, specific}) {
    os::flow steps(nullptr);
    const auto change = [&](os::membership what) {
      return os::change_membership(steps, socket.fd.get(), what, group);
    };
    CHECK(change(os::membership::join));
    CHECK_FALSE(change(os::membership::join));
    CHECK(steps.failed_step().starts_with("setsockopt MCAST_JOIN_"));
  }
  os::flow steps(&socket.list);
  socket.list.texts.clear();
  for (const multicast_group& group : {any, specific})
    CHECK(os::change_membership(steps, socket.fd.get(), os::membership::leave, group));
  CHECK(socket.list.texts == std::vector<std::string>{"setsockopt MCAST_LEAVE_GROUP",
                                                      "setsockopt MCAST_LEAVE_SOURCE_GROUP"});
  CHECK_FALSE(os::change_membership(steps, socket.fd.get(), os::membership::leave, any));
  CHECK(steps.failed_step() == "setsockopt MCAST_LEAVE_GROUP");
}

TEST_CASE("datagram_options: what is no group and no interface is refused") {
  const applied socket(AF_INET, {});
  REQUIRE(socket.ok);
  for (const multicast_group& wrong :
       {multicast_group{address::loopback_v4(), "lo", {}},
        multicast_group{*address::parse("239.1.2.3"), "no-such-one", {}}}) {
    os::flow steps(nullptr);
    CHECK_FALSE(os::change_membership(steps, socket.fd.get(), os::membership::join, wrong));
    CHECK(steps.error());
  }
}
