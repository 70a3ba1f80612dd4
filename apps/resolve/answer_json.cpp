// SPDX-License-Identifier: MIT
#include "resolve/answer_json.hpp"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "duet/address_hex.hpp"
#include "duet/host_entry.hpp"
#include "resolve/schema.hpp"
#include "resolve/view_differences.hpp"
#include "support/json_lines.hpp"
#include "support/reason.hpp"

namespace duet::apps::resolve {
namespace {

using texts = std::vector<std::string>;
using fields = std::vector<json_field>;

json_value error_value(std::error_code error) {
  return error ? json_value(reason(error)) : json_value(nullptr);
}

texts addresses_of(const host_entry& host) {
  texts all;
  for (const address& each : host.addresses) all.push_back(each.to_string());
  return all;
}

texts hex_of(const host_entry& host) {
  texts all;
  for (const address& each : host.addresses) all.push_back(to_hex(each));
  return all;
}

/// The keys of one view: flat, so they begin with its name.
struct view_keys {
  std::string_view error, official_name, aliases, address_type, length, addresses, hex;
};
constexpr view_keys hostent_keys{
    "hostent_error",  "hostent_official_name", "hostent_aliases",      "hostent_address_type",
    "hostent_length", "hostent_addresses",     "hostent_addresses_hex"};
constexpr view_keys addrinfo_keys{
    "addrinfo_error",  "addrinfo_official_name", "addrinfo_aliases",      "addrinfo_address_type",
    "addrinfo_length", "addrinfo_addresses",     "addrinfo_addresses_hex"};

void add_view(fields& to, const view_keys& keys, const std::optional<resolve_answer>& view) {
  const auto known = [&](auto&& value) -> json_value {
    if (!view || view->error) return nullptr;
    return json_value(value(view->host));
  };
  to.push_back({keys.error, view ? error_value(view->error) : json_value(nullptr)});
  to.push_back({keys.official_name, known([](const auto& host) { return host.official_name; })});
  to.push_back({keys.aliases, known([](const auto& host) { return host.aliases; })});
  to.push_back({keys.address_type, known([](const host_entry& host) -> json_value {
                  const auto type = host.address_type();
                  if (!type) return nullptr;
                  return std::string(constant_name(*type));
                })});
  to.push_back({keys.length, known([](const host_entry& host) -> json_value {
                  const auto length = host.length();
                  if (!length) return nullptr;
                  return std::uint64_t{*length};
                })});
  to.push_back({keys.addresses, known(addresses_of)});
  to.push_back({keys.hex, known(hex_of)});
}

void add_views(fields& to, const resolve_result& result) {
  json_value differ = nullptr;
  if (result.hostent && result.addrinfo)
    differ = differences_of(*result.hostent, *result.addrinfo).names();
  to.push_back({"differ", std::move(differ)});
  add_view(to, hostent_keys, result.hostent);
  add_view(to, addrinfo_keys, result.addrinfo);
}

void add_times(fields& to, const answer& what, const lookup_options& options) {
  if (!options.time) return;
  to.push_back({"lookups", what.lookups});
  to.push_back({"failed", what.failed});
  for (json_field& each : latency_fields(what.times)) to.push_back(std::move(each));
}

void add_answer(fields& to, const answer& what) {
  if (what.asked.backwards) {
    const auto& checked = what.checked;
    to.push_back({"names", names_in(what.result)});
    to.push_back({"confirmed", checked ? json_value(checked->confirmed) : json_value(nullptr)});
    to.push_back({"confirmed_name",
                  checked && checked->confirmed ? json_value(checked->name) : json_value(nullptr)});
    to.push_back({"confirmed_error", checked ? error_value(checked->error) : json_value(nullptr)});
    return;
  }
  const auto& endpoints = what.result.endpoints;
  to.push_back({"addresses", addresses_of(what.result.host())});
  to.push_back({"port", endpoints.empty() || endpoints.front().port() == 0
                            ? json_value(nullptr)
                            : json_value(std::uint64_t{endpoints.front().port()})});
}

}  // namespace

std::string answer_json(const answer& what, const lookup_options& options) {
  fields line{{"input", what.asked.input}};
  if (!what.asked.refusal.empty()) {
    line.push_back({"reason", what.asked.refusal});
    return json_line(schema, "refused", line);
  }
  if (what.found()) {
    add_answer(line, what);
  } else {
    line.push_back({"error", error_value(what.error)});
    line.push_back({"exit_code", std::int64_t{to_int(exit_code_of(what))}});
  }
  add_views(line, what.result);
  add_times(line, what, options);
  const std::string_view found = what.asked.backwards ? "reversed" : "resolved";
  return json_line(schema, what.found() ? found : "failed", line);
}

}  // namespace duet::apps::resolve
