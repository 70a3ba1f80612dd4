// SPDX-License-Identifier: MIT
// reason: why something failed, in words that do not depend on the column: Asio has its own for some.
#pragma once

#include <string>
#include <system_error>

namespace duet::apps {

/// duet's words for duet's conditions, the system's for everything else.
std::string reason(std::error_code why);

}  // namespace duet::apps
