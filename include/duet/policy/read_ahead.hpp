// SPDX-License-Identifier: MIT
// read_ahead: whether a connection that has just been served is looked at again before it is waited for. Under an edge-triggered
// reactor waiting costs a system call (epoll_ctl re-arms the edge), and so does looking in vain; on a busy loop the next request is
// mostly there by the time all others have had their turn. It decides from how the last looks went, and makes none itself.
#pragma once

#include <algorithm>
#include <cstdint>

namespace duet::policy {

class read_ahead {
 public:
  /// After looks in vain at most so many waits go by before the next look.
  static constexpr std::uint16_t longest_rest = 16;

  /// The connection was served: true to look again after the others' turn, false to wait.
  [[nodiscard]] bool look() noexcept {
    if (resting_ > 0) {
      --resting_;
      return false;
    }
    return looking_ = true;
  }

  /// A read was tried and found something, or nothing. False: wait now.
  void found(bool something) noexcept {
    if (!looking_) return;
    looking_ = false;
    rest_ = something
                ? std::uint16_t{0}
                : std::clamp<std::uint16_t>(static_cast<std::uint16_t>(rest_ * 2), 1, longest_rest);
    resting_ = rest_;
  }

 private:
  bool looking_ = false;
  std::uint16_t rest_ = 0;
  std::uint16_t resting_ = 0;
};

}  // namespace duet::policy
