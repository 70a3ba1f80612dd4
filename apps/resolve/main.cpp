// SPDX-License-Identifier: MIT
// duet-resolve: reads the command line, runs the command, and turns what happens into an exit code.
#include <fmt/format.h>

#include <exception>
#include <system_error>
#include <type_traits>
#include <variant>

#include "resolve/address_command.hpp"
#include "resolve/column.hpp"
#include "resolve/lookup_command.hpp"
#include "resolve/options.hpp"
#include "support/signals.hpp"

namespace duet::apps::resolve {
namespace {

#if defined(__clang__)
constexpr const char* compiler = "clang " __clang_version__;
#else
constexpr const char* compiler = "g++ " __VERSION__;
#endif

exit_code run(const finished& over, console& to) {
  if (over.version) {
    to.out.put(fmt::format("duet-resolve {}\nAsio {}\ncompiler {}\n", DUET_VERSION, asio_version(),
                           compiler));
  } else if (over.code == exit_code::done) {
    to.out.put(over.text);
  } else {
    to.error(over.text);
  }
  return over.code;
}

exit_code run(const address_options& options, console& to) {
  return explain_addresses(options, to);
}

exit_code run(const lookup_options& options, console& to) { return look_up_names(options, to); }

color_mode color_of(const invocation& asked) {
  return std::visit(
      [](const auto& each) {
        if constexpr (std::is_base_of_v<common_options, std::remove_cvref_t<decltype(each)>>) {
          return each.color;
        } else {
          return color_mode::automatic;
        }
      },
      asked);
}

exit_code run(const invocation& asked, console& to) try {
  return std::visit([&](const auto& each) { return run(each, to); }, asked);
} catch (const std::system_error& failed) {
  to.error(failed.what());
  return exit_code_of(failed.code(), exit_code::failed);
} catch (const std::exception& failed) {
  to.error(failed.what());
  return exit_code::failed;
}

int run(int argc, char** argv) {
  fill_standard_descriptors();
  ignore_broken_pipes();
  let_signals_kill();
  const invocation asked = parse_options(argc, argv);
  console to("duet-resolve", color_of(asked), false);
  const exit_code code = run(asked, to);
  to.out.flush();
  if (!to.out.error()) return to_int(code);
  to.error("write standard output: " + to.out.error().message());
  return to_int(exit_code::failed);
}

}  // namespace
}  // namespace duet::apps::resolve

int main(int argc, char** argv) { return duet::apps::resolve::run(argc, argv); }
