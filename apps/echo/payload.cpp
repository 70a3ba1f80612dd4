// SPDX-License-Identifier: MIT
#include "echo/payload.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "duet/policy/echo_check.hpp"

namespace duet::apps::echo {
namespace {

constexpr std::size_t word_bytes = sizeof(std::uint64_t);

/// The finalizer of splitmix64 (Steele, Lea, Flood 2014): neighbours come out unlike each other.
constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

}  // namespace

void fill_payload(std::uint64_t number, std::uint64_t offset, std::span<std::byte> into) noexcept {
  const std::uint64_t base = mix(number);
  for (std::size_t done = 0; done < into.size();) {
    const std::uint64_t at = offset + done;
    const std::uint64_t word = mix(base + at / word_bytes);
    std::array<std::byte, word_bytes> bytes;
    std::memcpy(bytes.data(), &word, word_bytes);
    const std::size_t skip = at % word_bytes;
    const std::size_t take = std::min(word_bytes - skip, into.size() - done);
    std::memcpy(into.data() + done, bytes.data() + skip, take);
    done += take;
  }
}

std::optional<difference> verify_payload(std::uint64_t number, std::uint64_t offset,
                                         std::span<const std::byte> bytes) noexcept {
  std::array<std::byte, 1024> block;
  for (std::size_t done = 0; done < bytes.size();) {
    const auto wanted = std::span(block).first(std::min(block.size(), bytes.size() - done));
    fill_payload(number, offset + done, wanted);
    const std::size_t same = policy::common_prefix(wanted, bytes.subspan(done));
    if (same < wanted.size())
      return difference{offset + done + same, wanted[same], bytes[done + same]};
    done += same;
  }
  return std::nullopt;
}

}  // namespace duet::apps::echo
