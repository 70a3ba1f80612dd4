// SPDX-License-Identifier: MIT
// payload: the bytes of ping's messages, made from the message's number and the place in it, so that any byte can be verified without
// keeping what was sent, and no message looks like another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace duet::apps::echo {

/// The bytes of message `number` from `offset` on.
void fill_payload(std::uint64_t number, std::uint64_t offset, std::span<std::byte> into) noexcept;

struct difference {
  std::uint64_t at;  ///< in the message, in bytes
  std::byte expected;
  std::byte found;
};

/// The first of `bytes` that is not what fill_payload gives.
std::optional<difference> verify_payload(std::uint64_t number, std::uint64_t offset,
                                         std::span<const std::byte> bytes) noexcept;

}  // namespace duet::apps::echo
