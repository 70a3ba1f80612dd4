// SPDX-License-Identifier: MIT
// See arm_options.hpp. By hand, not by CLI11: what an arm links is a part of what is measured.
#include "arms/arm_options.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace duet::bench {

namespace {

[[noreturn]] void usage_error(std::string_view argument) {
  std::fprintf(stderr,
               "not understood: %.*s\nusage: [--listen=ENDPOINT] [--buffer-bytes=N] "
               "[--congestion-control=NAME] [--connections=N] [--spin] [--sink=BYTES] "
               "[--framed]\n"
               "of datagrams: [--listen=ENDPOINT] [--batch=N] [--datagram-bytes=N] "
               "[--receive-buffer-bytes=N] [--spin] [--one-way] [--metadata] [--segments]\n",
               static_cast<int>(argument.size()), argument.data());
  std::exit(2);
}

bool parse_number(std::string_view text, std::size_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value > 0;
}

bool apply(arm_options& options, std::string_view name, std::string_view value) {
  if (name == "--listen") {
    options.listen = value;
  } else if (name == "--congestion-control") {
    options.congestion_control = value;
  } else if (name == "--buffer-bytes") {
    return parse_number(value, options.buffer_bytes);
  } else if (name == "--connections") {
    return parse_number(value, options.connections);
  } else if (name == "--sink") {
    return parse_number(value, options.sink_bytes);
  } else if (name == "--datagram-bytes") {
    return parse_number(value, options.datagram_bytes);
  } else if (name == "--batch") {
    return parse_number(value, options.batch);
  } else if (name == "--receive-buffer-bytes") {
    return parse_number(value, options.receive_buffer_bytes);
  } else {
    return false;
  }
  return true;
}

bool switch_on(arm_options& options, std::string_view name) {
  if (name == "--spin") return options.spin = true;
  if (name == "--framed") return options.framed = true;
  if (name == "--one-way") return options.one_way = true;
  if (name == "--metadata") return options.metadata = true;
  if (name == "--segments") return options.segments = true;
  return false;
}

}  // namespace

arm_options parse_arm_options(int argc, char** argv) {
  arm_options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const auto equals = argument.find('=');
    if (switch_on(options, argument)) continue;
    if (equals == argument.npos ||
        !apply(options, argument.substr(0, equals), argument.substr(equals + 1))) {
      usage_error(argument);
    }
  }
  return options;
}

void announce(const std::string& endpoint) {
  std::printf("listening %s\n", endpoint.c_str());
  std::fflush(stdout);
}

}  // namespace duet::bench
