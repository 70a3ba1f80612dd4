// SPDX-License-Identifier: MIT
// address_literal: a text of the command line as an address, how it was meant if it is a legacy form, and why not if it is none.
// Source: inet(3) (the legacy forms), inet_pton(3), RFC 4291 2.2.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "duet/address.hpp"

namespace duet::apps::resolve {

struct literal {
  std::string text;
  std::optional<address> value;

  /// Only the legacy parser takes it.
  bool is_legacy = false;
};

/// Strict if possible, else as a legacy form.
literal read_literal(std::string_view text);

/// How a legacy form comes to its address: "0177 is octal for 127; 1 fills the last 3 bytes". Precondition: the legacy parser takes
/// the text, the strict one does not.
std::string explain_legacy(std::string_view text);

/// Why a text is no address, in words that follow it: "256 is above 255". Precondition: neither parser takes it.
std::string explain_refusal(std::string_view text);

}  // namespace duet::apps::resolve
