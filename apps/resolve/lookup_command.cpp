// SPDX-License-Identifier: MIT
#include "resolve/lookup_command.hpp"

#include <unistd.h>

#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "resolve/column.hpp"
#include "resolve/libc_setup.hpp"
#include "resolve/lookup_blocking.hpp"
#include "resolve/lookup_report.hpp"
#include "resolve/name_feed.hpp"
#include "support/trace.hpp"

namespace duet::apps::resolve {
namespace {

look_up_function look_up_of(const lookup_options& options) {
  switch (options.via) {
    case lookup_via::stock: return look_up_by_stock;
    case lookup_via::blocking: return look_up_blocking;
    case lookup_via::pool: break;
  }
  return options.backend == backend_choice::asio ? look_up_on_asio : look_up_on_posix;
}

/// A file that is not there is bad input, which is told before anything is asked.
std::optional<name_feed> names_of(const lookup_options& options, console& to) try {
  return name_feed(options.sources);
} catch (const std::system_error& failed) {
  to.error(failed.what());
  return std::nullopt;
}

}  // namespace

exit_code look_up_names(lookup_options options, console& to) {
  if (options.sources.empty()) {
    if (::isatty(STDIN_FILENO) == 1) {
      to.error("a NAME is missing; see duet-resolve --help");
      return exit_code::usage;
    }
    options.sources.push_back({name_source::origin::standard_input, {}});
  }
  auto names = names_of(options, to);
  if (!names) return exit_code::usage;
  trace_printer steps(to.err);
  if (options.trace) to.err.put_now(setup_text(read_libc_setup()));
  lookup_report report(options, to);
  const auto began = std::chrono::steady_clock::now();
  look_up_of(options)(options, *names, report, options.trace ? &steps : nullptr);
  return report.finished(std::chrono::steady_clock::now() - began);
}

}  // namespace duet::apps::resolve
