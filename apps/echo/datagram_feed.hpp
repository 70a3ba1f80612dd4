// SPDX-License-Identifier: MIT
// datagram_feed: how the bytes of an input become datagrams: a datagram of each line, or of what each read brought. It reads nothing
// itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace duet::apps::echo {

class datagram_feed {
 public:
  enum class cut { lines, chunks };

  /// `most`: bytes of the largest datagram. Precondition: >= 1.
  datagram_feed(cut how, std::size_t most);

  /// Memory for the next read; never empty as long as next() has nothing. What next() returned is not valid any more.
  [[nodiscard]] std::span<std::byte> room();
  /// So many bytes were read; none: that was all.
  void filled(std::size_t size);

  /// The next datagram, the same one until it is taken. A line goes without its newline, and the last one need not have any.
  [[nodiscard]] std::optional<std::span<const std::byte>> next();
  /// Precondition: next() has one.
  void take();

  /// Nothing is left, and nothing will come.
  [[nodiscard]] bool over();
  /// The number of the line, from 1, that no datagram is large enough for; it and what is behind it are left out.
  [[nodiscard]] std::optional<std::uint64_t> long_line() const noexcept { return long_line_; }

 private:
  struct piece {
    std::size_t bytes;     ///< of the datagram
    std::size_t consumed;  ///< with its newline
  };

  void find();

  cut how_;
  std::size_t most_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t searched_ = 0;  ///< no newline in front of it
  std::optional<piece> found_;
  std::uint64_t line_ = 1;
  std::optional<std::uint64_t> long_line_;
  bool ended_ = false;
};

}  // namespace duet::apps::echo
