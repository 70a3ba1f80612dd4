// SPDX-License-Identifier: MIT
// See topology.hpp.
#include "harness/topology.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <stdexcept>

namespace duet::bench {

namespace {

constexpr int largest_cpu = 4095;

std::optional<int> parse_cpu(std::string_view text) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (value < 0 || value > largest_cpu) return std::nullopt;
  return value;
}

bool contains(const std::vector<int>& values, int value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// One CPU of each physical core; the core of CPU 0 comes last.
std::vector<cpu> core_representatives(const std::vector<cpu>& allowed) {
  std::vector<cpu> result;
  for (const cpu& candidate : allowed) {
    const bool known = std::any_of(result.begin(), result.end(), [&](const cpu& chosen) {
      return contains(chosen.siblings, candidate.id);
    });
    if (!known) result.push_back(candidate);
  }
  std::stable_partition(result.begin(), result.end(),
                        [](const cpu& c) { return !contains(c.siblings, 0); });
  return result;
}

const cpu& find_allowed(const std::vector<cpu>& allowed, int id) {
  const auto found =
      std::find_if(allowed.begin(), allowed.end(), [id](const cpu& c) { return c.id == id; });
  if (found == allowed.end()) {
    throw std::invalid_argument(fmt::format("CPU {} is not among those this process may use", id));
  }
  return *found;
}

}  // namespace

std::optional<std::vector<int>> parse_cpu_list(std::string_view text) {
  std::vector<int> result;
  while (true) {
    const auto comma = text.find(',');
    const auto item = text.substr(0, comma);
    const auto dash = item.find('-');
    const auto first = parse_cpu(item.substr(0, dash));
    const auto last = dash == item.npos ? first : parse_cpu(item.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    for (int id = *first; id <= *last; ++id) result.push_back(id);
    if (comma == text.npos) return result;
    text.remove_prefix(comma + 1);
  }
}

std::vector<cpu> read_topology() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  // More CPUs than cpu_set_t holds make this fail; the rest of the harness then works unpinned on CPU 0.
  if (sched_getaffinity(0, sizeof mask, &mask) != 0) return {cpu{0, {0}}};
  std::vector<cpu> result;
  for (int id = 0; id < CPU_SETSIZE; ++id) {
    if (!CPU_ISSET(id, &mask)) continue;
    std::ifstream file(
        fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", id));
    std::string line;
    std::getline(file, line);
    auto siblings = parse_cpu_list(line).value_or(std::vector<int>{});
    if (!contains(siblings, id)) siblings.push_back(id);
    result.push_back({id, std::move(siblings)});
  }
  return result;
}

std::optional<placement> choose_placement(const std::vector<cpu>& allowed, bool same_core) {
  if (allowed.empty()) return std::nullopt;
  const auto cores = core_representatives(allowed);
  if (same_core) return placement{cores[0].id, cores[0].id, true, {}};
  if (cores.size() >= 2) return placement{cores[0].id, cores[1].id, true, {}};
  if (allowed.size() < 2) return std::nullopt;
  return placement{allowed[1].id, allowed[0].id, true,
                   "server and loader share one physical core (hyperthread siblings)"};
}

placement parse_placement(std::string_view text, const std::vector<cpu>& allowed, bool same_core) {
  const auto ids = parse_cpu_list(text);
  if (!ids || ids->size() > 2) {
    throw std::invalid_argument(fmt::format("\"{}\" is not SERVER,LOADER (two CPUs)", text));
  }
  for (const int id : *ids) find_allowed(allowed, id);
  const int server = ids->front();
  if (same_core) return {server, server, true, {}};
  if (ids->size() < 2 || ids->back() == server) {
    throw std::invalid_argument(fmt::format("\"{}\" names one CPU where two are needed", text));
  }
  placement result{server, ids->back(), true, {}};
  if (contains(find_allowed(allowed, server).siblings, result.loader_cpu)) {
    result.warning = "server and loader share one physical core (hyperthread siblings)";
  }
  return result;
}

}  // namespace duet::bench
