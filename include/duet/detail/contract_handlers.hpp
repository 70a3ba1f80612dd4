// SPDX-License-Identifier: MIT
// contract_handlers: what the concepts of the contract hand to operations, to be checked with.
#pragma once

#include <cstddef>
#include <system_error>

namespace duet::contract {

/// Handlers of each completion signature, for the concepts to be checked with.
struct on_done {
  void operator()(std::error_code) {}
};
struct on_bytes {
  void operator()(std::error_code, std::size_t) {}
};
struct on_signal {
  void operator()(std::error_code, int) {}
};
}  // namespace duet::contract
