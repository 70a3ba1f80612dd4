// SPDX-License-Identifier: MIT
// name_feed: the names to look up, one after another, from wherever they come. It reads as much as is there and keeps no more than that, so
// that a list without an end is served too. Waiting is the caller's business. Source: read(2).
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "duet/os/unique_fd.hpp"
#include "resolve/name_source.hpp"

namespace duet::apps::resolve {

/// Cuts text that comes in pieces into names: one a line, without the blanks around it; empty lines and lines that begin with # are none.
class name_lines {
 public:
  /// Bytes of a line that are kept: more than a name can have, so that a longer one is still refused as one.
  static constexpr std::size_t longest = 1024;

  void add(std::string_view text);
  /// The text is over: what stands behind the last line's end is a line too.
  void end();
  std::optional<std::string> next();

 private:
  void line_ended();

  std::deque<std::string> names_;
  std::string line_;
};

class name_feed {
 public:
  /// Opens the files. Throws std::system_error that names the file.
  explicit name_feed(const std::vector<name_source>& sources);

  /// A name, if one is at hand. If not, and ended() is false, wait for descriptor() and read().
  std::optional<std::string> next();
  /// There are no more names. Only meaningful when next() had none.
  [[nodiscard]] bool ended() const noexcept { return parts_.empty(); }

  [[nodiscard]] int descriptor() const noexcept { return parts_.front().fd; }
  /// Reads what is there. Throws std::system_error that names the file.
  void read();

 private:
  struct part {
    std::string text;  ///< a name, or what the descriptor is called
    int fd = -1;       ///< -1: a name
    os::unique_fd own{};
  };

  std::deque<part> parts_;
  name_lines lines_;
};

}  // namespace duet::apps::resolve
