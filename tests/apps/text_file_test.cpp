// SPDX-License-Identifier: MIT
// Small files: what is written is there as a whole, and what is no file stays what it is.
#include "support/text_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "duet/os/unique_fd.hpp"
#include "temporary_folder.hpp"

using namespace duet;

TEST_CASE("text file: written and written over and nothing left beside it") {
  const test::temporary_folder folder;
  const std::string path = folder.path() + "/ports";
  std::error_code ec;
  for (const char* const text : {"9000\n", "9001\n9002\n"}) {
    apps::write_atomically(path, text);
    CHECK(apps::read_text(path, ec) == text);
    CHECK_FALSE(ec);
  }
  CHECK(folder.files().size() == 1);
}

TEST_CASE("text file: a pipe gets the text and stays a pipe") {
  const test::temporary_folder folder;
  const std::string path = folder.fresh_path();
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const os::unique_fd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  REQUIRE(static_cast<bool>(reader));
  apps::write_atomically(path, "9000\n");
  CHECK(std::filesystem::is_fifo(path));
  std::array<char, 16> got{};
  CHECK(::read(reader.get(), got.data(), got.size()) == 5);
  CHECK(std::string(got.data()) == "9000\n");
}

TEST_CASE("text file: where none can be written the error names it") {
  CHECK_THROWS_WITH_AS(apps::write_atomically("/nowhere/ports", "9000\n"),
                       doctest::Contains("/nowhere/ports"), std::system_error);
  const test::temporary_folder folder;
  CHECK_THROWS_WITH_AS(apps::write_atomically(folder.path(), "9000\n"),
                       doctest::Contains(folder.path().c_str()), std::system_error);
}
