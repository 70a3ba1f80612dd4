// SPDX-License-Identifier: MIT
#include "duet/os/datagram_answers.hpp"

#include <linux/sock_diag.h>

#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <string_view>
#include <utility>

#include "duet/error.hpp"
#include "duet/os/bound_socket.hpp"
#include "duet/os/datagram_options.hpp"
#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

using policy::datagram_verdict;

/// The kernel's form of an address, as bytes.
std::string_view bytes_of(const socket_address& peer) noexcept {
  return {reinterpret_cast<const char*>(&peer.generic), peer.size};
}

std::string_view event_of(datagram_verdict verdict) noexcept {
  switch (verdict) {
    case datagram_verdict::answer: break;
    case datagram_verdict::truncated: return "not answered: truncated";
    case datagram_verdict::to_many: return "not answered: sent to many";
    case datagram_verdict::nameless: return "not answered: the sender has no name";
    case datagram_verdict::looping: return "not answered: looping";
    case datagram_verdict::limited: return "not answered: too many";
  }
  return "";
}

std::uint64_t& count_of(datagram_verdict verdict, datagram_echo_counters& counters) noexcept {
  switch (verdict) {
    case datagram_verdict::answer: break;
    case datagram_verdict::truncated: return counters.truncated;
    case datagram_verdict::to_many: return counters.to_many;
    case datagram_verdict::nameless: return counters.nameless;
    case datagram_verdict::looping: return counters.looping;
    case datagram_verdict::limited: return counters.limited;
  }
  return counters.not_sent;
}

}  // namespace

datagram_options echo_socket_options(const datagram_echo_options& how) {
  datagram_options options = how.socket;
  options.metadata.local_address = true;
  options.metadata.drop_count = true;
  return options;
}

datagram_answers::datagram_answers(const datagram_echo_options& how)
    : guard_({how.loop_guard, {how.replies_per_second, how.replies_at_once}}),
      secret_(std::random_device{}()) {}

void datagram_answers::inherit(int fd, const datagram_options& options) {
  std::error_code ec;
  const inherited_socket found = inspect_datagram(fd, ec);
  if (ec) throw_error(ec, "listen");
  flow steps(nullptr);
  datagram_options asked;
  asked.metadata = options.metadata;
  if (!apply_datagram_options(steps, fd, found.family, asked))
    throw_error(steps.error(), steps.failed_step(), &found.at);
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof(memory);
  if (sys::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory.data(), &size) == 0)
    dropped_before_ = memory[SK_MEMINFO_DROPS];
}

policy::datagram_question datagram_answers::question(const datagram_info& about,
                                                     const socket_address& peer,
                                                     std::size_t count) const {
  policy::datagram_question asked;
  asked.truncated = about.truncated();
  asked.to_many = about.to_many();
  asked.nameless = about.peer.is_unix() && about.peer.path().empty();
  asked.has_ports = about.peer.is_ip();
  asked.peer_port = about.peer.port();
  asked.own_port = own_port_;
  asked.source = std::hash<std::string_view>{}(bytes_of(peer)) ^ secret_;
  asked.count = static_cast<std::uint32_t>(count);
  return asked;
}

/// Counts it as received, and why it is not answered if it is not.
bool datagram_answers::may_answer(const policy::datagram_question& about, const endpoint& peer,
                                  time_point now, datagram_echo_counters& counters) {
  counters.received += about.count;
  const datagram_verdict verdict = guard_.judge(about, now);
  if (verdict == datagram_verdict::answer) return true;
  count_of(verdict, counters) += about.count;
  notice_ = {event_of(verdict), peer};
  return false;
}

/// The kernel's number wraps, and it tells it with every datagram.
void datagram_answers::count_lost(std::uint32_t drop_count,
                                  datagram_echo_counters& counters) noexcept {
  counters.lost += drop_count - dropped_before_;
  dropped_before_ = drop_count;
}

void datagram_answers::answer(incoming_batch& from, outgoing_batch& to, time_point now,
                              datagram_echo_counters& counters) {
  to.clear();
  for (std::size_t which = 0; which < from.size(); ++which) {
    const datagram_info about = from.info(which);
    const std::size_t count = from.segments(which);
    if (about.drop_count) count_lost(*about.drop_count, counters);
    if (!may_answer(question(about, from.peer(which), count), about.peer, now, counters)) continue;
    if (to.add_reply(from.bytes(which), from, which)) {
      counters.bytes_echoed += about.bytes;
    } else {
      counters.not_sent += count;
    }
  }
}

bool datagram_answers::answer(const datagram_info& about, time_point now,
                              datagram_echo_counters& counters) {
  std::error_code nameless;  // of a UNIX socket without a name there is nothing to tell apart
  const socket_address peer = to_socket_address(about.peer, nameless);
  if (!may_answer(question(about, peer, 1), about.peer, now, counters)) return false;
  counters.bytes_echoed += about.bytes;
  return true;
}

std::optional<datagram_answers::notice> datagram_answers::take_notice(time_point now) {
  if (!notice_ || now < next_notice_) return std::nullopt;
  next_notice_ = now + std::chrono::seconds(1);
  return std::exchange(notice_, std::nullopt);
}

}  // namespace duet::os
