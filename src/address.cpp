// SPDX-License-Identifier: MIT
// What of address allocates or throws. Reading and printing are constexpr and live in the header.
#include "duet/address.hpp"

#include <ostream>
#include <system_error>

#include "duet/escape.hpp"

namespace duet {

std::string address::to_string() const {
  std::array<char, max_text_bytes> buffer;
  return std::string(*print(buffer));
}

std::string to_string(const address& value) { return value.to_string(); }

std::ostream& operator<<(std::ostream& out, const address& value) {
  return out << value.to_string();
}

namespace detail {

void throw_bad_scope(std::string_view scope) {
  throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                          "address scope '" + escape(scope) + "'");
}

}  // namespace detail
}  // namespace duet
