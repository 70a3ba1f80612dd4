// SPDX-License-Identifier: MIT
// escape: see include/duet/escape.hpp.
#include "duet/escape.hpp"

namespace duet {

std::string escape(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\') {
      result += "\\\\";
    } else if (byte >= 0x20 && byte <= 0x7e) {
      result += c;
    } else {
      result += "\\x";
      result += digits[byte >> 4];
      result += digits[byte & 0xf];
    }
  }
  return result;
}

}  // namespace duet
