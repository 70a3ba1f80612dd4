// SPDX-License-Identifier: MIT
// lookup: one getaddrinfo(3) on a thread of its own, because it may block for minutes and cannot be interrupted. A cancelled one is
// left to finish alone, on memory of its own. Source: getaddrinfo(3), RFC 6724.
#pragma once

#include <functional>
#include <memory>
#include <system_error>
#include <vector>

#include "duet/endpoint.hpp"

namespace duet::os {

class lookup {
 public:
  /// Called once, on the lookup's thread, with the endpoints in the order of RFC 6724 or an error (error::name_...).
  using handler = std::function<void(std::error_code, std::vector<endpoint>)>;

  /// Starts resolving. Throws std::system_error if no thread can be had.
  lookup(const endpoint& name, handler done);
  lookup(lookup&&) noexcept = default;
  lookup& operator=(lookup&&) = delete;
  /// Cancels.
  ~lookup();

  /// Once this returns the handler has been called or never will be, and is destroyed. Threads: not from the handler itself.
  void cancel() noexcept;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

/// The same, blocking.
std::vector<endpoint> resolve(const endpoint& name, std::error_code& ec);

}  // namespace duet::os
