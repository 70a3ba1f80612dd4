// SPDX-License-Identifier: MIT
// schema: the name and version of what duet-resolve --json prints. Fields may be added to a version, not changed or taken away.
#pragma once

#include <string_view>

namespace duet::apps::resolve {

inline constexpr std::string_view schema = "duet-resolve/1";

}  // namespace duet::apps::resolve
