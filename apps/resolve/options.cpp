// SPDX-License-Identifier: MIT
#include "resolve/options.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "resolve/help.hpp"
#include "support/arguments.hpp"
#include "support/printable.hpp"

namespace duet::apps::resolve {
namespace {

/// The command line of no command: help, the version, or a mistake.
finished parse_program(int argc, const char* const* argv) {
  bool version = false;
  command program("duet-resolve", help::program, help::program_footer);
  program.add_flag("--version", version, "Versions of duet and the compiler, and exit");
  const std::string first = argc > 1 ? argv[1] : "";
  if (argc > 1 && !first.starts_with('-')) {
    const std::string guess = nearest(first, {"address"});
    return {exit_code::usage,
            guess.empty()
                ? fmt::format("unknown command '{}'; see duet-resolve --help", printable(first))
                : fmt::format("unknown command '{}'; did you mean {}?", printable(first), guess),
            false};
  }
  const auto over = program.read(argc, argv, [&] {
    if (!version) throw usage_error("a command is missing: address; see duet-resolve --help");
  });
  return over ? *over : finished{exit_code::done, {}, version};
}

}  // namespace

invocation parse_options(int argc, const char* const* argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first != "address") return parse_program(argc, argv);
  auto read = parse_address_options(argc - 1, argv + 1);
  return std::visit([](auto&& each) -> invocation { return std::move(each); }, std::move(read));
}

}  // namespace duet::apps::resolve
