// SPDX-License-Identifier: MIT
// What a frame costs once everything is warm: no allocation in either column, and one call for all that come together.
#include <fcntl.h>

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "cost.hpp"
#include "duet/os/fault.hpp"
#include "duet/policy/frame_buffer.hpp"
#include "duet/policy/frame_length.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;

namespace {

/// Sends each frame back, one by one or all that a read has brought in one write.
template <class Row>
class frame_echo {
 public:
  using stream = typename Row::backend::stream;

  frame_echo(stream with, bool together) : stream_(std::move(with)), together_(together) {}

  void read() {
    Row::backend::async_read_frame(stream_, in_,
                                   [this](std::error_code ec, std::span<const std::byte> frame) {
                                     if (!ec) together_ ? write_all(frame) : write(frame);
                                   });
  }
  void close() { stream_.close(); }
  [[nodiscard]] int served() const { return served_; }

 private:
  void write(std::span<const std::byte> frame) {
    ++served_;
    Row::backend::async_write_frame(stream_, in_.how(), frame,
                                    [this](std::error_code ec, std::size_t) { again(ec); });
  }
  void write_all(std::span<const std::byte> first) {
    out_.clear();
    std::error_code ec;
    for (std::optional<std::span<const std::byte>> each = first; each; each = in_.next(ec)) {
      ++served_;
      CHECK_FALSE(policy::append_frame(in_.how(), *each, out_));
    }
    stream_.async_write(out_, [this](std::error_code failed, std::size_t) { again(failed); });
  }
  void again(std::error_code ec) {
    if (!ec) read();
  }

  stream stream_;
  bool together_;
  policy::frame_buffer<policy::length_framing> in_;
  std::vector<std::byte> out_;
  int served_ = 0;
};

/// 32 frames of 64 bytes.
byte_vector burst_of_frames() {
  byte_vector burst;
  for (std::uint64_t each = 0; each < 32; ++each)
    CHECK_FALSE(policy::append_frame(policy::length_framing(), some_bytes(64, each), burst));
  return burst;
}

}  // namespace

TEST_CASE_TEMPLATE("cost: no allocation a frame", Row, DUET_ROWS) {
  DUET_NEEDS_COUNTING();
  fixture_of<Row> f;
  for (const bool together : {false, true}) {
    auto [near, far] = f.connected_pair();
    const raw_socket peer(far.release().release());
    CHECK(::fcntl(peer.fd(), F_SETFL, 0) == 0);
    frame_echo<Row> server(std::move(near), together);
    server.read();
    CHECK(allocations_of_loop(f, [&](auto&& mark) {
            const byte_vector burst = burst_of_frames();
            for (int number = 0; number < 100; ++number) {
              if (number == 20) mark();
              peer.send_all(burst);
              CHECK(peer.receive(burst.size()) == burst);
            }
          }) == 0);
    CHECK(server.served() == 3200);
    f.run_ready();
    server.close();
    f.run_ready();
  }
}

TEST_CASE_TEMPLATE("cost: frames that come together are received and sent in one call each", Row,
                   posix_tcp, posix_unix) {
#if defined(DUET_FAULT_SEAM) && DUET_FAULT_SEAM
  fixture_of<Row> f;
  auto [near, far] = f.connected_pair();
  const raw_socket peer(far.release().release());
  CHECK(::fcntl(peer.fd(), F_SETFL, 0) == 0);
  frame_echo<Row> server(std::move(near), true);
  server.read();
  const byte_vector burst = burst_of_frames();
  os::faults::clear();
  for (int number = 1; number <= 20; ++number) {
    peer.send_all(burst);
    f.run_until([&] { return server.served() == 32 * number; });
    CHECK(peer.receive(burst.size()) == burst);
  }
  CHECK(os::faults::count(os::call::recv) == 20);
  CHECK(os::faults::count(os::call::send) == 20);
  CHECK(os::faults::count(os::call::epoll_ctl) <= 1);
  os::faults::clear();
  server.close();
  f.run_ready();
#else
  DUET_SKIP("built without the fault seam (DUET_FAULT_SEAM=OFF)");
#endif
}
