// SPDX-License-Identifier: MIT
// The name under which the DNS keeps what an address is called: 1.2.0.192.in-addr.arpa, and 32
// digits under ip6.arpa. The text only: looking it up is the resolver's. Follows RFC 1035 3.5 and
// RFC 3596 2.5.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "duet/address.hpp"

namespace duet {

/// The longest name, in bytes: 32 digits, each with its dot, and "ip6.arpa".
inline constexpr std::size_t max_reverse_name_bytes = 72;

/// The reverse name in a caller's buffer, without allocation and without the root's dot at its end:
/// a view of it, or nullopt if it does not fit. A scope has no place in it and is left out.
/// Threads: safe from any thread, as all functions here are.
constexpr std::optional<std::string_view> print_reverse_name(const address& value,
                                                             std::span<char> into) noexcept {
  detail::text_writer out(into);
  const auto bytes = value.bytes();
  for (std::size_t i = value.is_v4() ? 4 : 16; i-- > 0;) {
    if (value.is_v4()) {
      out.put_number(bytes[i], 10);
    } else {
      out.put_digit(bytes[i]);
      out.put('.');
      out.put_digit(bytes[i] >> 4U);
    }
    out.put('.');
  }
  out.put(value.is_v4() ? "in-addr.arpa" : "ip6.arpa");
  return out.text();
}

/// The same as a string. Errors: std::bad_alloc.
std::string reverse_name(const address& value);

}  // namespace duet
