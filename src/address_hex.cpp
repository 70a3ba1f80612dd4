// SPDX-License-Identifier: MIT
// to_hex: see include/duet/address_hex.hpp.
#include "duet/address_hex.hpp"

#include <array>

namespace duet {

std::string to_hex(const address& value) {
  std::array<char, max_hex_bytes> buffer;
  return std::string(*print_hex(value, buffer));
}

}  // namespace duet
