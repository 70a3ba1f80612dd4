// SPDX-License-Identifier: MIT
// datagram_answers: what an echo server does between receiving datagrams and answering them: policy::datagram_guard says who is answered, the
// replies are put into the outgoing batch, the rest is counted. No I/O.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "duet/datagram_echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/os/datagram_batch.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/policy/datagram_guard.hpp"

namespace duet::os {

/// What the server's sockets are opened with.
datagram_options echo_socket_options(const datagram_echo_options& how);

/// Of one socket, whose buckets it has.
class datagram_answers {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit datagram_answers(const datagram_echo_options& how);

  /// The port of the socket itself. Precondition of answer().
  void bound_at(const endpoint& own) noexcept { own_port_ = own.port(); }

  /// Of a socket that somebody else has bound, before it is used: it is made fit to be shared (os/bound_socket.hpp), asked for what the answers
  /// need to know, and what it lost before counts no more. Throws std::system_error.
  void inherit(int fd, const datagram_options& options);

  /// Clears `to`, and puts the replies into it; their bytes are those of `from`.
  void answer(incoming_batch& from, outgoing_batch& to, time_point now,
              datagram_echo_counters& counters);

  /// The same for one that recvfrom(2) brought, who tells no destination and no losses: whether it is to be answered.
  bool answer(const datagram_info& about, time_point now, datagram_echo_counters& counters);

  /// Something to log: one that was not answered since the last notice; once a second at most.
  struct notice {
    std::string_view event;
    endpoint peer;
  };
  std::optional<notice> take_notice(time_point now);

 private:
  [[nodiscard]] policy::datagram_question question(const datagram_info& about,
                                                   const socket_address& peer,
                                                   std::size_t count) const;
  bool may_answer(const policy::datagram_question& about, const endpoint& peer, time_point now,
                  datagram_echo_counters& counters);
  void count_lost(std::uint32_t drop_count, datagram_echo_counters& counters) noexcept;

  policy::datagram_guard guard_;
  std::uint64_t secret_;
  std::uint16_t own_port_ = 0;
  std::uint32_t dropped_before_ = 0;
  std::optional<notice> notice_;
  time_point next_notice_{};
};

}  // namespace duet::os
