// SPDX-License-Identifier: MIT
// duet-echo on bare POSIX.
#include "duet/on_posix/backend.hpp"
#include "echo/column_of.hpp"

namespace duet::apps::echo {

const column on_posix_column = column_of<on_posix::backend>();

}  // namespace duet::apps::echo
