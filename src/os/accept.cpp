// SPDX-License-Identifier: MIT
#include "duet/os/accept.hpp"

#include "duet/os/flow.hpp"
#include "duet/os/sys.hpp"
#include "duet/policy/accept_policy.hpp"

namespace duet::os {

unique_fd accept_one(int listener, const accept_setup& setup, socket_address& peer,
                     std::error_code& ec) {
  policy::accept_policy retries;
  for (;;) {
    flow steps(setup.watcher);
    peer = {};
    unique_fd connected(
        sys::accept4(listener, &peer.generic, &peer.size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    ec = connected ? std::error_code() : sys::last_error();
    if (policy::judge_accept_error(ec) == policy::accept_action::wait) return {};
    steps.took(
        "accept4", connected.get(), ec,
        [&] { return ec ? std::string("no peer") : describe(peer, SOCK_STREAM); }, setup.asio);
    if (!ec) {
      const bool set = apply_options(steps, connected.get(), setup.family,
                                     option_stage::after_accept, setup.options);
      if (!set) ec = steps.error();
      return connected;
    }
    if (retries.failed(ec).action != policy::accept_action::retry) return {};
  }
}

}  // namespace duet::os
