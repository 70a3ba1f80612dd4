// SPDX-License-Identifier: MIT
// The datagram echo client when calls fail: what costs one datagram, what costs none, and what ends the run.
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fault_plan.hpp"
#include "fixture.hpp"
#include "raw_datagram.hpp"

using namespace duet;
using namespace duet::test;

namespace {

/// A client with interval 0, and a plain peer that answers what it hears when it is told to.
template <class Row>
struct talk {
  talk(fixture_of<Row>& of, std::uint64_t count)
      : f(of), peer(raw_datagram::bound(f.anywhere())), client(f.loop(), options(count)) {
    client.async_run(peer.local_endpoint(),
                     f.once("run", [this](std::error_code why, reply_counts all) {
                       ended = why;
                       counts = all;
                     }));
  }
  datagram_echo_client_options options(std::uint64_t count) {
    datagram_echo_client_options how;
    how.count = count;
    how.interval = std::chrono::seconds(0);
    how.reply_deadline = std::chrono::hours(1);
    how.told = [this](const datagram_reply& about) {
      told.push_back(std::string(to_string(about.kind)) + ' ' + std::to_string(about.number));
      error = about.error;
    };
    return how;
  }
  void answer() {
    f.run_until([&] { return ended || peer.anything(); });
    if (ended) return;
    const auto got = peer.receive();
    peer.send_to(got.bytes, got.peer);
  }
  void finish() {
    f.run_until([&] { return ended.has_value(); });
  }

  fixture_of<Row>& f;
  raw_datagram peer;
  typename Row::backend::datagram_echo_client client;
  std::vector<std::string> told;
  std::error_code error;
  std::optional<std::error_code> ended;
  reply_counts counts;
};

}  // namespace

TEST_CASE_TEMPLATE("faults: a datagram that the kernel does not take costs no more than it", Row,
                   asio_udp4, posix_udp4) {
  DUET_NEEDS_SEAM();
  for (const int error : {EPERM, ENOBUFS, EINVAL, EACCES}) {
    CAPTURE(error);
    fixture_of<Row> f;
    const planned fault(os::call::sendmsg, nth(1, error));
    talk<Row> with(f, 2);
    with.answer();
    with.finish();
    CHECK_FALSE(*with.ended);
    CHECK(with.told == std::vector<std::string>{"not sent 1", "first 2"});
    CHECK(with.counts == reply_counts{.sent = 1, .received = 1, .not_sent = 1});
  }
}

TEST_CASE_TEMPLATE("faults: what passes while receiving costs an echo client nothing", Row,
                   asio_udp4, posix_udp4) {
  DUET_NEEDS_SEAM();
  for (const int error : {ENOMEM, ENOBUFS, EINTR}) {
    CAPTURE(error);
    fixture_of<Row> f;
    const planned fault(os::call::recvmsg, nth(1, error));
    talk<Row> with(f, 1);
    with.answer();
    with.finish();
    CHECK_FALSE(*with.ended);
    CHECK(with.counts == reply_counts{.sent = 1, .received = 1});
  }
}

TEST_CASE_TEMPLATE("faults: an unreachable way loses the first that is waited for", Row, asio_udp4,
                   posix_udp4) {
  DUET_NEEDS_SEAM();
  fixture_of<Row> f;
  const planned fault(os::call::recvmsg, nth(1, EHOSTUNREACH));
  talk<Row> with(f, 2);
  with.answer();  // late, for it counts as lost by then
  with.answer();
  with.finish();
  CHECK_FALSE(*with.ended);
  CHECK(with.counts.lost == 1);
  CHECK(with.counts.late == 1);
  CHECK(with.counts.received == 1);
}

TEST_CASE_TEMPLATE("faults: no socket ends an echo client of datagrams", Row, asio_udp4,
                   posix_udp4) {
  DUET_NEEDS_SEAM();
  for (const os::call call : {os::call::socket, os::call::sendmsg, os::call::recvmsg}) {
    CAPTURE(static_cast<int>(call));
    const int error = call == os::call::socket ? EMFILE : EBADF;
    fixture_of<Row> f;
    const planned fault(call, nth(1, error));
    talk<Row> with(f, 2);
    with.answer();
    with.finish();
    CHECK(errc_of(*with.ended) == static_cast<std::errc>(error));
    CHECK(with.counts.received == 0);
  }
}
