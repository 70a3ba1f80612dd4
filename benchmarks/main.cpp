// SPDX-License-Identifier: MIT
// duet-bench: what does Asio cost against raw sockets, on this machine, and how sure is that?
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "options.hpp"
#include "run.hpp"

int main(int argc, char** argv) {
  using namespace duet::bench;
  const auto parsed = parse_options({argv + 1, argv + argc});
  if (parsed.exit) {
    fmt::print(parsed.exit->code == 0 ? stdout : stderr, "{}", parsed.exit->text);
    return parsed.exit->code;
  }
  try {
    return parsed.value.what == command_kind::list ? list_command(parsed.value)
                                                   : run_command(parsed.value);
  } catch (const std::exception& error) {
    fmt::print(stderr, "duet-bench: {}\n", error.what());
    return 1;
  }
}
