// SPDX-License-Identifier: MIT
#include "resolve/address_options.hpp"

#include "resolve/help.hpp"
#include "support/arguments.hpp"

namespace duet::apps::resolve {

std::variant<finished, address_options> parse_address_options(int argc, const char* const* argv) {
  address_options options;
  command address("duet-resolve address", help::address, help::address_footer);
  address.add_arguments("LITERAL", "What to explain; several are allowed",
                        [&](const std::vector<std::string>& texts) { options.literals = texts; });
  address.add_flag("--classes", options.classes, "The classes A to E instead, as a table");
  address.add_common(options);
  const auto over = address.read(argc, argv, [&] {
    if (options.classes && !options.literals.empty()) {
      throw usage_error("--classes is a table of its own and goes without a LITERAL");
    }
    if (!options.classes && options.literals.empty()) {
      throw usage_error("address: a LITERAL is missing; see duet-resolve address --help");
    }
  });
  if (over) return *over;
  return options;
}

}  // namespace duet::apps::resolve
