// SPDX-License-Identifier: MIT
// address_report: what `duet-resolve address` prints, as text and as JSON Lines.
#pragma once

#include <string>

#include "resolve/address_literal.hpp"
#include "support/console.hpp"

namespace duet::apps::resolve {

/// The explanation of a literal that is an address: the literal, then a line for each thing known. Precondition: what.value.
std::string address_text(const literal& what, const console& to);

/// The same as one line of JSON, event "address".
std::string address_json(const literal& what);

/// One line of JSON, event "refused", of a literal that is none.
std::string refused_json(const literal& what, const std::string& reason);

/// The classes A to E.
std::string classes_text();
/// A line for each class, event "class".
std::string classes_json();

}  // namespace duet::apps::resolve
