// SPDX-License-Identifier: MIT
#include "resolve/answer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "support/reason.hpp"

namespace duet::apps::resolve {
namespace {

std::string lookup_failure(const answer& what) {
  const auto& [by_addrinfo, by_hostent, endpoints] = what.result;
  std::string text = reason(what.error);
  if (what.found()) {
    return fmt::format("{} of {} lookups failed, the first: {}", what.failed, what.lookups, text);
  }
  if (by_addrinfo && by_hostent && by_addrinfo->error && by_hostent->error &&
      reason(by_addrinfo->error) != reason(by_hostent->error)) {
    text += fmt::format(" (hostent: {})", reason(by_hostent->error));
  }
  return text;
}

std::string confirmation_failure(const confirmation& checked) {
  const std::string name = quoted_name(checked.name);
  if (!checked.error) return name + " does not lead back to it";
  return fmt::format("{} does not lead back to it: {}", name, reason(checked.error));
}

}  // namespace

exit_code exit_code_of(const answer& what) noexcept {
  if (!what.asked.refusal.empty()) return exit_code::usage;
  if (what.failed > 0) {
    return what.found() ? exit_code::partly_failed
                        : apps::exit_code_of(what.error, exit_code::failed);
  }
  if (!what.checked || what.checked->confirmed) return exit_code::done;
  const exit_code why = apps::exit_code_of(what.checked->error, exit_code::failed);
  return why == exit_code::timed_out || why == exit_code::not_resolved ? why : exit_code::failed;
}

std::string failure_text(const answer& what) {
  if (!what.asked.refusal.empty()) return what.asked.refusal;
  if (what.failed > 0) return lookup_failure(what);
  return what.checked && !what.checked->confirmed ? confirmation_failure(*what.checked) : "";
}

std::vector<std::string> names_in(const resolve_result& result) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const auto& view : {result.addrinfo, result.hostent}) {
    if (view) add(view->host.official_name);
  }
  for (const auto& view : {result.addrinfo, result.hostent}) {
    if (!view) continue;
    for (const std::string& alias : view->host.aliases) add(alias);
  }
  return names;
}

}  // namespace duet::apps::resolve
