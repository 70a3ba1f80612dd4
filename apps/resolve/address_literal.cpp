// SPDX-License-Identifier: MIT
#include "resolve/address_literal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "duet/network.hpp"
#include "support/printable.hpp"

namespace duet::apps::resolve {
namespace {

constexpr std::string_view blanks = " \t\n\v\f\r";

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_hexadecimal(std::string_view part) {
  return part.starts_with("0x") || part.starts_with("0X");
}

bool is_octal(std::string_view part) { return part.size() > 1 && part.front() == '0'; }

/// The value of one number: what the legacy parser makes of it when it stands alone.
std::optional<std::uint32_t> number(std::string_view part) {
  const auto value = address::parse_legacy(part);
  return value ? std::optional(value->to_v4_host_order()) : std::nullopt;
}

/// What is wrong with one of the numbers of a dotted text, or "". `most`: the largest that fits its bytes.
std::string problem_of_number(std::string_view part, std::uint32_t most) {
  if (part.empty()) return "a number is missing at a dot";
  const auto value = number(part);
  if (!value) {
    const std::string_view digits = is_hexadecimal(part) ? part.substr(2) : part;
    if (digits.empty()) return fmt::format("{} has no digits", printable(part));
    const bool plain = std::all_of(digits.begin(), digits.end(), [&](char c) {
      return is_hexadecimal(part) ? is_hex_digit(c) : c >= '0' && c <= '9';
    });
    if (!plain) return fmt::format("'{}' is no number", printable(part));
    if (is_octal(part) && digits.find_first_of("89") != std::string_view::npos) {
      return fmt::format("{} begins with 0, which makes it octal, and has a digit above 7", part);
    }
  }
  if (!value || *value > most) return fmt::format("{} is above {}", part, most);
  return {};
}

/// Why dotted numbers are no IPv4 address.
std::string problem_of_numbers(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() > 4)
    return fmt::format("it has {} numbers, an IPv4 address has 4", parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool is_last = i + 1 == parts.size();
    const std::uint32_t most = is_last ? 0xffffffffU >> 8 * i : 255;
    if (std::string problem = problem_of_number(parts[i], most); !problem.empty()) return problem;
  }
  return "it is no IPv4 address";
}

/// What is wrong with what stands between two colons of an IPv6 address, or "".
std::string problem_of_group(std::string_view group, bool is_last) {
  if (group.find('.') != std::string_view::npos) {
    if (!is_last) return "dotted numbers stand only at the end of an IPv6 address";
    if (address::parse(group)) return {};
    return fmt::format("'{}' at its end is no dotted IPv4 address", printable(group));
  }
  if (!std::all_of(group.begin(), group.end(), is_hex_digit)) {
    return fmt::format("'{}' is no hexadecimal number", printable(group));
  }
  return group.size() > 4 ? fmt::format("{} has more than 4 digits", group) : "";
}

/// Why a text with colons, without a scope, is no IPv6 address.
std::string problem_of_groups(std::string_view text) {
  if (text.find(":::") != std::string_view::npos) return "it has three colons in a row";
  const std::size_t gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  if (has_gap && text.find("::", gap + 2) != std::string_view::npos) return "it has :: twice";
  std::size_t count = 0;
  const auto groups = split(text, ':');
  for (const std::string_view& each : groups) {
    if (each.empty()) continue;
    if (std::string problem = problem_of_group(each, &each == &groups.back()); !problem.empty()) {
      return problem;
    }
    count += each.find('.') == std::string_view::npos ? 1 : 2;  // dotted: 32 bits are two groups
  }
  if (count > 8 || (count < 8 && !has_gap)) {
    return fmt::format("it has {} of the 8 groups of an IPv6 address", count);
  }
  if (count == 8 && has_gap) return "it has 8 groups, which leaves :: nothing to stand for";
  return "it has a colon at its beginning or its end";
}

}  // namespace

literal read_literal(std::string_view text) {
  if (const auto value = address::parse(text)) return {std::string(text), value, false};
  const auto value = address::parse_legacy(text);
  return {std::string(text), value, value.has_value()};
}

std::string explain_legacy(std::string_view text) {
  std::vector<std::string> remarks;
  const auto parts = split(text, '.');
  for (const std::string_view each : parts) {
    if (is_hexadecimal(each)) {
      remarks.push_back(fmt::format("{} is hexadecimal for {}", each, *number(each)));
    } else if (is_octal(each)) {
      remarks.push_back(fmt::format("{} is octal for {}", each, *number(each)));
    }
  }
  if (parts.size() == 1) {
    remarks.push_back(fmt::format("{} is the whole address", parts[0]));
  } else if (parts.size() < 4) {
    remarks.push_back(fmt::format("{} fills the last {} bytes", parts.back(), 5 - parts.size()));
  }
  return fmt::format("{}", fmt::join(remarks, "; "));
}

std::string explain_refusal(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (const std::size_t blank = text.find_first_of(blanks); blank != std::string_view::npos) {
    const auto before = address::parse_legacy(text.substr(0, blank));
    if (!before) return "it has a blank";
    return fmt::format("it has a blank; inet_aton would read {} and ignore the rest",
                       before->to_string());
  }
  if (text.starts_with('[') && text.ends_with(']') &&
      address::parse(text.substr(1, text.size() - 2))) {
    return "brackets belong to URIs; leave them out";
  }
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const bool good = address::parse(text.substr(0, slash)).has_value();
    return good ? "a prefix length makes it a network; leave it out" : "it has a slash";
  }
  const std::size_t percent = text.find('%');
  if (const auto bare = address::parse(text.substr(0, percent)); bare) {
    if (bare->is_v4()) return "an IPv4 address has no scope";
    return "its scope is not 1 to 15 printable characters without % / : [ ]";
  }
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    const auto before = address::parse(text.substr(0, colon));
    if (before && before->is_v4()) return "a port is no part of an address; leave it out";
    return problem_of_groups(text.substr(0, percent));
  }
  const bool numbers = std::all_of(text.begin(), text.end(), [](char c) {
    return is_hex_digit(c) || c == '.' || c == 'x' || c == 'X';
  });
  if (numbers && text.find_first_of("0123456789") != std::string_view::npos)
    return problem_of_numbers(text);
  return "it is neither an IPv4 nor an IPv6 address";
}

}  // namespace duet::apps::resolve
