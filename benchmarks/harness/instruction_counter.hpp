// SPDX-License-Identifier: MIT
// Counts the user instructions of a program by running it under callgrind: exact, but many times slower, so that a server with many
// connections finds fuller batches than it otherwise would. The kernel's part is not in it. @see valgrind(1)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "duet/os/unique_fd.hpp"

namespace duet::bench {

class instruction_counter {
 public:
  /// @throws std::system_error if the kernel gives no file for the result
  instruction_counter();

  /// What to put in front of a command so that it is counted.
  [[nodiscard]] std::vector<std::string> prefix() const;
  /// All of the program's, once it has ended; nothing if it left no count.
  [[nodiscard]] std::optional<std::uint64_t> read() const;

 private:
  os::unique_fd file_;
};

/// The sum in callgrind's text: its last line "totals: N".
std::optional<std::uint64_t> parse_callgrind_total(std::string_view text);

}  // namespace duet::bench
