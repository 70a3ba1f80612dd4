// SPDX-License-Identifier: MIT
// address_options: what the command line of `duet-resolve address` asks for, and the function of argv that reads it. Literals stay
// text here: what is wrong with one is the command's to say.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "resolve/command.hpp"

namespace duet::apps::resolve {

/// duet-resolve address
struct address_options : common_options {
  std::vector<std::string> literals;
  bool classes = false;  ///< the table A to E instead
};

/// Reads what stands behind "address", which is argv[0]. Errors: std::bad_alloc only.
std::variant<finished, address_options> parse_address_options(int argc, const char* const* argv);

}  // namespace duet::apps::resolve
