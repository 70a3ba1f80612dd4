// SPDX-License-Identifier: MIT
// echo_check: whether what came back is what was sent. It remembers the bytes under way, at most a window of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace duet::policy {

/// How many bytes two texts begin with alike: the size of the shorter one if it is where the other begins.
inline std::size_t common_prefix(std::span<const std::byte> one,
                                 std::span<const std::byte> other) noexcept {
  const std::size_t size = std::min(one.size(), other.size());
  // Mostly they are the same, which memcmp sees many bytes at a time.
  if (size == 0 || std::memcmp(one.data(), other.data(), size) == 0) return size;
  return static_cast<std::size_t>(
      std::mismatch(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(size), other.begin())
          .first -
      one.begin());
}

class echo_check {
 public:
  /// Remembers at most `window_bytes`; 0 remembers and compares nothing.
  explicit echo_check(std::size_t window_bytes) : ring_(window_bytes) {}

  /// How many bytes may be sent before some have come back.
  [[nodiscard]] std::size_t room() const noexcept {
    return ring_.empty() ? static_cast<std::size_t>(-1)
                         : ring_.size() - static_cast<std::size_t>(sent_ - compared_);
  }

  /// Precondition: at most room() bytes.
  void sent(std::span<const std::byte> bytes) noexcept {
    for_pieces(sent_, bytes.size(), [&](std::byte* piece, std::size_t offset, std::size_t size) {
      std::copy_n(bytes.data() + offset, size, piece);
      return true;
    });
    sent_ += bytes.size();
  }

  /// Compares what came back. False from the first byte on that differs or was never sent.
  bool returned(std::span<const std::byte> bytes) noexcept {
    if (ring_.empty()) return true;
    const auto known =
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), sent_ - compared_));
    if (!mismatch_) compare(bytes.first(known));
    compared_ += known;
    if (!mismatch_ && known < bytes.size()) mismatch_ = compared_;
    return !mismatch_;
  }

  /// Where in the stream, in bytes, the echo first went wrong.
  [[nodiscard]] std::optional<std::uint64_t> mismatch() const noexcept { return mismatch_; }

 private:
  void compare(std::span<const std::byte> bytes) noexcept {
    for_pieces(compared_, bytes.size(),
               [&](const std::byte* piece, std::size_t offset, std::size_t size) {
                 const std::size_t same = common_prefix({piece, size}, bytes.subspan(offset));
                 if (same == size) return true;
                 mismatch_ = compared_ + offset + same;
                 return false;
               });
  }

  /// The one or two pieces of the ring that hold `size` bytes from stream position `from`; stops when `use` returns false.
  template <class Use>
  void for_pieces(std::uint64_t from, std::size_t size, Use use) {
    if (ring_.empty() || size == 0) return;
    const auto at = static_cast<std::size_t>(from % ring_.size());
    const std::size_t first = std::min(size, ring_.size() - at);
    if (use(ring_.data() + at, 0, first) && first < size) use(ring_.data(), first, size - first);
  }

  std::vector<std::byte> ring_;
  std::uint64_t sent_ = 0;
  std::uint64_t compared_ = 0;
  std::optional<std::uint64_t> mismatch_;
};

}  // namespace duet::policy
