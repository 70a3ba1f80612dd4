// SPDX-License-Identifier: MIT
#include "support/printable.hpp"

#include <cstddef>

#include "duet/escape.hpp"

namespace duet::apps {
namespace {

/// The length of the printable UTF-8 character that `text` begins with, or 0. RFC 3629, 4; C1 controls (U+0080 to U+009F) do not print.
std::size_t printable_character(std::string_view text) {
  const auto at = [&](std::size_t index) -> unsigned {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : 0U;
  };
  const auto follows = [&](std::size_t index, unsigned low = 0x80, unsigned high = 0xbf) {
    return at(index) >= low && at(index) <= high;
  };
  const unsigned first = at(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  if (first < 0xe0) return first >= 0xc2 && follows(1, first == 0xc2 ? 0xa0 : 0x80) ? 2 : 0;
  if (first < 0xf0) {
    const bool fits = follows(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf);
    return fits && follows(2) ? 3 : 0;
  }
  if (first > 0xf4) return 0;
  const bool fits = follows(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
  return fits && follows(2) && follows(3) ? 4 : 0;
}

}  // namespace

std::string printable(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = printable_character(rest);
    if (length == 0) return escape(text);
    rest.remove_prefix(length);
  }
  return std::string(text);
}

}  // namespace duet::apps
