// SPDX-License-Identifier: MIT
// quantity: the numbers of the command line: whole numbers, sizes (64, 16Ki, 1Mi) and durations (250ms, 5s, 2m, off), read strictly.
// Not locale-dependent, unlike strtod(3), and no octal or hexadecimal.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace duet::apps {

/// Decimal digits and nothing else; nullopt also when it does not fit.
std::optional<std::uint64_t> parse_number(std::string_view text) noexcept;

/// Bytes: a whole number, alone or with Ki, Mi or Gi.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

/// The duration that `off` stands for: no deadline at all.
inline constexpr std::chrono::nanoseconds never = std::chrono::nanoseconds::max();

/// A number, perhaps with a fraction, and its unit: us, ms, s, m or h; "0" needs none; "off" is never. At most a year.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) noexcept;

/// Three significant digits with the unit that suits: "812 ns", "81.2 us", "1.20 s".
std::string format_duration(std::chrono::nanoseconds duration);

/// As parse_size reads it where that is exact: "64", "16Ki", "1Mi".
std::string format_size(std::uint64_t bytes);

}  // namespace duet::apps
