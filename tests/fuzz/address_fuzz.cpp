// SPDX-License-Identifier: MIT
// Fuzz target of address: reads what inet_pton(3) reads (and a scope behind IPv6), prints what
// inet_ntop(3) prints, and reads back what it prints. The input is tried as a text and as bytes.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

#include "duet/address.hpp"
#include "duet/address_hex.hpp"
#include "duet/reverse_name.hpp"
#include "fuzz.hpp"

namespace {

using duet::address;
using fuzz::require;

std::optional<address> by_libc(const std::string& text) {
  std::array<std::uint8_t, 4> v4{};
  std::array<std::uint8_t, 16> v6{};
  if (text.find('\0') != std::string::npos) return std::nullopt;  // libc would read a prefix
  if (::inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return address::v4(v4);
  if (::inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) return address::v6(v6);
  return std::nullopt;
}

void try_printing(const address& value) {
  const std::string text = value.to_string();
  require(address::parse(text) == value, "an address that is printed reads back", text);

  std::array<char, INET6_ADDRSTRLEN> libc{};
  const auto bytes = value.bytes();
  const int family = value.is_v4() ? AF_INET : AF_INET6;
  ::inet_ntop(family, bytes.data(), libc.data(), static_cast<socklen_t>(libc.size()));
  require(text.substr(0, text.find('%')) == libc.data(), "prints as inet_ntop", text);

  std::array<char, address::max_text_bytes> buffer{};
  require(!value.print(std::span(buffer).first(text.size() - 1)), "prints whole or not", text);
  require(value.print(std::span(buffer).first(text.size())) == text, "prints where it fits", text);

  const address bare = value.is_v6() ? address::v6(bytes) : value;  // numbers have no scope
  require(duet::parse_hex(duet::to_hex(value)) == bare, "the number reads back", text);
  require(duet::reverse_name(value) == duet::reverse_name(bare), "nor have reverse names", text);
}

void try_text(const std::string& text) {
  const auto read = address::parse(text);
  const std::size_t percent = text.find('%');
  if (percent == std::string::npos) {
    require(read == by_libc(text), "reads as inet_pton", text);
  } else {
    const auto bare = by_libc(text.substr(0, percent));
    const std::string scope = text.substr(percent + 1);
    const bool good = bare && bare->is_v6() && address::is_scope(scope);
    require(read.has_value() == good, "a scope stands behind IPv6 only", text);
    require(!good || *read == address::v6(bare->bytes(), scope), "the scope is the text", text);
  }
  if (read) try_printing(*read);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try_text(fuzz::text_of(data, size));

  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(data, std::min(size, bytes.size()), bytes.begin());
  try_printing(address::v6(bytes));
  try_printing(address::v4({bytes[0], bytes[1], bytes[2], bytes[3]}));
  return 0;
}
