// SPDX-License-Identifier: MIT
// The folder a run leaves its files in. Made before measuring, so that a run does not end with nowhere to go.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace duet::bench {

/// Makes `wanted`, or, if that is empty, a new folder named by the time under `parent`, which the link `latest`
/// beside it then points to. @throws std::filesystem::filesystem_error
std::filesystem::path make_output_folder(const std::string& wanted,
                                         const std::filesystem::path& parent);

/// Writes a file under another name and renames it, so that it is there whole or not at all.
/// @throws std::runtime_error naming the file, if it cannot be written to the end (a full disk)
void write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace duet::bench
