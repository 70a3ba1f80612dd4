// SPDX-License-Identifier: MIT
// datagram_source: an io_source whose operations are the calls of os/datagram_io. Everything that an operation needs is in its direction's
// slot, which is used again and again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <system_error>

#include "duet/datagram_types.hpp"
#include "duet/on_posix/detail/io_source.hpp"
#include "duet/os/datagram_io.hpp"

namespace duet::on_posix::detail {

enum class datagram_call : std::uint8_t { wait, receive, send, receive_batch, send_batch };

/// What one operation is to do; only what its call needs is set.
struct datagram_work {
  datagram_call call = datagram_call::wait;
  io_memory memory{};
  datagram_info* about = nullptr;
  os::incoming_batch* incoming = nullptr;
  os::outgoing_batch* outgoing = nullptr;
};

class datagram_source final : public io_source {
 public:
  explicit datagram_source(loop& owner);

  /// As io_source::start. `by` is for datagram_call::send.
  void start(wait_type direction, const datagram_work& work, completion handler);
  void start_send(std::span<const std::byte> from, const os::message_route& by, completion handler);

  /// The same without waiting; nullopt: it would.
  std::optional<std::size_t> try_call(const datagram_work& work, std::error_code& ec);
  std::optional<std::size_t> try_send(std::span<const std::byte> from, os::message_route by,
                                      std::error_code& ec);

  os::datagram_setup setup;

 private:
  class call_slot;
  ~datagram_source() override;

  [[nodiscard]] std::unique_ptr<slot> make_slot() override;
  [[nodiscard]] bool perform(slot& now) override;
};

}  // namespace duet::on_posix::detail
