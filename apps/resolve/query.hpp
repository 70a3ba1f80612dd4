// SPDX-License-Identifier: MIT
// query: what is to be asked for one input: a name's addresses, an address's names, or nothing, because it can be neither. Nothing is
// asked here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "duet/address.hpp"
#include "resolve/lookup_options.hpp"

namespace duet::apps::resolve {

struct query {
  std::string input;
  std::optional<address> backwards{};  ///< look this address up; nullopt: `input` is a name
  std::string refusal{};               ///< not empty: why nobody is asked
};

/// An address is looked up backwards, unless a service or the other family is asked for: that only looking forwards can answer.
query query_for(std::string input, const lookup_options& options);

/// Why a text cannot be the name of a host, in words: "a label of it has 64 bytes, the most is 63". Precondition: it cannot.
std::string explain_bad_name(std::string_view text);

/// A name in a message: escaped, quoted, and cut when it is longer than any name could be.
std::string quoted_name(std::string_view text);

}  // namespace duet::apps::resolve
