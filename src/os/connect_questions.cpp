// SPDX-License-Identifier: MIT
#include "duet/os/connect_questions.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "duet/error.hpp"
#include "duet/os/connect_socket.hpp"

namespace duet::os {
namespace {

bool is_localhost(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  constexpr std::string_view name = "localhost";
  if (host.size() < name.size()) return false;
  const std::string_view last = host.substr(host.size() - name.size());
  const bool below = host.size() == name.size() || host[host.size() - name.size() - 1] == '.';
  const auto same = [](char ours, char theirs) { return ours == (theirs | 0x20); };
  return below && std::ranges::equal(name, last, same);
}

}  // namespace

std::vector<connect_target::question> connect_target::questions(
    const connect_options& options) const {
  // The address that is known already, if it is one.
  std::optional<address> literal;
  if (about_.service_only) {
    literal = named_.is_wildcard() ? address::any_v6() : named_.address();
  } else {
    literal = address::parse(about_.host);
  }
  std::vector<question> asked;
  for (const address::family each : {address::family::v6, address::family::v4}) {
    if (literal && literal->get_family() != each) continue;
    const address any = each == address::family::v6 ? address::any_v6() : address::any_v4();
    if (!about_.service_only && !is_wanted(endpoint(transport::tcp, any, 0), options)) continue;
    question next{each == address::family::v6 ? family::ipv6 : family::ipv4, about_};
    if (!about_.service_only) next.about.family = each;
    asked.push_back(std::move(next));
  }
  if (asked.size() == 2 && is_localhost(about_.host)) return {{std::nullopt, about_}};
  return asked;
}

connect_target::answer connect_target::answer_of(const lookup_outcome& outcome,
                                                 family which) const {
  if (outcome.error) return {{}, outcome.error};
  answer known{about_.service_only ? endpoints_of(named_, outcome) : outcome.result.endpoints, {}};
  std::erase_if(known.addresses, [which](const endpoint& each) {
    const bool is_v6 = each.is_wildcard() || each.address().is_v6();
    return is_v6 != (which == family::ipv6);
  });
  if (known.addresses.empty()) known.error = error::name_no_data;
  return known;
}

policy::connect_race_options race_options(const connect_options& options) noexcept {
  return {.resolution_delay = options.resolution_delay,
          .attempt_delay = options.attempt_delay,
          .attempt_deadline = options.attempt_deadline,
          .resolve_deadline = options.resolve_deadline};
}

connect_options attempt_options(const connect_options& options) {
  connect_options attempt;
  attempt.socket = options.socket;
  attempt.watcher = options.watcher;
  attempt.local = options.local;
  return attempt;
}

}  // namespace duet::os
