// SPDX-License-Identifier: MIT
// See terminal.hpp.
#include "harness/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace duet::bench {

namespace {

/// What fits into one line of the terminal: a longer one would leave its beginning standing.
std::string fitting(const std::string& text) {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return text;
  return text.substr(0, size.ws_col - 1U);
}

}  // namespace

bool use_color(color_mode mode, int fd) {
  if (mode != color_mode::automatic) return mode == color_mode::always;
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color && *no_color != '\0') return false;
  const char* term = std::getenv("TERM");
  return term && std::string_view(term) != "dumb" && ::isatty(fd) == 1;
}

std::string paint(std::string_view text, ink with, bool color) {
  if (!color || with == ink::plain) return std::string(text);
  const auto code = [with] {
    switch (with) {
      case ink::bold: return "1";
      case ink::dim: return "2";
      case ink::green: return "32";
      case ink::yellow: return "33";
      case ink::red: return "31";
      case ink::plain: break;
    }
    return "0";
  };
  return fmt::format("\x1b[{}m{}\x1b[0m", code(), text);
}

std::string format_duration(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  if (seconds < 60) return fmt::format("{}s", seconds);
  return fmt::format("{}m {:02}s", seconds / 60, seconds % 60);
}

progress_line::progress_line() : visible_(::isatty(STDERR_FILENO) == 1) {}

void progress_line::show(const std::string& text) {
  if (!visible_) return;
  fmt::print(stderr, "\r\x1b[K{}", fitting(text));
  std::fflush(stderr);
  shown_ = true;
}

void progress_line::clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace duet::bench
