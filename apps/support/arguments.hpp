// SPDX-License-Identifier: MIT
// arguments: values of command-line options, read strictly and refused with one line that names the option and the text. CLI11 finds
// the options; what their values mean is decided here, for its own conversions take "0x50", " 5" and "010".
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "duet/endpoint.hpp"

namespace duet::apps {

/// The command line cannot be understood; what() is one line for the user.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The option's value was not understood: "--count 'x': expected a whole number from 1 to 10".
[[noreturn]] void refuse_argument(std::string_view option, std::string_view text,
                                  std::string_view expected);

struct number_range {
  std::uint64_t first;
  std::uint64_t last;
};

std::uint64_t number_argument(std::string_view option, std::string_view text, number_range range);
std::uint64_t size_argument(std::string_view option, std::string_view text, number_range range);

enum class zero { allowed, refused };
enum class off { allowed, refused };
std::chrono::nanoseconds duration_argument(std::string_view option, std::string_view text,
                                           zero zero_rule, off off_rule);

endpoint endpoint_argument(std::string_view text);

/// One of some words.
template <class Value>
Value choice_argument(std::string_view option, std::string_view text,
                      std::initializer_list<std::pair<std::string_view, Value>> choices) {
  std::string expected = "one of";
  for (const auto& [word, value] : choices) {
    if (word == text) return value;
    expected += ' ';
    expected += word;
  }
  refuse_argument(option, text, expected);
}

/// The candidate that `text` was most likely meant to be, or "" if none is near.
std::string nearest(std::string_view text, const std::vector<std::string>& candidates);

}  // namespace duet::apps
