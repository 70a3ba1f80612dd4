// SPDX-License-Identifier: MIT
#include "resolve/options.hpp"

#include <string_view>
#include <utility>

namespace duet::apps::resolve {
namespace {

template <class Options>
invocation widened(std::variant<finished, Options> read) {
  if (auto* const over = std::get_if<finished>(&read)) return std::move(*over);
  return std::get<Options>(std::move(read));
}

}  // namespace

invocation parse_options(int argc, const char* const* argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "address") return widened(parse_address_options(argc - 1, argv + 1));
  return widened(parse_lookup_options(argc, argv));
}

}  // namespace duet::apps::resolve
