// SPDX-License-Identifier: MIT
// The command line of duet-echo as a function of argv: what it was read as, or why it was refused.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "echo/options.hpp"

namespace duet::test {

inline apps::echo::invocation parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "duet-echo");
  return apps::echo::parse_options(static_cast<int>(arguments.size()), arguments.data());
}

template <class Options>
Options parsed(std::vector<const char*> arguments) {
  const apps::echo::invocation asked = parse(std::move(arguments));
  if (const auto* const over = std::get_if<apps::echo::finished>(&asked)) FAIL(over->text);
  return std::get<Options>(asked);
}

/// The error of a bad command line; it is one line.
inline std::string refused(std::vector<const char*> arguments) {
  const apps::echo::invocation asked = parse(std::move(arguments));
  REQUIRE(std::holds_alternative<apps::echo::finished>(asked));
  const auto& over = std::get<apps::echo::finished>(asked);
  CHECK(over.code == apps::exit_code::usage);
  CHECK_FALSE(over.text.empty());
  CHECK(over.text.find('\n') == std::string::npos);
  return over.text;
}

inline bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace duet::test
