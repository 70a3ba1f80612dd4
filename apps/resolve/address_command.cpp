// SPDX-License-Identifier: MIT
#include "resolve/address_command.hpp"

#include <fmt/format.h>

#include "resolve/address_literal.hpp"
#include "resolve/address_report.hpp"
#include "support/printable.hpp"

namespace duet::apps::resolve {
namespace {

void refuse(const literal& what, bool json, console& to) {
  const std::string reason = explain_refusal(what.text);
  if (json) to.out.put(refused_json(what, reason));
  to.error(fmt::format("address '{}': {}", printable(what.text), reason));
}

}  // namespace

exit_code explain_addresses(const address_options& options, console& to) {
  if (options.classes) {
    to.out.put(options.json ? classes_json() : classes_text());
    return exit_code::done;
  }
  exit_code code = exit_code::done;
  bool first = true;
  for (const std::string& each : options.literals) {
    const literal what = read_literal(each);
    if (!what.value) {
      refuse(what, options.json, to);
      code = exit_code::usage;
    } else if (options.json) {
      to.out.put(address_json(what));
    } else {
      if (!first) to.out.put("\n");
      first = false;
      to.out.put(address_text(what, to));
    }
  }
  return code;
}

}  // namespace duet::apps::resolve
