// SPDX-License-Identifier: MIT
// text_file: a small file that others wait for, written so that they see all of it or nothing. Source: rename(2).
#pragma once

#include <string>
#include <string_view>

namespace duet::apps {

/// Writes a temporary file beside `path` and renames it. Throws std::system_error that names the file.
void write_atomically(const std::string& path, std::string_view text);

}  // namespace duet::apps
