// SPDX-License-Identifier: MIT
#include "resolve/answer_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "duet/escape.hpp"
#include "duet/host_entry.hpp"
#include "duet/policy/host_name.hpp"
#include "resolve/view_differences.hpp"
#include "support/quantity.hpp"
#include "support/reason.hpp"

namespace duet::apps::resolve {
namespace {

using address_list = std::vector<address>;

/// One view as a block of lines, marked where the other one disagrees.
class view_block {
 public:
  view_block(const char* name, const console& to) : to_(to) { text_ = fmt::format("  {}\n", name); }

  /// `only_here`: for each address whether the other view lacks it; may be shorter.
  void add(const resolve_answer& view, const view_differences& differences,
           const std::vector<bool>& only_here) {
    if (view.error) return line(reason(view.error), differences.outcome ? "differs" : "");
    std::size_t address = 0;
    const std::string lines = to_string(view.host);
    for (std::string_view rest = lines; !rest.empty();) {
      const std::size_t end = rest.find('\n');
      const std::string_view each = rest.substr(0, end);
      rest.remove_prefix(end + 1);
      const bool is_address = each.starts_with("address ") && !each.starts_with("address type ");
      const bool lonely = is_address && address < only_here.size() && only_here[address];
      if (is_address) ++address;
      const bool differs = each.starts_with("official name ") && differences.official_name;
      line(each, lonely ? "only here" : differs ? "differs" : "");
    }
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  void line(std::string_view text, std::string_view mark) {
    text_ += fmt::format("    {}", text);
    if (!mark.empty()) text_ += "  " + to_.bad(fmt::format("[{}]", mark));
    text_ += '\n';
  }

  const console& to_;
  std::string text_;
};

/// The address or the name that a line of the short list ends with.
std::vector<std::string> short_values(const answer& what) {
  if (what.asked.backwards) {
    std::vector<std::string> names = names_in(what.result);
    for (std::string& each : names) each = escape(each);
    return names;
  }
  std::vector<std::string> addresses;
  for (const address& each : what.result.host().addresses) addresses.push_back(each.to_string());
  return addresses;
}

std::string checked_text(const confirmation& checked, const console& to) {
  const std::string name = escape(checked.name);
  if (checked.confirmed) return fmt::format("  confirmed: {} leads back\n", name);
  return to.bad(fmt::format("  not confirmed: {} does not lead back", name)) + '\n';
}

}  // namespace

std::string views_text(const answer& what, const lookup_options& options, const console& to) {
  const auto& [by_addrinfo, by_hostent, endpoints] = what.result;
  const bool reverse = what.asked.backwards.has_value();
  const bool both = by_addrinfo && by_hostent;
  const view_differences differences =
      both ? differences_of(*by_hostent, *by_addrinfo) : view_differences{};
  std::string text = escape(what.asked.input) + '\n';
  if (by_hostent) {
    view_block block(reverse ? "hostent (gethostbyaddr)" : "hostent (gethostbyname)", to);
    block.add(*by_hostent, differences, differences.only_hostent);
    text += std::move(block).text();
  }
  if (by_addrinfo) {
    view_block block(reverse ? "addrinfo (getnameinfo)" : "addrinfo (getaddrinfo)", to);
    block.add(*by_addrinfo, differences, differences.only_addrinfo);
    text += std::move(block).text();
  }
  if (const auto names = differences.names(); !names.empty()) {
    text += to.bad(fmt::format("  the views differ: {}", fmt::join(names, ", "))) + '\n';
  }
  if (!options.service.empty() && !endpoints.empty()) {
    text += fmt::format("  service {}, port {}\n", escape(options.service), endpoints[0].port());
  }
  if (what.checked) text += checked_text(*what.checked, to);
  if (options.time) text += fmt::format("  time {}\n", time_text(what));
  return text;
}

std::string short_text(const answer& what, const lookup_options& options) {
  const std::string before = options.many() ? escape(what.asked.input) + '\t' : "";
  std::string text;
  for (const std::string& each : short_values(what)) text += before + each + '\n';
  return text;
}

std::string hosts_text(const answer& what) {
  std::vector<std::string> names = names_in(what.result);
  if (!what.asked.backwards && std::ranges::find(names, what.asked.input) == names.end()) {
    names.push_back(what.asked.input);
  }
  std::erase_if(names, [](const std::string& each) { return !policy::is_host_name(each); });
  if (names.empty()) return {};
  const address_list all =
      what.asked.backwards ? address_list{*what.asked.backwards} : what.result.host().addresses;
  std::string text;
  for (auto each = all.begin(); each != all.end(); ++each) {
    if (std::find(all.begin(), each, *each) != each) continue;  // glibc tells some twice
    text += fmt::format("{}\t{}\n", each->to_string(), fmt::join(names, " "));
  }
  return text;
}

std::string time_text(const answer& what) {
  if (what.times.count == 1) return format_duration(what.times.max);
  return fmt::format("of {} lookups, {}", what.times.count, latency_text(what.times));
}

}  // namespace duet::apps::resolve
