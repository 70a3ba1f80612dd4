// SPDX-License-Identifier: MIT
// See setup.hpp.
#include "setup.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <span>
#include <stdexcept>

#include "duet/os/limits.hpp"
#include "harness/environment.hpp"
#include "harness/sanity.hpp"

namespace duet::bench {

namespace {

namespace fs = std::filesystem;

plan make_plan(const options& o) {
  plan how;
  if (o.quick) {
    how.blocks = 8;
    how.squares =
        4;  // short slots are noisy ones; more of them make the block's median steady again
    how.slot = std::chrono::milliseconds(60);
  }
  how.blocks = o.blocks.value_or(how.blocks);
  how.squares = o.squares.value_or(how.squares);
  how.slot = o.slot.value_or(how.slot);
  how.warm_up = o.warm_up.value_or(how.warm_up);
  how.seed = o.seed ? *o.seed : std::random_device{}();
  how.gates = o.gates;
  how.counts = !o.no_counts;
  how.sanity = o.what == command_kind::run && o.arms.peers;
  how.settings.congestion_control = usable_congestion_control();
  return how;
}

/// The program of an arm that one of the cells needs and that is not there; empty if all are.
std::string missing_program(const arm& of, const std::vector<cell>& cells, const fs::path& folder) {
  if (of.group == arm_group::own) return {};
  for (const cell& each : cells) {
    if (!of.refusal(each).empty()) continue;
    std::string program = of.program_for(each);
    if (::access((folder / program).c_str(), X_OK) != 0) return program;
  }
  return {};
}

/// The arms whose programs are there. @throws std::runtime_error if the reference's is not
std::vector<arm> present_arms(const std::vector<arm>& wanted, const std::vector<cell>& cells,
                              const fs::path& folder) {
  std::vector<arm> present;
  for (const arm& each : wanted) {
    const std::string missing = missing_program(each, cells, folder);
    if (missing.empty()) {
      present.push_back(each);
    } else if (each.name == reference_name) {
      throw std::runtime_error(
          fmt::format("{} is missing in {}: no arm to compare with", missing, folder.string()));
    } else {
      fmt::print(stderr, "arm {}: left out, {} is not built\n", each.name, missing);
    }
  }
  return present;
}

/// Why no run of these arms can measure a cell; empty if one can.
std::string obstacle(const cell& what, std::span<const arm> arms, std::size_t descriptors) {
  for (const arm& each : arms) {
    if (auto refusal = each.refusal(what); !refusal.empty()) return refusal;
  }
  const std::size_t needed = what.connections + spare_descriptors;
  if (needed <= descriptors) return {};
  return fmt::format("{} connections need {} descriptors, the limit is {}", what.connections,
                     needed, descriptors);
}

/// The placement of each cell. @throws std::invalid_argument for a wish that cannot be granted
std::vector<cell_result> place_cells(const std::vector<cell>& cells, const std::string& wish,
                                     const std::vector<cpu>& allowed) {
  std::vector<cell_result> placed;
  for (const cell& each : cells) {
    cell_result result;
    result.what = each;
    const auto where = wish.empty() ? choose_placement(allowed, each.same_core)
                                    : std::optional(parse_placement(wish, allowed, each.same_core));
    if (where) {
      result.where = *where;
    } else {
      result.skipped = true;
      result.failure =
          fmt::format("server and loader need a CPU each, this process may use {}", allowed.size());
    }
    placed.push_back(std::move(result));
  }
  return placed;
}

/// The cells of the scenario fork alone: its own arms, unless others were asked for.
arm_wishes wishes_for(const options& o, const std::vector<cell>& cells) {
  arm_wishes wishes = o.arms;
  const bool only_fork = std::all_of(
      cells.begin(), cells.end(), [](const cell& each) { return each.scenario == fork_scenario; });
  if (only_fork && wishes.names.empty() && !wishes.peers) wishes.names = process_arm_names();
  return wishes;
}

}  // namespace

void check_resumed(const std::vector<cell_result>& cells, const std::vector<arm>& arms,
                   const std::vector<cpu>& allowed) {
  std::error_code ec;
  os::raise_descriptor_limit(ec);
  for (const cell_result& each : cells) {
    if (each.skipped) continue;
    for (const arm& which : arms) {
      const std::string missing = missing_program(which, {each.what}, own_folder());
      if (!missing.empty())
        throw std::invalid_argument(
            fmt::format("arm {} was measured before, and {} is not built", which.name, missing));
    }
    if (!each.where.pinned) continue;
    const auto wish = each.what.same_core
                          ? fmt::format("{}", each.where.server_cpu)
                          : fmt::format("{},{}", each.where.server_cpu, each.where.loader_cpu);
    parse_placement(wish, allowed, each.what.same_core);
  }
}

fs::path own_folder() { return fs::read_symlink("/proc/self/exe").parent_path(); }

chosen choose_what_to_run(const options& o) {
  // Without a wish a run measures the headline cells: all of them take hours.
  const bool headline = o.what == command_kind::run && !o.full && o.filters.empty();
  const auto cells = select_cells(o.filters, o.quick || headline);
  std::error_code ec;
  const std::size_t descriptors = os::raise_descriptor_limit(ec);
  if (cells.empty())
    throw std::invalid_argument("no cell's id contains the filter's text; see duet-bench list");
  chosen result{make_plan(o), select_arms(wishes_for(o, cells)),
                place_cells(cells, o.cpus, read_topology())};
  result.arms = present_arms(result.arms, cells, own_folder());
  for (cell_result& each : result.cells) {
    const std::span<const arm> arms(result.arms);
    auto reason = obstacle(
        each.what, arms.first(arms_taking_part(result.how, result.arms, each.what)), descriptors);
    if (each.skipped || reason.empty()) continue;
    each.skipped = true;
    each.failure = std::move(reason);
  }
  return result;
}

}  // namespace duet::bench
