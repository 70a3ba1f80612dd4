// SPDX-License-Identifier: MIT
#include "resolve/query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "duet/error.hpp"
#include "duet/escape.hpp"
#include "duet/os/lookup.hpp"
#include "duet/policy/host_name.hpp"
#include "resolve/address_literal.hpp"

namespace duet::apps::resolve {
namespace {

constexpr std::size_t longest_shown = 300;

/// Why a text that is to be looked up backwards is no address.
std::string explain_no_address(std::string_view text) {
  const literal read = read_literal(text);
  if (read.is_legacy)
    return fmt::format("it is a legacy form of {}; write that", read.value->to_string());
  return explain_refusal(text);
}

std::string problem_of_byte(std::string_view text) {
  const auto bad = std::find_if_not(text.begin(), text.end(), [](char c) {
    return c == '.' || c == '-' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
  });
  if (bad == text.end()) return {};
  if (*bad == '\0') return "it has a NUL byte";
  if (std::string_view(" \t\n\v\f\r").find(*bad) != std::string_view::npos) return "it has a blank";
  if (static_cast<unsigned char>(*bad) >= 0x80) {
    return "it is not ASCII; write an international name in its ASCII form, xn--...";
  }
  return fmt::format("it has a '{}'", escape(std::string_view(&*bad, 1)));
}

std::string problem_of_labels(std::string_view text) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('.', begin), text.size());
    if (end == begin) return "a label of it is empty";
    if (end - begin > policy::longest_label) {
      return fmt::format("a label of it has {} bytes, the most is {}", end - begin,
                         policy::longest_label);
    }
    begin = end + 1;
  }
  return {};
}

}  // namespace

query query_for(std::string input, const lookup_options& options) {
  query asked{std::move(input)};
  const auto literal = address::parse(asked.input);
  const bool fits = !options.family || (literal && literal->get_family() == *options.family);
  if (options.reverse || (literal && options.service.empty() && fits)) {
    asked.backwards = literal;
    if (!literal) asked.refusal = explain_no_address(asked.input);
    return asked;
  }
  const auto known = os::answer_at_once(os::forward_question(asked.input, options.service, {}));
  if (known && known->error == condition::bad_name) asked.refusal = explain_bad_name(asked.input);
  return asked;
}

std::string explain_bad_name(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (std::string problem = problem_of_byte(text); !problem.empty()) return problem;
  if (text.front() == '-') return "it begins with a hyphen";
  if (text.ends_with('.')) text.remove_suffix(1);
  if (std::string problem = problem_of_labels(text); !problem.empty()) return problem;
  if (text.size() > policy::longest_host_name) {
    return fmt::format("it has {} bytes, the most is {}", text.size(), policy::longest_host_name);
  }
  return "it cannot be the name of a host";
}

std::string quoted_name(std::string_view text) {
  const bool cut = text.size() > longest_shown;
  return fmt::format("'{}{}'", escape(text.substr(0, longest_shown)), cut ? "..." : "");
}

}  // namespace duet::apps::resolve
