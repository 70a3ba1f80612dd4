// SPDX-License-Identifier: MIT
// client_setup: how the clients connect.
#pragma once

#include <chrono>

#include "duet/connect_options.hpp"
#include "duet/observer.hpp"
#include "echo/options.hpp"
#include "support/quantity.hpp"

namespace duet::apps::echo {

/// No Nagle delay: a message that ends in a short segment would wait for the acknowledgement of the one before. `deadline`: unless
/// --connect-timeout says otherwise.
inline connect_options client_connect_options(const client_options& asked,
                                              std::chrono::nanoseconds deadline,
                                              observer* watcher) {
  connect_options options;
  options.socket.nodelay = true;
  options.watcher = watcher;
  options.local = asked.local;
  const auto longest = asked.connect_timeout.value_or(deadline);
  if (longest != never) options.deadline = std::chrono::ceil<std::chrono::milliseconds>(longest);
  return options;
}

}  // namespace duet::apps::echo
