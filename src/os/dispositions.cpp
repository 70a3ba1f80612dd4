// SPDX-License-Identifier: MIT
#include "duet/os/dispositions.hpp"

#include "duet/os/sys.hpp"

namespace duet::os {

void saved_dispositions::save(int signal, std::error_code& ec) {
  ec.clear();
  struct sigaction present {};
  if (sys::sigaction(signal, nullptr, &present) == 0) {
    former_.emplace(signal, present);
  } else {
    ec = sys::last_error();
  }
}

void saved_dispositions::restore(void (*ours)(int)) noexcept {
  for (const auto& [signal, former] : former_) {
    struct sigaction present {};
    const bool known = sys::sigaction(signal, nullptr, &present) == 0;
    const bool untouched = present.sa_handler == SIG_DFL || present.sa_handler == ours;
    if (known && untouched) sys::sigaction(signal, &former, nullptr);
  }
  former_.clear();
}

}  // namespace duet::os
