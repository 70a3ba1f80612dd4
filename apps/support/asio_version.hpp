// SPDX-License-Identifier: MIT
// asio_version: which Asio a program was built with. Header-only, for the one file of a program that sees Asio.
#pragma once

#include <asio/detail/config.hpp>
#include <asio/version.hpp>
#include <string>

namespace duet::apps {

/// "1.22.1 (epoll)": the version, and what its reactor waits with.
inline std::string asio_version() {
#if defined(ASIO_HAS_IO_URING_AS_DEFAULT)
  const std::string reactor = "io_uring";
#elif defined(ASIO_HAS_EPOLL)
  const std::string reactor = "epoll";
#else
  const std::string reactor = "select";
#endif
  return std::to_string(ASIO_VERSION / 100000) + '.' + std::to_string(ASIO_VERSION / 100 % 1000) +
         '.' + std::to_string(ASIO_VERSION % 100) + " (" + reactor + ')';
}

}  // namespace duet::apps
