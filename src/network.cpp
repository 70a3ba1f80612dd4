// SPDX-License-Identifier: MIT
// What of network allocates. Everything else is constexpr and lives in the header.
#include "duet/network.hpp"

#include <ostream>

namespace duet {

std::string network::to_string() const {
  std::array<char, max_text_bytes> buffer;
  return std::string(*print(buffer));
}

std::string to_string(const network& value) { return value.to_string(); }

std::ostream& operator<<(std::ostream& out, const network& value) {
  return out << value.to_string();
}

}  // namespace duet
