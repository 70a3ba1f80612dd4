// SPDX-License-Identifier: MIT
// buffer_pool: buffers of one size, lent while bytes are on their way and taken back. It allocates only when more are out than ever
// were. It does no I/O and is not thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace duet::policy {

class buffer_pool {
 public:
  /// Buffers kept when they come back; more are freed, so that a burst does not hold its memory for ever.
  static constexpr std::size_t kept = 64;

  using buffer = std::unique_ptr<std::byte[]>;

  explicit buffer_pool(std::size_t buffer_bytes) : buffer_bytes_(buffer_bytes) {
    free_.reserve(kept);
  }

  /// A buffer of buffer_bytes() bytes, not initialised. Throws std::bad_alloc.
  [[nodiscard]] buffer lend() {
    ++lent_;
    if (free_.empty()) return std::make_unique_for_overwrite<std::byte[]>(buffer_bytes_);
    buffer last = std::move(free_.back());
    free_.pop_back();
    return last;
  }

  /// Takes a buffer back; nothing if it is none.
  void give_back(buffer& back) noexcept {
    if (!back) return;
    --lent_;
    if (free_.size() < kept) free_.push_back(std::move(back));
    back.reset();
  }

  [[nodiscard]] std::size_t buffer_bytes() const noexcept { return buffer_bytes_; }
  [[nodiscard]] std::size_t lent() const noexcept { return lent_; }

 private:
  std::size_t buffer_bytes_;
  std::size_t lent_ = 0;
  std::vector<buffer> free_;
};

}  // namespace duet::policy
