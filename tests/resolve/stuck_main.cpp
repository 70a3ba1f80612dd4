// SPDX-License-Identifier: MIT
// duet-test-stuck: a program that ends while its lookups are stuck. usage: duet-test-stuck asio|posix COUNT return|exit|loop
// It asks for 0.mute.test and so on, prints "started", waits for a line of input, and ends: from main with everything alive, by exit(3),
// or after its loop and resolver are gone.
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "duet/on_asio/backend.hpp"
#include "duet/on_posix/backend.hpp"

namespace {

template <class Backend>
int run(int count, std::string_view end) {
  auto loop = std::make_unique<typename Backend::loop>();
  auto names = std::make_unique<typename Backend::resolver>(*loop);
  duet::resolve_options options;
  options.family = duet::address::family::v4;
  options.deadline = std::chrono::milliseconds(0);
  for (int i = 0; i < count; ++i) {
    names->async_resolve(std::to_string(i) + ".mute.test", "", options,
                         [](std::error_code, const duet::resolve_result&) {});
  }
  std::puts("started");
  std::fflush(stdout);
  std::array<char, 16> line{};
  if (::read(STDIN_FILENO, line.data(), line.size()) <= 0) return 1;
  if (end == "exit") std::exit(0);
  if (end == "loop") {
    names.reset();
    loop->run();
    loop.reset();
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int count = std::atoi(argv[2]);
  const bool asio = std::string_view(argv[1]) == duet::on_asio::backend::name;
  return asio ? run<duet::on_asio::backend>(count, argv[3])
              : run<duet::on_posix::backend>(count, argv[3]);
}
