// SPDX-License-Identifier: MIT
// resolve_app: duet-resolve as the tests see it: the columns they are stamped for, and how it is run.
#pragma once

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "child.hpp"
#include "private_host.hpp"
#include "skip.hpp"
#include "texts.hpp"

/// Ends the case as skipped where there are no namespaces.
#define DUET_NEED(host) \
  if (!(host).refusal().empty()) DUET_SKIP((host).refusal().c_str())

namespace duet::test {

struct asio_column {
  static constexpr const char* backend = "asio";
};
struct posix_column {
  static constexpr const char* backend = "posix";
};

using arguments = std::vector<std::string>;

template <class Column>
arguments resolve_line(const arguments& rest) {
  arguments all{DUET_RESOLVE, "--backend", Column::backend};
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

/// Runs `duet-resolve --backend ..` and the rest to its end.
template <class Column>
outcome resolve(const arguments& rest, std::string_view input = {}) {
  return run(resolve_line<Column>(rest), input);
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string each; std::getline(in, each);) lines.push_back(each);
  return lines;
}

}  // namespace duet::test

#define DUET_RESOLVE_COLUMNS duet::test::asio_column, duet::test::posix_column

TYPE_TO_STRING_AS("asio", duet::test::asio_column);
TYPE_TO_STRING_AS("posix", duet::test::posix_column);
