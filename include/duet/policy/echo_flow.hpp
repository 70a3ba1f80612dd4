// SPDX-License-Identifier: MIT
// echo_flow: what an echo server's connection does next (RFC 862). It holds no bytes and makes no call: a column takes the action,
// tells the outcome, and asks again. So both columns echo, half-close, drain and linger alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>

#include "duet/error.hpp"

namespace duet::policy {

class echo_flow {
 public:
  enum class action : std::uint8_t {
    wait_readable,  ///< lend no buffer, wait until there is something to read
    wait_writable,  ///< keep the buffer, wait until there is room
    read,           ///< try to read into a buffer, and tell read()
    write,          ///< try to write what is unsent(), and tell wrote()
    end,            ///< shut the sending side down, and tell ended()
    discard,        ///< try to read and throw away, and tell read()
    wait_end,       ///< wait until the peer sends or ends; a column bounds this wait
    yield,          ///< let the loop's others have their turn, then tell ready()
    close,          ///< close the connection; the flow is over
  };

  [[nodiscard]] action next() const noexcept { return next_; }

  /// Bytes of the buffer still to be written, and where they start.
  [[nodiscard]] std::size_t unsent() const noexcept { return filled_ - sent_; }
  [[nodiscard]] std::size_t sent() const noexcept { return sent_; }
  /// How the connection ended, once next() is close.
  [[nodiscard]] std::error_code failure() const noexcept { return failure_; }

  /// A wait is over.
  void ready(std::error_code error) noexcept {
    if (error) return fail(error);
    if (next_ == action::wait_readable || next_ == action::yield)
      next_ = action::read;
    else if (next_ == action::wait_writable)
      next_ = action::write;
    else if (next_ == action::wait_end)
      next_ = action::discard;
  }

  /// A read brought `size` bytes; nullopt: it would have blocked.
  void read(std::optional<std::size_t> size, std::error_code error) noexcept {
    const bool lingering = next_ == action::discard;
    if (error == condition::end_of_stream) {
      peer_ended_ = true;
      next_ = lingering ? action::close : action::end;
    } else if (error) {
      // What the peer does after everything owed to it was handed over is no failure of the echo.
      if (lingering)
        next_ = action::close;
      else
        fail(error);
    } else if (!size) {
      next_ = lingering ? action::wait_end : draining_ ? action::end : action::wait_readable;
    } else if (!lingering) {
      filled_ = static_cast<std::uint32_t>(*size);
      sent_ = 0;
      next_ = action::write;
    }
  }

  /// A write took `size` bytes; nullopt: it would have blocked.
  void wrote(std::optional<std::size_t> size, std::error_code error) noexcept {
    if (error) return fail(error);
    sent_ += static_cast<std::uint32_t>(size.value_or(0));
    if (unsent() > 0) {
      next_ = action::wait_writable;
    } else {
      // One buffer a wake-up, so that a busy connection leaves the others their turn. A draining one has to see that nothing is left.
      next_ = draining_ ? action::yield : action::wait_readable;
    }
  }

  /// The sending side has been shut down. A peer that ended first is done; otherwise its remaining bytes are read away, for closing
  /// over unread input resets the connection and destroys what the peer has not read yet (RFC 2525, 2.17).
  void ended(std::error_code error) noexcept {
    if (error) return fail(error);
    next_ = peer_ended_ ? action::close : action::discard;
  }

  /// Finish what has been received, then end. True: the flow was idle, its wait is to be given up and next() asked again.
  [[nodiscard]] bool drain() noexcept {
    draining_ = true;
    if (next_ != action::wait_readable) return false;
    next_ = action::read;
    return true;
  }

 private:
  void fail(std::error_code error) noexcept {
    failure_ = error;
    next_ = action::close;
  }

  action next_ = action::wait_readable;
  bool draining_ = false;
  bool peer_ended_ = false;
  std::uint32_t filled_ = 0;  ///< a buffer has less than 4 GiB
  std::uint32_t sent_ = 0;
  std::error_code failure_;
};

}  // namespace duet::policy
