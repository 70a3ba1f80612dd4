// SPDX-License-Identifier: MIT
// See resolve.hpp.
#include "scenarios/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "duet/resolve_options.hpp"
#include "harness/statistics.hpp"
#include "harness/terminal.hpp"

namespace duet::bench {

namespace {

const std::size_t default_threads = lookup_pool_options{}.threads;

}  // namespace

std::vector<resolve_arm> resolve_arms(const resolve_plan& how) {
  std::vector<resolve_arm> arms{{"asio-stock", "duet-arm-resolve-asio-stock", 1, true}};
  for (const std::size_t threads : how.pools) {
    arms.push_back({"asio", "duet-arm-resolve-asio", threads});
    arms.push_back({"raw", "duet-arm-resolve-raw", threads});
  }
  return arms;
}

milliseconds_f ideal_time(const resolve_plan& how, std::size_t threads) {
  return how.delay * static_cast<double>(how.names) / static_cast<double>(threads);
}

milliseconds_f whole_turns(const resolve_plan& how, std::size_t threads) {
  const std::size_t turns = (how.names + threads - 1) / threads;
  return how.delay * static_cast<double>(turns);
}

std::vector<resolve_figures> summarise(const resolve_plan& how,
                                       const std::vector<resolve_arm>& arms,
                                       const std::vector<std::vector<double>>& took_ms) {
  std::vector<resolve_figures> all;
  for (std::size_t i = 0; i < arms.size(); ++i) {
    const std::vector<double>& mine = took_ms[i];
    std::vector<double> ratios;
    for (std::size_t round = 0; round < mine.size(); ++round)
      ratios.push_back(took_ms[0][round] / mine[round]);
    const auto [shortest, longest] = std::minmax_element(mine.begin(), mine.end());
    const double middle = median(mine);
    all.push_back({.arm = arms[i],
                   .total_ms = middle,
                   .shortest_ms = *shortest,
                   .longest_ms = *longest,
                   .times_faster_than_stock = median(ratios),
                   .times_ideal = middle / ideal_time(how, arms[i].threads).count(),
                   .times_whole_turns = middle / whole_turns(how, arms[i].threads).count()});
  }
  return all;
}

std::string description(const resolve_plan& how) {
  return fmt::format(
      "{} names at once, a server that tells each after {} ms, addrinfo view, {} round{}",
      how.names, how.delay.count(), how.rounds, how.rounds == 1 ? "" : "s");
}

std::string table_text(const resolve_plan& how, const std::vector<resolve_figures>& all,
                       bool color) {
  constexpr const char* row = "  {:<12}{:>9}{:>12}{:>20}{:>12}{:>11}{:>11}\n";
  std::string text = paint(fmt::format(row, "arm", "threads", "total ms", "of the rounds",
                                       "x faster", "x ideal", "x turns"),
                           ink::dim, color);
  for (const resolve_figures& each : all) {
    const bool is_default = !each.arm.is_stock && each.arm.threads == default_threads;
    text += fmt::format(
        row, each.arm.name, fmt::format("{}{}", is_default ? "*" : "", each.arm.threads),
        fmt::format("{:.1f}", each.total_ms),
        fmt::format("{:.1f} .. {:.1f}", each.shortest_ms, each.longest_ms),
        fmt::format("{:.2f}", each.times_faster_than_stock),
        fmt::format("{:.3f}", each.times_ideal), fmt::format("{:.3f}", each.times_whole_turns));
  }
  return text +
         paint(fmt::format("\n  x faster: than asio-stock, paired in the round; x ideal: of "
                           "{} x {} ms / threads,\n  x turns: "
                           "of that rounded up to whole turns; medians.\n  * the default pool.\n",
                           how.names, how.delay.count()),
               ink::dim, color);
}

nlohmann::json to_json(const resolve_plan& how, const resolve_figures& of) {
  return {{"type", "resolve"},
          {"arm", of.arm.name},
          {"threads", of.arm.threads},
          {"default_pool", !of.arm.is_stock && of.arm.threads == default_threads},
          {"names", how.names},
          {"delay_ms", how.delay.count()},
          {"rounds", how.rounds},
          {"seed", how.seed},
          {"total_ms", of.total_ms},
          {"shortest_ms", of.shortest_ms},
          {"longest_ms", of.longest_ms},
          {"times_faster_than_stock", of.times_faster_than_stock},
          {"times_ideal", of.times_ideal},
          {"times_whole_turns", of.times_whole_turns}};
}

}  // namespace duet::bench
