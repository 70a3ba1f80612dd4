// SPDX-License-Identifier: MIT
// See instruction_counter.hpp. @see memfd_create(2)
#include "harness/instruction_counter.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "loader/fail.hpp"

namespace duet::bench {

instruction_counter::instruction_counter()
    : file_(::memfd_create("duet-bench-instructions", MFD_CLOEXEC)) {
  if (!file_) fail("memfd_create");
}

std::vector<std::string> instruction_counter::prefix() const {
  return {"valgrind", "--tool=callgrind", "-q", "--trace-children=yes",
          fmt::format("--callgrind-out-file=/proc/{}/fd/{}", ::getpid(), file_.get())};
}

std::optional<std::uint64_t> instruction_counter::read() const {
  std::string text;
  std::array<char, 65536> piece;
  while (true) {
    const auto n =
        ::pread(file_.get(), piece.data(), piece.size(), static_cast<off_t>(text.size()));
    if (n <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(n));
  }
  return parse_callgrind_total(text);
}

std::optional<std::uint64_t> parse_callgrind_total(std::string_view text) {
  constexpr std::string_view label = "\ntotals: ";
  const auto found = text.rfind(label);
  if (found == text.npos) return std::nullopt;
  const std::string_view number = text.substr(found + label.size());
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

}  // namespace duet::bench
