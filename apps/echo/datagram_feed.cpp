// SPDX-License-Identifier: MIT
#include "echo/datagram_feed.hpp"

#include <algorithm>
#include <cstring>

namespace duet::apps::echo {
namespace {

constexpr std::size_t read_bytes = 64 * 1024;

}  // namespace

datagram_feed::datagram_feed(cut how, std::size_t most)
    : how_(how), most_(most), buffer_(how == cut::lines ? most + 1 + read_bytes : most) {}

std::span<std::byte> datagram_feed::room() {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
            buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
  end_ -= begin_;
  searched_ -= std::min(searched_, begin_);
  begin_ = 0;
  return std::span(buffer_).subspan(end_);
}

void datagram_feed::filled(std::size_t size) {
  end_ += size;
  ended_ = size == 0;
}

std::optional<std::span<const std::byte>> datagram_feed::next() {
  if (!found_ && !long_line_) find();
  if (!found_) return std::nullopt;
  return std::span(buffer_).subspan(begin_, found_->bytes);
}

void datagram_feed::take() {
  begin_ += found_->consumed;
  searched_ = begin_;
  found_.reset();
  ++line_;
}

bool datagram_feed::over() { return !next() && (ended_ || long_line_); }

void datagram_feed::find() {
  const std::size_t size = end_ - begin_;
  if (how_ == cut::chunks) {
    if (size > 0) found_ = {size, size};
    return;
  }
  const void* const newline = std::memchr(buffer_.data() + searched_, '\n', end_ - searched_);
  searched_ = end_;
  if (newline != nullptr) {
    const auto length =
        static_cast<std::size_t>(static_cast<const std::byte*>(newline) - buffer_.data()) - begin_;
    found_ = {length, length + 1};
  } else if (ended_ && size > 0) {
    found_ = {size, size};
  }
  const std::size_t length = found_ ? found_->bytes : size;
  if (length <= most_) return;
  long_line_ = line_;
  found_.reset();
}

}  // namespace duet::apps::echo
