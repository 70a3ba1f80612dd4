// SPDX-License-Identifier: MIT
#include "resolve/address_explanation.hpp"

#include <fmt/format.h>

#include <span>

namespace duet::apps::resolve {

std::string bytes_text(const address& value) {
  const auto bytes = value.bytes();
  return fmt::format("{:02x}", fmt::join(std::span(bytes).first(value.is_v4() ? 4 : 16), " "));
}

std::string binary_text(const address& value) {
  const auto bytes = value.bytes();
  return fmt::format("{:08b}", fmt::join(std::span(bytes).first(4), " "));
}

std::string range_text(const address& first, const address& last) {
  return fmt::format("{}-{}", first.to_string(), last.to_string());
}

std::string leading_bits_text(const class_traits& of) {
  return fmt::format("{:0{}b}", of.leading_bits, of.leading_bit_count);
}

std::vector<std::string> legacy_forms(const address& value) {
  const std::uint32_t number = value.to_v4_host_order();
  const unsigned first = number >> 24;
  const unsigned second = number >> 16 & 0xffU;
  const unsigned third = number >> 8 & 0xffU;
  const unsigned last = number & 0xffU;
  return {fmt::format("{}.{}.{}", first, second, number & 0xffffU),
          fmt::format("{}.{}", first, number & 0xffffffU), fmt::format("{}", number),
          fmt::format("0{:o}.0{:o}.0{:o}.0{:o}", first, second, third, last),
          fmt::format("0x{:08x}", number)};
}

std::string full_v6_text(const address& value) {
  std::string text;
  const auto bytes = value.bytes();
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    text += fmt::format("{}{:02x}{:02x}", i == 0 ? "" : ":", bytes[i], bytes[i + 1]);
  }
  return text;
}

std::optional<address> embedded_v4(const address& value) {
  const auto block = special_block_of(value);
  if (!value.is_v6() || !block) return std::nullopt;
  const auto bytes = value.bytes();
  const auto from = [&](std::size_t at) {
    return address::v4({bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]});
  };
  switch (block->range) {
    case special_range::v4_mapped:
    case special_range::v4_compatible: return from(12);
    case special_range::six_to_four: return from(2);
    case special_range::translation:
      // Behind longer or shorter prefixes than 96 bits only the network knows where it stands (RFC 6052 2.2).
      return block->block.prefix_length() == 96 ? std::optional(from(12)) : std::nullopt;
    default: return std::nullopt;
  }
}

}  // namespace duet::apps::resolve
