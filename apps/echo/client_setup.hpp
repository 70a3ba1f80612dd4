// SPDX-License-Identifier: MIT
// client_setup: how `send` and `ping` connect.
#pragma once

#include <chrono>

#include "duet/connect_options.hpp"
#include "duet/observer.hpp"
#include "support/quantity.hpp"

namespace duet::apps::echo {

/// No Nagle delay: a message that ends in a short segment would wait for the acknowledgement of the one before.
inline connect_options client_connect_options(std::chrono::nanoseconds deadline,
                                              observer* watcher) {
  connect_options options;
  options.socket.nodelay = true;
  options.watcher = watcher;
  if (deadline != never) options.deadline = std::chrono::ceil<std::chrono::milliseconds>(deadline);
  return options;
}

}  // namespace duet::apps::echo
