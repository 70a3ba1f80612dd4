// SPDX-License-Identifier: MIT
#include "support/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <system_error>

#include "support/printable.hpp"
#include "support/quantity.hpp"

namespace duet::apps {
namespace {

constexpr std::size_t longest_shown = 80;

std::string quoted(std::string_view text) {
  if (text.size() <= longest_shown) return fmt::format("'{}'", printable(text));
  return fmt::format("'{}...'", printable(text.substr(0, longest_shown)));
}

/// Insertions, deletions and replacements from one to the other (Levenshtein).
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (const char have : from) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (have == to[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

void refuse_argument(std::string_view option, std::string_view text, std::string_view expected) {
  throw usage_error(fmt::format("{} {}: expected {}", option, quoted(text), expected));
}

std::uint64_t number_argument(std::string_view option, std::string_view text, number_range range) {
  const auto value = parse_number(text);
  if (value && *value >= range.first && *value <= range.last) return *value;
  refuse_argument(option, text,
                  fmt::format("a whole number from {} to {}", range.first, range.last));
}

std::uint64_t size_argument(std::string_view option, std::string_view text, number_range range) {
  const auto value = parse_size(text);
  if (value && *value >= range.first && *value <= range.last) return *value;
  refuse_argument(option, text,
                  fmt::format("a size from {} to {}, such as 64, 16Ki or 1Mi",
                              format_size(range.first), format_size(range.last)));
}

std::chrono::nanoseconds duration_argument(std::string_view option, std::string_view text,
                                           zero zero_rule, off off_rule) {
  const auto value = parse_duration(text);
  const bool good = value && (value->count() > 0 || zero_rule == zero::allowed) &&
                    (*value != never || off_rule == off::allowed);
  if (good) return *value;
  std::string expected = "a duration such as 250ms, 5s or 2m";
  if (zero_rule == zero::allowed) expected += ", or 0";
  if (off_rule == off::allowed) expected += ", or off";
  refuse_argument(option, text, expected);
}

endpoint endpoint_argument(std::string_view text) try {
  return endpoint::parse(text);
} catch (const std::system_error& bad) {
  throw usage_error(bad.what());
}

std::string nearest(std::string_view text, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t least = std::max<std::size_t>(2, text.size() / 3) + 1;
  for (const std::string& each : candidates) {
    const std::size_t now = distance(text, each);
    if (now >= least) continue;
    least = now;
    best = each;
  }
  return best;
}

}  // namespace duet::apps
