// SPDX-License-Identifier: MIT
// Fuzz target of address::parse_legacy: reads what inet_aton(3) reads, whole: the text behind a
// blank, which inet_aton does not look at, makes it an error.
#include <arpa/inet.h>

#include <optional>

#include "duet/address.hpp"
#include "duet/address_hex.hpp"
#include "fuzz.hpp"

namespace {

using duet::address;
using fuzz::require;

std::optional<address> by_libc(const std::string& text) {
  in_addr value{};
  if (::inet_aton(text.c_str(), &value) == 0) return std::nullopt;
  return address::v4_network_order(value.s_addr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = fuzz::text_of(data, size);
  const auto read = address::parse_legacy(text);

  const std::string whole = text.substr(0, text.find('\0'));  // all that libc sees
  const std::string before_blank = whole.substr(0, whole.find_first_of(" \t\n\v\f\r"));
  require(by_libc(whole) == address::parse_legacy(before_blank), "reads as inet_aton", text);
  if (before_blank.size() < text.size()) require(!read, "blanks and NUL are errors", text);

  const auto strict = address::parse(text);
  if (strict && strict->is_v4()) require(read == strict, "strict texts mean the same", text);
  if (const auto hex = duet::parse_hex(text); hex && hex->is_v4()) {
    require(read == hex, "hexadecimal texts mean the same", text);
  }
  if (!read) return 0;
  for (const std::string& form :
       {read->to_string(), duet::to_hex(*read), std::to_string(read->to_v4_host_order())}) {
    require(address::parse_legacy(form) == read, "reads back what is printed", form);
  }
  return 0;
}
