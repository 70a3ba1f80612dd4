// SPDX-License-Identifier: MIT
// Writing a frame: at once, in one call, if the kernel takes it; what it leaves is remembered and written when there is room.
#include "duet/on_posix/frame.hpp"

#include <array>
#include <cstdint>
#include <memory>

namespace duet::on_posix::detail {
namespace {

using pieces_of_frame = std::array<std::span<const std::byte>, policy::frame_marks::max_pieces>;

void skip(pieces_of_frame& pieces, std::size_t size) {
  for (auto& each : pieces) {
    const std::size_t gone = std::min(size, each.size());
    each = each.subspan(gone);
    size -= gone;
  }
}

/// The rest of a frame.
struct frame_rest {
  policy::frame_marks marks;
  std::span<const std::byte> message;
  std::size_t written;
  io_source* to;
  std::uint32_t cancels;
  std::uint32_t life;
  completion handler;
};

/// Waits for room; the operation keeps the source.
class rest_writing {
 public:
  explicit rest_writing(std::unique_ptr<frame_rest> rest) : rest_(std::move(rest)) {}

  void wait() {
    io_source& to = *rest_->to;
    to.start(wait_type::write, io_kind::wait, {}, std::move(*this));
  }

  /// There is room.
  void operator()(std::error_code ec, std::size_t) {
    frame_rest& rest = *rest_;
    if (!ec) {
      pieces_of_frame pieces = rest.marks.pieces(rest.message);
      skip(pieces, rest.written);
      rest.written += rest.to->try_write(pieces, ec).value_or(0);
    }
    if (ec || rest.written == rest.marks.size(rest.message)) return rest.handler(ec, rest.written);
    const bool given_up =
        rest.cancels != rest.to->cancels(wait_type::write) || rest.life != rest.to->life();
    if (given_up)
      return rest.handler(std::make_error_code(std::errc::operation_canceled), rest.written);
    wait();
  }

 private:
  std::unique_ptr<frame_rest> rest_;
};

}  // namespace

void write_frame(io_source& to, std::error_code marked, const policy::frame_marks& marks,
                 std::span<const std::byte> message, completion handler) {
  if (marked) return to.finish(marked, std::move(handler));
  if (!to.idle(wait_type::write)) {
    const auto busy = std::make_error_code(std::errc::operation_in_progress);
    return to.finish(busy, std::move(handler));
  }
  std::error_code ec;
  const std::size_t written = to.try_write(marks.pieces(message), ec).value_or(0);
  if (ec || written == marks.size(message))
    return to.conclude(wait_type::write, ec, written, std::move(handler));
  rest_writing(std::make_unique<frame_rest>(frame_rest{marks, message, written, &to,
                                                       to.cancels(wait_type::write), to.life(),
                                                       std::move(handler)}))
      .wait();
}

}  // namespace duet::on_posix::detail
