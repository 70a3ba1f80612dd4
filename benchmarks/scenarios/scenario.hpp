// SPDX-License-Identifier: MIT
// The catalogue of what is measured. A scenario is a shape of traffic, a cell one setting of it; the table of all
// that are planned is in the method's page, this is what the harness can drive so far.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace duet::bench {

/// Closed loop over TCP: every connection sends a message, waits for its echo, and sends the next.
struct cell {
  std::string scenario;
  std::size_t message_bytes = 64;
  std::size_t connections = 1;
  bool same_core = false;  ///< server and loader on one CPU, or on one each
  bool quick = false;      ///< one of the headline cells, run by --quick

  /// "echo/tcp/64B/64c/split": unique, and what --filter looks into.
  [[nodiscard]] std::string id() const;
  /// The same for people.
  [[nodiscard]] std::string description() const;
};

const std::vector<cell>& all_cells();

/// The cells whose id contains one of `filters`, all of them without filters; in the catalogue's order.
std::vector<cell> select_cells(const std::vector<std::string>& filters, bool quick_only);

}  // namespace duet::bench
