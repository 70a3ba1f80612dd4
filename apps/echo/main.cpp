// SPDX-License-Identifier: MIT
// duet-echo: reads the command line, picks a column, and turns what happens into an exit code.
#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <system_error>
#include <type_traits>
#include <variant>

#include "echo/column.hpp"
#include "echo/options.hpp"
#include "support/arguments.hpp"
#include "support/signals.hpp"

namespace duet::apps::echo {
namespace {

#if defined(__clang__)
constexpr const char* compiler = "clang " __clang_version__;
#else
constexpr const char* compiler = "g++ " __VERSION__;
#endif

std::string version() {
  return fmt::format("duet-echo {}\nAsio {}\ncompiler {}\n", DUET_VERSION, asio_version(),
                     compiler);
}

exit_code run(const finished& over, console& to) {
  if (over.version) {
    to.out.put_now(version());
  } else if (over.code == exit_code::done) {
    to.out.put_now(over.text);
  } else {
    to.error(over.text);
  }
  return over.code;
}

const column& column_for(const common_options& options) {
  return options.backend == backend_choice::asio ? on_asio_column : on_posix_column;
}

exit_code run(const serve_options& options, console& to) {
  set_handler(SIGUSR1, SIG_IGN);  // who asks before there is somebody to answer does no harm
  return column_for(options).serve(options, to);
}
exit_code run(const send_options& options, console& to) {
  return column_for(options).send(options, to);
}
exit_code run(const ping_options& options, console& to) {
  return column_for(options).ping(options, to);
}
exit_code run(const connect_command_options& options, console& to) {
  return column_for(options).connect(options, to);
}

console console_for(const invocation& asked) {
  return std::visit(
      [](const auto& each) {
        if constexpr (std::is_base_of_v<common_options, std::remove_cvref_t<decltype(each)>>) {
          return console("duet-echo", each.color, each.quiet);
        } else {
          return console("duet-echo", color_mode::automatic, false);
        }
      },
      asked);
}

exit_code run(const invocation& asked, console& to) try {
  return std::visit([&](const auto& each) { return run(each, to); }, asked);
} catch (const usage_error& failed) {
  to.error(failed.what());
  return exit_code::usage;
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
  console to = console_for(asked);
  const exit_code code = run(asked, to);
  to.out.flush();
  if (!to.out.error()) return to_int(code);
  to.error("write standard output: " + to.out.error().message());
  return to_int(exit_code::failed);
}

}  // namespace
}  // namespace duet::apps::echo

int main(int argc, char** argv) { return duet::apps::echo::run(argc, argv); }
