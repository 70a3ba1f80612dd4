// SPDX-License-Identifier: MIT
// What the machine itself costs, measured for a moment before a run: they put the figures of the arms into proportion and
// tell two machines of the same name apart. Not comparisons: no interval, no verdict.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace duet::bench {

struct probe {
  std::string name;  ///< with its unit: "system_call_ns", "clock_reading_ns", "memcpy_gb_per_s" ...
  std::optional<double> value;
  std::string reason;  ///< why there is no value
};

/// A bare system call, a reading of the clock, a pipe round trip on one CPU and across two, memcpy. About a quarter of a
/// second. @param cpus those to use, the first two of them
std::vector<probe> run_probes(const std::vector<int>& cpus);

}  // namespace duet::bench
