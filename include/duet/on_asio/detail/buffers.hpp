// SPDX-License-Identifier: MIT
// buffers: std::span of bytes, the memory that both columns take, as Asio's buffers; and names for what Asio takes besides.
#pragma once

#include <asio/buffer.hpp>
#include <cstddef>
#include <span>

namespace duet::on_asio::detail {

template <class Buffers>
concept mutable_buffers = asio::is_mutable_buffer_sequence<Buffers>::value;

template <class Buffers>
concept const_buffers = asio::is_const_buffer_sequence<Buffers>::value;

inline asio::mutable_buffer as_buffer(std::span<std::byte> bytes) noexcept {
  return {bytes.data(), bytes.size()};
}
inline asio::const_buffer as_buffer(std::span<const std::byte> bytes) noexcept {
  return {bytes.data(), bytes.size()};
}

}  // namespace duet::on_asio::detail
