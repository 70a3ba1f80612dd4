// SPDX-License-Identifier: MIT
// Bytes to send that are worth comparing, and a running hash of bytes that came. The generator is splitmix64, the hash FNV-1a
// taken over 8 bytes at a time so that a sanitized build gets through 64 MiB in good time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace duet::test {

using byte_vector = std::vector<std::byte>;

/// An endless stream of bytes that does not repeat; two with the same seed are the same.
class pattern {
 public:
  explicit pattern(std::uint64_t seed = 1) : state_(seed) {}

  void fill(std::span<std::byte> bytes) {
    std::byte* to = bytes.data();
    const std::byte* const end = to + bytes.size();
    while (to != end) {
      if (left_ == 0) next_word();
      const std::size_t size = std::min(left_, static_cast<std::size_t>(end - to));
      std::memcpy(to, word_ + sizeof(word_) - left_, size);
      left_ -= size;
      to += size;
    }
  }

 private:
  void next_word() {
    std::uint64_t value = state_ += 0x9e3779b97f4a7c15U;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
    value ^= value >> 31;
    std::memcpy(word_, &value, sizeof(value));
    left_ = sizeof(word_);
  }

  std::uint64_t state_;
  std::byte word_[8]{};
  std::size_t left_ = 0;
};

/// A hash of all bytes added, however they were cut into pieces, and their number.
class digest {
 public:
  void add(std::span<const std::byte> bytes) {
    size_ += bytes.size();
    const std::byte* from = bytes.data();
    const std::byte* const end = from + bytes.size();
    while (from != end) {
      const std::size_t size =
          std::min(sizeof(word_) - filled_, static_cast<std::size_t>(end - from));
      std::memcpy(word_ + filled_, from, size);
      filled_ += size;
      from += size;
      if (filled_ == sizeof(word_)) mix();
    }
  }

  [[nodiscard]] std::uint64_t size() const { return size_; }
  bool operator==(const digest& other) const {
    return size_ == other.size_ && hash_ == other.hash_ && filled_ == other.filled_ &&
           std::memcmp(word_, other.word_, filled_) == 0;
  }

 private:
  void mix() {
    std::uint64_t value = 0;
    std::memcpy(&value, word_, sizeof(value));
    hash_ = (hash_ ^ value) * 0x100000001b3U;
    hash_ ^= hash_ >> 29;
    filled_ = 0;
  }

  std::uint64_t hash_ = 0xcbf29ce484222325U;
  std::uint64_t size_ = 0;
  std::byte word_[8]{};
  std::size_t filled_ = 0;
};

inline byte_vector some_bytes(std::size_t size, std::uint64_t seed = 1) {
  byte_vector bytes(size);
  pattern(seed).fill(bytes);
  return bytes;
}

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace duet::test
