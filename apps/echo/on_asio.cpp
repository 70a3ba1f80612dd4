// SPDX-License-Identifier: MIT
// duet-echo on Asio.
#include "duet/on_asio/backend.hpp"
#include "echo/column_of.hpp"
#include "support/asio_version.hpp"

namespace duet::apps::echo {

const column on_asio_column = column_of<on_asio::backend>();

std::string asio_version() { return apps::asio_version(); }

}  // namespace duet::apps::echo
