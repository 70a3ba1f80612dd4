// SPDX-License-Identifier: MIT
// host_name: whether a text can be the name of a host, decided before anybody is asked. As strict as glibc, which refuses the same texts
// without a query, and in one place. Source: RFC 1123 2.1, RFC 1035 2.3.4; the underscore, which names in use have.
#pragma once

#include <cstddef>
#include <string_view>

namespace duet::policy {

inline constexpr std::size_t longest_label = 63;
inline constexpr std::size_t longest_host_name = 253;  ///< without the dot that may stand behind it

namespace detail {

constexpr bool is_host_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace detail

/// Labels of 1 to 63 letters, digits, hyphens and underscores, 253 bytes in all, no leading hyphen; one dot may end the name.
/// A legacy form of an address ("127.1") is a name here: libc, which is asked, reads it as an address.
constexpr bool is_host_name(std::string_view text) noexcept {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.size() > longest_host_name || text.starts_with('-')) return false;
  std::size_t label = 0;
  for (const char c : text) {
    if (c == '.' ? label == 0 : !detail::is_host_character(c)) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > longest_label) return false;
  }
  return label > 0;
}

}  // namespace duet::policy
