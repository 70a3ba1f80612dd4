// SPDX-License-Identifier: MIT
// Colours and progress for people who watch; neither appears where nobody does.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace duet::bench {

enum class color_mode { automatic, always, never };

/// Automatic: `fd` is a terminal, TERM is not "dumb", and NO_COLOR is unset or empty. @see no-color.org
bool use_color(color_mode, int fd);

enum class ink { plain, bold, dim, green, yellow, red };
/// `text` in escape sequences, or as it is.
std::string paint(std::string_view text, ink, bool color);

/// "1m 05s", "48s"
std::string format_duration(std::chrono::milliseconds);

/// A line on stderr that is written over; nothing if stderr is no terminal.
class progress_line {
 public:
  progress_line();
  ~progress_line() { clear(); }
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;
  void show(const std::string& text);
  void clear();

 private:
  bool visible_;
  bool shown_ = false;
};

}  // namespace duet::bench
