// SPDX-License-Identifier: MIT
// What an echo server and an echo client of datagrams may be told, and what they tell, as values. The two are datagram_echo.hpp of either
// column.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "duet/datagram_options.hpp"
#include "duet/datagram_types.hpp"
#include "duet/endpoint.hpp"
#include "duet/observer.hpp"

namespace duet {

struct datagram_echo_options {
  /// Of the sockets. The server asks for local_address and drop_count beside what is set here.
  datagram_options socket{};

  /// Answer no source port at which such a server may be (0, below 1024, the server's own), and no source more often than the rate below:
  /// two echo servers would bounce one datagram for ever. Off: for benchmarks on loopback.
  bool loop_guard = true;

  /// Replies to one source a second, and how many of them at once; the guard's. Range: >= 1. Defaults 10 000 and 1000.
  std::uint32_t replies_per_second = 10'000;
  std::uint32_t replies_at_once = 1'000;

  /// Told the steps of the sockets, and, once a second at most, that datagrams were not answered: "not answered: looping". nullptr: nobody.
  /// Outlives the server.
  observer* watcher = nullptr;
};

/// Since the server was made, in datagrams but for bytes_echoed.
struct datagram_echo_counters {
  std::uint64_t received = 0;
  std::uint64_t echoed = 0;        ///< handed to the kernel
  std::uint64_t bytes_echoed = 0;  ///< of those that were to be echoed
  /// Received and not answered, by reason.
  std::uint64_t truncated = 0;
  std::uint64_t to_many = 0;
  std::uint64_t nameless = 0;
  std::uint64_t looping = 0;
  std::uint64_t limited = 0;
  std::uint64_t not_sent = 0;  ///< to be answered, and the kernel took it not
  std::uint64_t lost = 0;      ///< never received: the socket's buffer was full (SO_RXQ_OVFL)

  bool operator==(const datagram_echo_counters&) const = default;
};

/// The counters in Prometheus' text exposition format 0.0.4, as to_prometheus() of server_counters.
std::string to_prometheus(const datagram_echo_counters& counters, std::string_view prefix);

/// What became of a datagram that an echo client sent, or of a reply that it got.
enum class reply_kind : std::uint8_t {
  first,      ///< answered in time
  duplicate,  ///< answered again
  late,       ///< answered after it was lost
  lost,       ///< not answered by its deadline, or it was said before that it will not be
  bad,      ///< a reply whose bytes are not those that were sent; of which datagram, nobody can say
  strange,  ///< a reply to a number that was not sent
  not_sent,  ///< the kernel did not take it
};

/// "first", "duplicate", ...
constexpr std::string_view to_string(reply_kind kind) noexcept {
  switch (kind) {
    case reply_kind::first: return "first";
    case reply_kind::duplicate: return "duplicate";
    case reply_kind::late: return "late";
    case reply_kind::lost: return "lost";
    case reply_kind::bad: return "bad";
    case reply_kind::strange: return "strange";
    case reply_kind::not_sent: break;
  }
  return "not sent";
}

/// Datagrams of one run. Those under way are sent - received - lost.
struct reply_counts {
  std::uint64_t sent = 0;        ///< handed to the kernel
  std::uint64_t received = 0;    ///< numbers answered in time, each once
  std::uint64_t lost = 0;        ///< not answered by their deadline, or refused before
  std::uint64_t late = 0;        ///< answered after that; counted as lost too
  std::uint64_t duplicates = 0;  ///< answered before
  std::uint64_t reordered = 0;   ///< received after a higher number
  std::uint64_t strange = 0;     ///< never sent
  std::uint64_t bad = 0;         ///< replies that are not what was sent
  std::uint64_t not_sent = 0;    ///< had their turn, and the kernel did not take them

  reply_counts& operator+=(const reply_counts& more) noexcept {
    sent += more.sent;
    received += more.received;
    lost += more.lost;
    late += more.late;
    duplicates += more.duplicates;
    reordered += more.reordered;
    strange += more.strange;
    bad += more.bad;
    not_sent += more.not_sent;
    return *this;
  }
  bool operator==(const reply_counts&) const = default;
};

/// One result of an echo client. The views are valid during the call only.
struct datagram_reply {
  reply_kind kind = reply_kind::first;
  std::uint64_t number = 0;                ///< of the datagram, from 1 on; 0: of bad ones
  std::chrono::nanoseconds round_trip{0};  ///< of first ones
  const endpoint* peer = nullptr;          ///< where the run goes to
  std::error_code error{};  ///< why it was lost (timed_out, or as the network said), or not sent
};

struct datagram_echo_client_options {
  /// Of each datagram, its header of 16 bytes included. Range: 16..65507 (UDP over IPv4). Default 64.
  std::size_t bytes = 64;

  /// Datagrams in all. Range: >= 1. Unset: until cancel().
  std::optional<std::uint64_t> count{};

  /// From one datagram to the next, whatever came back. 0: the next one goes as soon as fewer than `window` are under way; while they are
  /// refused, with pauses of 50 ms to 1 s. Default 1 s.
  std::chrono::nanoseconds interval = std::chrono::seconds(1);

  /// Datagrams that may be under way with interval 0. Range: >= 1. Default 1.
  std::size_t window = 1;

  /// A datagram is lost that was not answered so long after it was sent; one that finds no room for so long is not sent. Default 5 s;
  /// nanoseconds::max(): never.
  std::chrono::nanoseconds reply_deadline = std::chrono::seconds(5);

  /// Of the socket; the client asks for no metadata of its own.
  datagram_options socket{};

  /// Called for each result, by the loop. It may cancel or destroy the client. Unset: nobody.
  std::function<void(const datagram_reply&)> told{};

  /// Told the steps of the socket. nullptr: nobody. Outlives the client.
  observer* watcher = nullptr;
};

}  // namespace duet
