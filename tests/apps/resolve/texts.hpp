// SPDX-License-Identifier: MIT
// What duet-resolve's tests ask of texts.
#pragma once

#include <string>
#include <string_view>

namespace duet::test {

inline bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace duet::test
