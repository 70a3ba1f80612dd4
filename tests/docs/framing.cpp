// SPDX-License-Identifier: MIT
// The code of docs/framing.md: the blocks of the page are parts of this file, so that they compile.
#include <asio.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <system_error>

#include "duet/on_asio/frame.hpp"
#include "duet/on_asio/stream.hpp"
#include "duet/policy/frame_buffer.hpp"
#include "duet/policy/frame_text.hpp"

namespace guide::framing {

namespace {

void answer(std::span<const std::byte> /*line*/) {}

}  // namespace

asio::awaitable<void> serve(duet::on_asio::stream client) {
  duet::policy::frame_buffer in(duet::policy::line_framing(1024));
  for (;;) answer(co_await duet::on_asio::async_read_frame(client, in, asio::use_awaitable));
}

using line_buffer = duet::policy::frame_buffer<duet::policy::line_framing>;

void serve(duet::on_asio::stream& client, line_buffer& in) {
  async_read_frame(client, in, [&](std::error_code ec, std::span<const std::byte> first) {
    for (std::optional<std::span<const std::byte>> each = first; !ec && each; each = in.next(ec))
      answer(*each);
    if (!ec) serve(client, in);
  });
}

}  // namespace guide::framing
