// SPDX-License-Identifier: MIT
// See output.hpp.
#include "harness/output.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <fstream>
#include <stdexcept>

namespace duet::bench {

namespace fs = std::filesystem;

namespace {

/// The name is taken if another run began in the same second.
fs::path make_folder_by_time(const fs::path& parent) {
  fs::create_directories(parent);
  const std::string time = fmt::format("{:%Y%m%d-%H%M%S}", fmt::localtime(std::time(nullptr)));
  for (int attempt = 1;; ++attempt) {
    fs::path folder = parent / (attempt == 1 ? time : fmt::format("{}-{}", time, attempt));
    if (fs::create_directory(folder)) return folder;
  }
}

}  // namespace

fs::path make_output_folder(const std::string& wanted, const fs::path& parent) {
  if (!wanted.empty()) {
    fs::create_directories(wanted);
    return wanted;
  }
  fs::path folder = make_folder_by_time(parent);
  const fs::path fresh_link = parent / ("latest-" + folder.filename().string());
  fs::create_directory_symlink(folder.filename(), fresh_link);
  fs::rename(fresh_link, parent / "latest");
  return folder;
}

void write_file(const fs::path& file, std::string_view text) {
  fs::path unfinished = file;
  unfinished += ".part";
  std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (!out) throw std::runtime_error(fmt::format("cannot write {}", unfinished.string()));
  fs::rename(unfinished, file);
}

}  // namespace duet::bench
