// SPDX-License-Identifier: MIT
// text_file: small files as a whole: written so that who waits for one sees all of it or nothing, and read. Source: rename(2).
#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace duet::apps {

/// Writes a temporary file beside `path` and renames it. What is there and is no file, a device or a pipe, is written to and stays.
/// Throws std::system_error that names the file.
void write_atomically(const std::string& path, std::string_view text);

/// The content, at most a mebibyte of it. Errors: the system's.
std::string read_text(const std::string& path, std::error_code& ec);

}  // namespace duet::apps
