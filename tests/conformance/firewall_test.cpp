// SPDX-License-Identifier: MIT
// Datagrams and a firewall: sends that it rejects, and datagrams that it drops on their way, counted one by one. Each case is in a network
// namespace of its own, with rules of its own; the machine's stay as they are. Source: nft(8).
#include <memory>
#include <string>
#include <vector>

#include "datagram_pair.hpp"
#include "errors.hpp"
#include "firewall.hpp"

using namespace duet;
using namespace duet::test;

namespace {

std::string to_port(const endpoint& at) { return "udp dport " + std::to_string(at.port()); }

}  // namespace

TEST_CASE_TEMPLATE("firewall: a send that it rejects is counted and the socket goes on", Row,
                   DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  const firewall rules;
  DUET_NEEDS_FIREWALL(rules);
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  const raw_datagram open = raw_datagram::bound(f.anywhere());
  const raw_datagram shut = raw_datagram::bound(f.anywhere());
  rules.add("out", to_port(pair.peer.local_endpoint()) + " drop");
  rules.add("out", to_port(shut.local_endpoint()) + " reject");
  std::uint64_t forbidden = 0;
  for (const endpoint& at : {pair.peer.local_endpoint(), shut.local_endpoint()}) {
    CHECK(errc_of(pair.send(as_bytes("no"), at).ec) == std::errc::operation_not_permitted);
    CHECK(pair.socket.counters().not_sent[datagram_failure::forbidden] == ++forbidden);
    CHECK_FALSE(pair.send(as_bytes("yes"), open.local_endpoint()).ec);
    CHECK(as_text(open.receive().bytes) == "yes");
  }
  CHECK(pair.socket.counters().sent == 2);
  CHECK(pair.socket.counters().not_sent.total() == 2);
}

TEST_CASE_TEMPLATE("firewall: a batch loses only what it rejects", Row, DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  const firewall rules;
  DUET_NEEDS_FIREWALL(rules);
  fixture_of<Row> f;
  with_peer<Row> pair(f);
  const raw_datagram shut = raw_datagram::bound(f.anywhere());
  rules.add("out", to_port(shut.local_endpoint()) + " drop");
  typename Row::backend::outgoing_batch batch;
  const std::vector<std::string> texts{"0", "1", "2", "3", "4", "5"};
  for (std::size_t each = 0; each < texts.size(); ++each) {
    batch.add(as_bytes(texts[each]),
              {each % 3 == 1 ? shut.local_endpoint() : pair.peer.local_endpoint()});
  }
  result sent;
  pair.socket.async_send_batch(batch, f.into(sent, "send"));
  f.run_until([&] { return sent.done; });
  CHECK_FALSE(sent.ec);
  CHECK(batch.sent() == 4);
  CHECK(batch.dropped() == 2);
  for (const char* const each : {"0", "2", "3", "5"})
    CHECK(as_text(pair.peer.receive().bytes) == each);
  CHECK(pair.socket.counters().sent == 4);
  CHECK(pair.socket.counters().not_sent[datagram_failure::forbidden] == 2);
}

TEST_CASE_TEMPLATE("firewall: an echo server counts the reply it may not send and goes on", Row,
                   DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  const firewall rules;
  DUET_NEEDS_FIREWALL(rules);
  fixture_of<Row> f;
  typename Row::backend::datagram_echo_server server(f.loop(), {});
  const endpoint where = server.listen(f.anywhere());
  server.start();
  const raw_datagram open = raw_datagram::bound(f.anywhere());
  const raw_datagram shut = raw_datagram::bound(f.anywhere());
  rules.add("out", to_port(shut.local_endpoint()) + " drop");
  for (std::uint64_t round = 1; round <= 3; ++round) {
    shut.send_to(as_bytes("unheard"), where);
    open.send_to(as_bytes("heard"), where);
    f.run_until(
        [&] { return server.counters().echoed == round && server.counters().not_sent == round; });
    CHECK(as_text(open.receive().bytes) == "heard");
  }
  CHECK_FALSE(shut.anything());
  CHECK(server.counters().received == 6);
  server.stop();
  f.run_ready();
}

TEST_CASE_TEMPLATE("firewall: three of ten lost on their way are told one by one", Row,
                   DUET_UDP_ROWS) {
  DUET_NEEDS_ROW(Row);
  const firewall rules;
  DUET_NEEDS_FIREWALL(rules);
  fixture_of<Row> f;
  typename Row::backend::datagram_echo_server server(f.loop(), {});
  const endpoint where = server.listen(f.anywhere());
  server.start();
  // The rule counts from 0 to 9, again and again, with each datagram for the server.
  rules.add("in", to_port(where) + " numgen inc mod 10 < 3 drop");

  constexpr std::uint64_t sent = 200;
  std::vector<std::uint64_t> lost;
  datagram_echo_client_options options;
  options.count = sent;
  options.interval = {};
  options.window = 100;  // more than are ever lost
  options.reply_deadline = std::chrono::seconds(2);
  options.told = [&](const datagram_reply& each) {
    if (each.kind == reply_kind::lost) lost.push_back(each.number);
  };
  typename Row::backend::datagram_echo_client client(f.loop(), options);
  reply_counts counts;
  bool done = false;
  client.async_run(where, f.once("run", [&](std::error_code ec, const reply_counts& all) {
    CHECK_FALSE(ec);
    counts = all;
    done = true;
  }));
  f.run_until([&] { return done; });
  CHECK(counts == reply_counts{.sent = sent, .received = 140, .lost = 60});
  // Which three it begins with is the kernel's affair.
  REQUIRE(lost.size() == 60);
  for (std::size_t each = 0; each + 3 < lost.size(); ++each)
    CHECK(lost[each + 3] - lost[each] == 10);
  CHECK(server.counters().received == 140);
  CHECK(server.counters().echoed == 140);
  CHECK(server.counters().lost == 0);
  server.stop();
  f.run_ready();
}
