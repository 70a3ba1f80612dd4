// SPDX-License-Identifier: MIT
// relay_channel: bytes on their way from one stream socket to another: in memory, or, once they come in masses, in a pipe, where they never
// leave the kernel. Source: splice(2), pipe(7), tcp(7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>

#include "duet/os/stream_io.hpp"
#include "duet/os/unique_fd.hpp"
#include "duet/relay_options.hpp"

namespace duet::os {

/// fill() and drain() never block, if the sockets are O_NONBLOCK: splice(2) has no flag for sockets that MSG_DONTWAIT is; never raise SIGPIPE;
/// and take turns: what was filled is drained before there is more.
class relay_channel {
 public:
  explicit relay_channel(const relay_options& options) noexcept
      : buffer_bytes_(options.buffer_bytes), may_splice_(options.splice) {}

  /// Takes what the source has; nullopt: nothing for now. The peer's end is error::end_of_stream. Precondition: nothing is held.
  std::optional<std::size_t> fill(int source, std::error_code& ec, told_to told = {});
  /// Gives what is held to the sink; nullopt: it takes nothing for now.
  std::optional<std::size_t> drain(int sink, std::error_code& ec, told_to told = {});

  [[nodiscard]] std::size_t held() const noexcept { return filled_ - drained_; }
  /// Whether it takes memory: only while it holds bytes there.
  [[nodiscard]] bool has_memory() const noexcept { return memory_ != nullptr; }
  /// What was moved without this process's memory.
  [[nodiscard]] std::uint64_t spliced() const noexcept { return spliced_; }

 private:
  [[nodiscard]] bool make_pipe() noexcept;
  std::optional<std::size_t> fill_pipe(int source, std::error_code& ec, told_to told);
  std::optional<std::size_t> fill_memory(int source, std::error_code& ec, told_to told);
  std::optional<std::size_t> drain_pipe(int sink, std::error_code& ec, told_to told);
  std::optional<std::size_t> drain_memory(int sink, std::error_code& ec, told_to told);
  void take_back(std::error_code& ec);
  void stop_splicing() noexcept;

  std::size_t buffer_bytes_;
  std::unique_ptr<std::byte[]> memory_;
  unique_fd pipe_out_;
  unique_fd pipe_in_;
  std::size_t filled_ = 0;
  std::size_t drained_ = 0;
  std::uint64_t spliced_ = 0;
  bool may_splice_;
  bool splicing_ = false;
};

}  // namespace duet::os
