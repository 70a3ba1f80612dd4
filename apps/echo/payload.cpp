// SPDX-License-Identifier: MIT
#include "echo/payload.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace duet::apps::echo {
namespace {

constexpr std::size_t word_bytes = sizeof(std::uint64_t);

/// The finalizer of splitmix64 (Steele, Lea, Flood 2014): neighbours come out unlike each other.
constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

/// Calls `use(index, bytes)` with the payload of [offset, offset + size), cut at the words; stops when it returns false.
template <class Use>
void for_words(std::uint64_t number, std::uint64_t offset, std::size_t size, Use use) {
  const std::uint64_t base = mix(number);
  for (std::size_t done = 0; done < size;) {
    const std::uint64_t at = offset + done;
    const std::uint64_t word = mix(base + at / word_bytes);
    std::array<std::byte, word_bytes> bytes;
    std::memcpy(bytes.data(), &word, word_bytes);
    const std::size_t skip = at % word_bytes;
    const std::size_t take = std::min(word_bytes - skip, size - done);
    if (!use(done, std::span<const std::byte>(bytes).subspan(skip, take))) return;
    done += take;
  }
}

}  // namespace

void fill_payload(std::uint64_t number, std::uint64_t offset, std::span<std::byte> into) noexcept {
  for_words(number, offset, into.size(), [&](std::size_t index, std::span<const std::byte> word) {
    std::memcpy(into.data() + index, word.data(), word.size());
    return true;
  });
}

std::optional<difference> verify_payload(std::uint64_t number, std::uint64_t offset,
                                         std::span<const std::byte> bytes) noexcept {
  std::optional<difference> found;
  for_words(number, offset, bytes.size(), [&](std::size_t index, std::span<const std::byte> word) {
    const auto here = bytes.subspan(index, word.size());
    const auto [mine, theirs] = std::mismatch(word.begin(), word.end(), here.begin());
    if (mine == word.end()) return true;
    const auto in_word = static_cast<std::uint64_t>(mine - word.begin());
    found = difference{offset + index + in_word, *mine, *theirs};
    return false;
  });
  return found;
}

}  // namespace duet::apps::echo
