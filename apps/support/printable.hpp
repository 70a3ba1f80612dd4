// SPDX-License-Identifier: MIT
// printable: text on its way to a terminal or a log. Readable text stays as it is, UTF-8 too; what could move a cursor or end a line
// is escaped as duet::escape does.
#pragma once

#include <string>
#include <string_view>

namespace duet::apps {

/// `text` itself if it is UTF-8 without control characters, else duet::escape(text).
std::string printable(std::string_view text);

}  // namespace duet::apps
