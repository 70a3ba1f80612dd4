// SPDX-License-Identifier: MIT
// duet-bench: what does Asio cost against raw sockets, on this machine, and how sure is that?
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "commands.hpp"
#include "options.hpp"

namespace {

/// A descriptor opened later must not become 0, 1 or 2, which children are given on purpose.
void open_standard_descriptors() {
  int fd = 0;
  while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR);
  if (fd > STDERR_FILENO) ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace duet::bench;
  open_standard_descriptors();
  const auto parsed = parse_options({argv + 1, argv + argc});
  if (parsed.exit) {
    fmt::print(parsed.exit->code == 0 ? stdout : stderr, "{}", parsed.exit->text);
    return parsed.exit->code;
  }
  try {
    switch (parsed.value.what) {
      case command_kind::list: return list_command(parsed.value);
      case command_kind::counts: return counts_command(parsed.value);
      case command_kind::ladder: return ladder_command(parsed.value);
      case command_kind::resolve: return resolve_command(parsed.value);
      case command_kind::idle: return idle_command(parsed.value);
      case command_kind::compare: return compare_command(parsed.value);
      case command_kind::report: return report_command(parsed.value);
      case command_kind::run: break;
    }
    return run_command(parsed.value);
  } catch (const std::exception& error) {
    fmt::print(stderr, "duet-bench: {}\n", error.what());
    return 1;
  }
}
