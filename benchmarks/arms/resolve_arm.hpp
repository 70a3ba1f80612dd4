// SPDX-License-Identifier: MIT
// The arms of the scenario `resolve`, which ask instead of answer: for every line on standard input, "N", they look up n0.test to nN-1.test
// at once, and print how long that took in ns, and how many had an address: "650123456 100". They end when their input does.
// usage: [--threads=N], lookups at a time; of the pool's arms only.
#pragma once

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "duet/resolve_options.hpp"
#include "duet/resolve_result.hpp"

namespace duet::bench {

inline std::size_t parse_count(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0)
    throw std::invalid_argument("not a count: " + std::string(text));
  return value;
}

inline std::string name_of(std::size_t index) {
  std::string name = "n";
  return name.append(std::to_string(index)).append(".test");
}

/// `look_up(names)` returns how many had an address. Returns the exit code.
template <class LookUp>
int serve_lookups(const char* program, LookUp&& look_up) {
  try {
    for (std::string line; std::getline(std::cin, line);) {
      const std::size_t names = parse_count(line);
      const auto start = std::chrono::steady_clock::now();
      const std::size_t found = look_up(names);
      const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - start;
      std::printf("%lld %zu\n", static_cast<long long>(took.count()), found);
      std::fflush(stdout);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", program, error.what());
    return 1;
  }
}

/// The arms `raw` and `asio`: duet's resolver of one column, on a pool of its own.
template <class Loop, class Resolver>
int run_resolve_arm(int argc, char** argv) {
  constexpr std::string_view option = "--threads=";
  const std::string_view argument = argc == 2 ? argv[1] : "";
  if (!argument.starts_with(option)) {
    std::fprintf(stderr, "usage: %s --threads=N\n", argv[0]);
    return 2;
  }
  lookup_pool_options pool;
  pool.threads = parse_count(argument.substr(option.size()));
  resolve_options options;
  options.deadline = std::chrono::milliseconds(0);  // the stock resolver has none either
  Loop loop;
  Resolver names(loop, pool);
  return serve_lookups(argv[0], [&](std::size_t count) {
    std::size_t found = 0;
    for (std::size_t i = 0; i < count; ++i) {
      names.async_resolve(name_of(i), "", options,
                          [&found](std::error_code ec, const resolve_result& result) {
                            if (!ec && !result.endpoints.empty()) ++found;
                          });
    }
    loop.restart();
    loop.run();
    return found;
  });
}

}  // namespace duet::bench
