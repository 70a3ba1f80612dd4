// SPDX-License-Identifier: MIT
// Which CPUs the server and the loader are pinned to. `choose_placement` decides from facts that are passed in;
// `read_topology` gathers the facts from the affinity mask and sysfs. Pinning itself is process.hpp's.
// @see Documentation/admin-guide/cputopology.rst of the kernel
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace duet::bench {

/// "0-2,8" is 0 1 2 8. Nothing if the text is not such a list, or names CPUs beyond 4095.
std::optional<std::vector<int>> parse_cpu_list(std::string_view text);

struct cpu {
  int id = 0;
  std::vector<int> siblings;  ///< the hyperthreads of its physical core, itself among them
};

/// The CPUs that this process may run on. Where sysfs is silent a CPU counts as a core of its own.
std::vector<cpu> read_topology();

struct placement {
  int server_cpu = 0;
  int loader_cpu = 0;
  bool pinned = true;   ///< false: pinning was refused, the CPU numbers mean nothing
  std::string warning;  ///< empty when the wish was granted as the method asks
};

/// Server and loader on one CPU, or on two physical cores; not on the core of CPU 0, where interrupts gather,
/// if there are others; not on hyperthread siblings.
/// @return nothing if two CPUs are asked for and only one is allowed
std::optional<placement> choose_placement(const std::vector<cpu>& allowed, bool same_core);

/// The user's own choice, "SERVER,LOADER" or "CPU" for both.
/// @throws std::invalid_argument with the reason, for text that is no such list or CPUs not allowed
placement parse_placement(std::string_view text, const std::vector<cpu>& allowed, bool same_core);

}  // namespace duet::bench
