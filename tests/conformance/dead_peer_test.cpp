// SPDX-License-Identifier: MIT
// A server and peers whose packets do not come any more: nobody says so, and the session's limits have to find out.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "firewall.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

TEST_CASE_TEMPLATE("dead peer: behind a dropped link it is closed by the limits alone", Backend,
                   DUET_BACKENDS) {
  const firewall rules;
  DUET_NEEDS_FIREWALL(rules);
  fixture<Backend> f;
  server_options options;
  options.limits.idle = 600ms;
  options.limits.stall = 200ms;
  typename Backend::server server(f.loop(), options);
  const endpoint at = server.listen(f.anywhere());
  using session_ptr = std::shared_ptr<typename Backend::session>;
  std::vector<session_ptr> sessions;
  server.start([&](const session_ptr& it) { sessions.push_back(it); });
  const raw_socket silent = raw_socket::connected(at);
  const raw_socket stuck = raw_socket::connected(at);
  f.run_until([&] { return sessions.size() == 2; });
  // From here on nothing of theirs arrives, no acknowledgement either.
  rules.add("in", "tcp dport " + std::to_string(at.port()) + " drop");
  rules.add("in", "tcp sport " + std::to_string(at.port()) + " drop");
  const byte_vector much = some_bytes(16 << 20);
  result wrote;
  sessions[1]->connection().async_write(much, f.into(wrote, "write"));
  f.run_until([&] { return wrote.done; });
  CHECK(wrote.ec == condition::operation_canceled);
  CHECK(wrote.size < much.size());
  CHECK(server.counters().closed_by(close_reason::stalled) == 1);
  f.run_until([&] { return server.counters().active == 0; });
  CHECK(server.counters().closed_by(close_reason::idle) == 1);
  server.stop();
}
