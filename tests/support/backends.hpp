// SPDX-License-Identifier: MIT
// The columns and the rows that conformance cases are stamped for, with the names that ctest shows: "<asio>", "<posix/unix>".
// The one place where tests name both columns.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

#include "duet/endpoint.hpp"
#include "duet/on_asio/backend.hpp"
#include "duet/on_posix/backend.hpp"
#include "ipv6.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

namespace duet::test {

/// TCP on the IPv4 loopback, at a port that the kernel chooses.
struct tcp {
  static constexpr bool has_ports = true;
  static endpoint anywhere(const temporary_folder&) {
    return {transport::tcp, address::loopback_v4(), 0};
  }
};

/// UNIX stream sockets in a folder of the case's own.
struct unix_stream {
  static constexpr bool has_ports = false;
  static endpoint anywhere(const temporary_folder& folder) {
    return endpoint::local(transport::unix_stream, folder.fresh_path());
  }
};

/// UDP on the loopback, and UNIX datagram sockets. `largest` is the longest datagram with a send buffer of `buffer_bytes`.
struct udp4 {
  static constexpr std::size_t largest = 65507;
  static constexpr int buffer_bytes = 100'000;
  static bool available() { return true; }
  static endpoint anywhere(const temporary_folder&) {
    return {transport::udp, address::loopback_v4(), 0};
  }
};
struct udp6 {
  static constexpr std::size_t largest = 65527;
  static constexpr int buffer_bytes = 100'000;
  static bool available() { return has_ipv6(); }
  static endpoint anywhere(const temporary_folder&) {
    return {transport::udp, address::loopback_v6(), 0};
  }
};
struct unix_datagram {
  // unix_dgram_sendmsg of Linux: the buffer, which the kernel has doubled, less 32.
  static constexpr int buffer_bytes = 100'000;
  static constexpr std::size_t largest = 2 * buffer_bytes - 32;
  static bool available() { return true; }
  static endpoint anywhere(const temporary_folder& folder) {
    return endpoint::local(transport::unix_datagram, folder.fresh_path());
  }
};

template <class Backend, class Transport>
struct row {
  using backend = Backend;
  using transport = Transport;
};

using asio_tcp = row<on_asio::backend, tcp>;
using asio_unix = row<on_asio::backend, unix_stream>;
using posix_tcp = row<on_posix::backend, tcp>;
using posix_unix = row<on_posix::backend, unix_stream>;
using asio_udp4 = row<on_asio::backend, udp4>;
using asio_udp6 = row<on_asio::backend, udp6>;
using asio_unixgram = row<on_asio::backend, unix_datagram>;
using posix_udp4 = row<on_posix::backend, udp4>;
using posix_udp6 = row<on_posix::backend, udp6>;
using posix_unixgram = row<on_posix::backend, unix_datagram>;

}  // namespace duet::test

TYPE_TO_STRING_AS("asio", duet::on_asio::backend);
TYPE_TO_STRING_AS("posix", duet::on_posix::backend);
TYPE_TO_STRING_AS("asio/tcp", duet::test::asio_tcp);
TYPE_TO_STRING_AS("asio/unix", duet::test::asio_unix);
TYPE_TO_STRING_AS("posix/tcp", duet::test::posix_tcp);
TYPE_TO_STRING_AS("posix/unix", duet::test::posix_unix);
TYPE_TO_STRING_AS("asio/udp4", duet::test::asio_udp4);
TYPE_TO_STRING_AS("asio/udp6", duet::test::asio_udp6);
TYPE_TO_STRING_AS("asio/unixgram", duet::test::asio_unixgram);
TYPE_TO_STRING_AS("posix/udp4", duet::test::posix_udp4);
TYPE_TO_STRING_AS("posix/udp6", duet::test::posix_udp6);
TYPE_TO_STRING_AS("posix/unixgram", duet::test::posix_unixgram);

/// For cases that no transport changes, or that only TCP has.
#define DUET_BACKENDS duet::on_asio::backend, duet::on_posix::backend
/// For all others.
#define DUET_ROWS \
  duet::test::asio_tcp, duet::test::asio_unix, duet::test::posix_tcp, duet::test::posix_unix
/// For datagrams: all, those that UNIX differs in, and UNIX.
#define DUET_UDP_ROWS \
  duet::test::asio_udp4, duet::test::asio_udp6, duet::test::posix_udp4, duet::test::posix_udp6
#define DUET_UNIXGRAM_ROWS duet::test::asio_unixgram, duet::test::posix_unixgram
#define DUET_DATAGRAM_ROWS DUET_UDP_ROWS, DUET_UNIXGRAM_ROWS
/// First statement of a case for rows that a machine may lack.
#define DUET_NEEDS_ROW(Row) \
  if (!Row::transport::available()) DUET_SKIP("no IPv6 loopback on this machine")
