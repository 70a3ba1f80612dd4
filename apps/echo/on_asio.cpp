// SPDX-License-Identifier: MIT
// duet-echo on Asio.
#include <fmt/format.h>

#include <asio/version.hpp>

#include "duet/on_asio/backend.hpp"
#include "echo/column_of.hpp"

namespace duet::apps::echo {

const column on_asio_column = column_of<on_asio::backend>();

std::string asio_version() {
#if defined(ASIO_HAS_IO_URING_AS_DEFAULT)
  constexpr const char* reactor = "io_uring";
#elif defined(ASIO_HAS_EPOLL)
  constexpr const char* reactor = "epoll";
#else
  constexpr const char* reactor = "select";
#endif
  return fmt::format("{}.{}.{} ({})", ASIO_VERSION / 100000, ASIO_VERSION / 100 % 1000,
                     ASIO_VERSION % 100, reactor);
}

}  // namespace duet::apps::echo
