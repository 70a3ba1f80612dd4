// SPDX-License-Identifier: MIT
// What a connect by name did: what each lookup and each attempt came to, and how long it took. A value.
#pragma once

#include <chrono>
#include <cstddef>
#include <system_error>
#include <vector>

#include "duet/address.hpp"
#include "duet/endpoint.hpp"

namespace duet {

struct connect_report {
  /// One question: the addresses of a family.
  struct lookup {
    address::family family{};
    std::size_t addresses = 0;
    std::chrono::nanoseconds duration{};  ///< from the beginning of the connect
    std::error_code error{};              ///< operation_canceled: not waited for any longer
  };

  /// One address that was tried.
  struct attempt {
    endpoint to{};
    std::chrono::nanoseconds started{};  ///< after the beginning of the connect
    std::chrono::nanoseconds duration{};
    std::error_code error{};  ///< none: it is the connection; operation_canceled: given up for it
  };

  std::vector<lookup> lookups{};    ///< of the families that were asked for, IPv6 first
  std::vector<attempt> attempts{};  ///< in the order in which they were started
  std::chrono::nanoseconds duration{};
};

}  // namespace duet
