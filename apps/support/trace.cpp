// SPDX-License-Identifier: MIT
#include "support/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "support/printable.hpp"

namespace duet::apps {
namespace {

/// Calls whose 0 says no more than that they succeeded.
bool only_succeeds(std::string_view call) {
  static constexpr std::array names{
      std::string_view("bind"),    std::string_view("listen"),
      std::string_view("connect"), std::string_view("shutdown"),
      std::string_view("close"),   std::string_view("getsockopt SO_ERROR"),
      std::string_view("_exit")};
  return std::ranges::find(names, call) != names.end() || call.starts_with("setsockopt");
}

std::string error_text(std::error_code error) {
  const std::string_view category = error.category().name();
  const bool is_errno = category == "system" || category == "asio.system";
  const char* const name = is_errno ? ::strerrorname_np(error.value()) : nullptr;
  if (name == nullptr) return error.message();
  return fmt::format("{} ({})", name, error.message());
}

}  // namespace

std::string trace_line(const flow_step& step) {
  std::string line(step.call);
  if (!step.arguments.empty()) line += ' ' + printable(step.arguments);
  if (step.error) {
    line += " -> " + error_text(step.error);
  } else if (!step.outcome.empty()) {
    line += " -> " + std::string(step.outcome);
  } else if (step.result != 0 || !only_succeeds(step.call)) {
    line += fmt::format(" -> {}", step.result);
  }
  if (!step.asio.empty()) line += fmt::format(" [{}]", step.asio);
  return line;
}

}  // namespace duet::apps
