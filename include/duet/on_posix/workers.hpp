// SPDX-License-Identifier: MIT
// workers: a process that serves on this column's loop under os/supervisor.hpp. Counterpart: on_asio/workers.hpp.
#pragma once

#include "duet/on_posix/loop.hpp"
#include "duet/os/loop_worker.hpp"

namespace duet::on_posix {

/// @see os::loop_worker
using worker = os::loop_worker<loop, signal_set, descriptor, timer>;

}  // namespace duet::on_posix
