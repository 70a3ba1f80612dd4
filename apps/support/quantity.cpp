// SPDX-License-Identifier: MIT
#include "support/quantity.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace duet::apps {
namespace {

struct unit {
  std::string_view name;
  double nanoseconds;
};

constexpr std::array units{unit{"us", 1e3}, unit{"ms", 1e6}, unit{"s", 1e9}, unit{"m", 60e9},
                           unit{"h", 3600e9}};
constexpr double longest_ns = 365.0 * 24 * 3600e9;

struct binary_prefix {
  std::string_view name;
  unsigned shift;
};

constexpr std::array prefixes{binary_prefix{"Gi", 30}, binary_prefix{"Mi", 20},
                              binary_prefix{"Ki", 10}};

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  unsigned shift = 0;
  for (const binary_prefix& each : prefixes) {
    if (!text.ends_with(each.name)) continue;
    shift = each.shift;
    text.remove_suffix(each.name.size());
    break;
  }
  const auto number = parse_number(text);
  if (!number || *number > std::numeric_limits<std::uint64_t>::max() >> shift) return std::nullopt;
  return *number << shift;
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) noexcept {
  if (text == "off") return never;
  if (text == "0") return std::chrono::nanoseconds(0);
  // from_chars would take "-1", "inf" and "nan" too.
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  double value = 0;
  const auto [end, status] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (status != std::errc{}) return std::nullopt;
  const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const unit& each : units) {
    if (name != each.name) continue;
    const double nanoseconds = value * each.nanoseconds;
    if (nanoseconds > longest_ns) return std::nullopt;
    return std::chrono::nanoseconds(std::llround(nanoseconds));
  }
  return std::nullopt;
}

std::string format_duration(std::chrono::nanoseconds duration) {
  const auto nanoseconds = static_cast<double>(duration.count());
  if (nanoseconds < 1e3) return fmt::format("{} ns", duration.count());
  const auto [value, name] = nanoseconds < 999.5e3   ? std::pair(nanoseconds / 1e3, "us")
                             : nanoseconds < 999.5e6 ? std::pair(nanoseconds / 1e6, "ms")
                                                     : std::pair(nanoseconds / 1e9, "s");
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, decimals, name);
}

std::string format_size(std::uint64_t bytes) {
  for (const binary_prefix& each : prefixes) {
    const std::uint64_t one = std::uint64_t{1} << each.shift;
    if (bytes >= one && bytes % one == 0)
      return fmt::format("{}{}", bytes >> each.shift, each.name);
  }
  return fmt::format("{}", bytes);
}

}  // namespace duet::apps
