// SPDX-License-Identifier: MIT
#include "duet/os/reserve_descriptor.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include "duet/os/flow.hpp"
#include "duet/os/sys.hpp"

namespace duet::os {

void reserve_descriptor::refill() noexcept {
  if (!kept_) kept_.reset(sys::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

bool reserve_descriptor::shed(int listener) noexcept {
  if (!kept_) return false;
  kept_.reset();
  unique_fd unwanted(sys::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  const bool accepted = static_cast<bool>(unwanted);
  if (accepted) reset_on_close(unwanted.get());
  unwanted.reset();
  refill();
  return accepted;
}

}  // namespace duet::os
