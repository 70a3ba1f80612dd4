// SPDX-License-Identifier: MIT
// view_differences: where the two answers of libc do not agree. Aliases are no difference: getaddrinfo has none to give.
#pragma once

#include <string>
#include <vector>

#include "duet/resolve_result.hpp"

namespace duet::apps::resolve {

struct view_differences {
  bool outcome = false;  ///< one has an answer and the other has not, or they fail differently
  bool official_name = false;  ///< the names differ
  bool order = false;          ///< the addresses that both have come in another order
  /// For each address, in the view's order, whether the other view has it not (so many times).
  std::vector<bool> only_hostent{};
  std::vector<bool> only_addrinfo{};

  [[nodiscard]] bool addresses() const;
  /// "outcome", "official name", "addresses", "order"; empty if they agree.
  [[nodiscard]] std::vector<std::string> names() const;
};

view_differences differences_of(const resolve_answer& hostent, const resolve_answer& addrinfo);

}  // namespace duet::apps::resolve
