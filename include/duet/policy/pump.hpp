// SPDX-License-Identifier: MIT
// pump: what to do next when bytes go from one descriptor to another through one buffer, to the end of the first. It holds no bytes and
// makes no call: a column takes the action, tells the outcome, and asks again.
#pragma once

#include <cstddef>
#include <optional>
#include <system_error>

#include "duet/error.hpp"

namespace duet::policy {

class pump {
 public:
  enum class action {
    wait_source,  ///< wait until the source has something
    read,         ///< read into the buffer, and tell read()
    wait_sink,    ///< wait until the sink has room
    write,        ///< write what is unsent(), and tell wrote()
    end,   ///< the source has ended and everything is written: pass the end on, and tell ended()
    done,  ///< over, well or with failure()
  };

  [[nodiscard]] action next() const noexcept { return next_; }
  [[nodiscard]] std::size_t unsent() const noexcept { return filled_ - sent_; }
  [[nodiscard]] std::size_t sent() const noexcept { return sent_; }
  [[nodiscard]] std::error_code failure() const noexcept { return failure_; }

  /// A wait is over.
  void ready(std::error_code error) noexcept {
    if (error) return fail(error);
    if (next_ == action::wait_source)
      next_ = action::read;
    else if (next_ == action::wait_sink)
      next_ = action::write;
  }

  /// A read brought `size` bytes; nullopt: it would have blocked. The end is condition::end_of_stream.
  void read(std::optional<std::size_t> size, std::error_code error) noexcept {
    if (error == condition::end_of_stream) {
      next_ = action::end;
    } else if (error) {
      fail(error);
    } else if (!size) {
      next_ = action::wait_source;
    } else {
      filled_ = *size;
      sent_ = 0;
      next_ = action::write;
    }
  }

  /// A write took `size` bytes; nullopt: it would have blocked.
  void wrote(std::optional<std::size_t> size, std::error_code error) noexcept {
    if (error) return fail(error);
    sent_ += size.value_or(0);
    // After a short write the sink is most likely full: waiting costs less than asking again.
    next_ = unsent() > 0 ? action::wait_sink : action::wait_source;
  }

  void ended(std::error_code error) noexcept {
    failure_ = error;
    next_ = action::done;
  }

 private:
  void fail(std::error_code error) noexcept { ended(error); }

  action next_ = action::wait_source;
  std::size_t filled_ = 0;
  std::size_t sent_ = 0;
  std::error_code failure_;
};

}  // namespace duet::policy
