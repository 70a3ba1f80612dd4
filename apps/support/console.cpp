// SPDX-License-Identifier: MIT
#include "support/console.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

namespace duet::apps {

bool use_color(color_mode mode, bool terminal) {
  if (mode != color_mode::automatic) return mode == color_mode::always;
  const char* const no_color = std::getenv("NO_COLOR");
  if (!terminal || (no_color != nullptr && *no_color != '\0')) return false;
  const char* const term = std::getenv("TERM");
  return term != nullptr && std::string_view(term) != "dumb";
}

console::console(std::string program, color_mode mode, bool quiet)
    : program_(std::move(program)),
      quiet_(quiet),
      color_out_(use_color(mode, out.is_terminal())),
      color_err_(use_color(mode, err.is_terminal())) {}

void console::error(std::string_view text) {
  end_live();
  out.flush();  // what came before stays before, if both go to one place
  err.put_now(color_err_ ? fmt::format("\x1b[31m{}:\x1b[0m {}\n", program_, text)
                         : fmt::format("{}: {}\n", program_, text));
}

void console::notice(std::string_view text) {
  if (!quiet_) tell(text);
}

void console::tell(std::string_view text) {
  end_live();
  err.put_now(fmt::format("{}: {}\n", program_, text));
}

void console::live(std::string_view text) {
  if (!err.is_terminal()) return tell(text);
  err.put_now(fmt::format("\r\x1b[K{}", text));
  live_ = true;
}

void console::end_live() {
  if (live_) err.put_now("\r\x1b[K");
  live_ = false;
}

std::string console::painted(std::string_view code, std::string_view text) const {
  return color_out_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

}  // namespace duet::apps
