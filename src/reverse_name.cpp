// SPDX-License-Identifier: MIT
// reverse_name: see include/duet/reverse_name.hpp.
#include "duet/reverse_name.hpp"

#include <array>

namespace duet {

std::string reverse_name(const address& value) {
  std::array<char, max_reverse_name_bytes> buffer;
  return std::string(*print_reverse_name(value, buffer));
}

}  // namespace duet
