// SPDX-License-Identifier: MIT
// connect_blocking: how the clients of the blocking model connect: again, after a pause, as long as --retry says.
#pragma once

#include <system_error>

#include "duet/endpoint.hpp"
#include "duet/observer.hpp"
#include "echo/client_setup.hpp"
#include "echo/options.hpp"
#include "echo/retry_pauses.hpp"
#include "support/stop_switch.hpp"

namespace duet::apps::echo {

/// A signal ends the pauses.
template <class Backend>
typename Backend::blocking_connection connect_blocking(const client_options& options,
                                                       const endpoint& to, observer* watcher,
                                                       const stop_switch& stop,
                                                       std::error_code& ec) {
  retry_pauses pauses(options.retries);
  for (;;) {
    ec.clear();
    try {
      return Backend::connect(to, client_connect_options(options, never, watcher));
    } catch (const std::system_error& failed) {
      ec = failed.code();
    }
    const auto pause = pauses.next(ec);
    if (!pause || !stop.pause(*pause)) return {};
  }
}

}  // namespace duet::apps::echo
