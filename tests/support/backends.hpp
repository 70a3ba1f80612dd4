// SPDX-License-Identifier: MIT
// The columns and the rows that conformance cases are stamped for, with the names that ctest shows: "<asio>", "<posix/unix>".
// The one place where tests name both columns.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "duet/endpoint.hpp"
#include "duet/on_asio/backend.hpp"
#include "duet/on_posix/backend.hpp"
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

template <class Backend, class Transport>
struct row {
  using backend = Backend;
  using transport = Transport;
};

using asio_tcp = row<on_asio::backend, tcp>;
using asio_unix = row<on_asio::backend, unix_stream>;
using posix_tcp = row<on_posix::backend, tcp>;
using posix_unix = row<on_posix::backend, unix_stream>;

}  // namespace duet::test

TYPE_TO_STRING_AS("asio", duet::on_asio::backend);
TYPE_TO_STRING_AS("posix", duet::on_posix::backend);
TYPE_TO_STRING_AS("asio/tcp", duet::test::asio_tcp);
TYPE_TO_STRING_AS("asio/unix", duet::test::asio_unix);
TYPE_TO_STRING_AS("posix/tcp", duet::test::posix_tcp);
TYPE_TO_STRING_AS("posix/unix", duet::test::posix_unix);

/// For cases that no transport changes, or that only TCP has.
#define DUET_BACKENDS duet::on_asio::backend, duet::on_posix::backend
/// For all others.
#define DUET_ROWS \
  duet::test::asio_tcp, duet::test::asio_unix, duet::test::posix_tcp, duet::test::posix_unix
