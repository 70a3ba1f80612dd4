// SPDX-License-Identifier: MIT
// reserve_descriptor: one descriptor kept for the moment when there are none left: given up, it lets one connection be accepted, so that its
// client can be told by a reset instead of waiting unheard. The trick is libev's and libuv's; accept(2), EMFILE.
#pragma once

#include "duet/os/unique_fd.hpp"

namespace duet::os {

class reserve_descriptor {
 public:
  /// Takes one, if one can be had.
  void refill() noexcept;
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(kept_); }

  /// Accepts a connection of `listener` in the place of the reserve, and resets it. False: there was no reserve, or nobody to accept.
  bool shed(int listener) noexcept;

 private:
  unique_fd kept_;
};

}  // namespace duet::os
