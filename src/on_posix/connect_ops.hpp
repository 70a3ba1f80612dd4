// SPDX-License-Identifier: MIT
// connect_ops: how src/on_posix/connect.cpp and connect_race.cpp call each other.
#pragma once

#include "duet/on_posix/connect.hpp"
#include "duet/os/connect_questions.hpp"

namespace duet::on_posix::detail {

/// A connect by name, on a stream that was prepared for it.
void race(source_ref<io_source> io, os::connect_target to, const connect_options& options,
          race_completion handler);

}  // namespace duet::on_posix::detail
