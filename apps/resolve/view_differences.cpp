// SPDX-License-Identifier: MIT
#include "resolve/view_differences.hpp"

#include <algorithm>

#include "support/reason.hpp"

namespace duet::apps::resolve {
namespace {

using address_list = std::vector<address>;

/// For each of `of` whether `other` has no counterpart left for it.
std::vector<bool> missing_in(address_list other, const address_list& of) {
  std::vector<bool> missing;
  for (const address& each : of) {
    const auto found = std::ranges::find(other, each);
    missing.push_back(found == other.end());
    if (found != other.end()) other.erase(found);
  }
  return missing;
}

address_list less(const address_list& all, const std::vector<bool>& missing) {
  address_list rest;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!missing[i]) rest.push_back(all[i]);
  }
  return rest;
}

bool any(const std::vector<bool>& of) { return std::ranges::find(of, true) != of.end(); }

}  // namespace

bool view_differences::addresses() const { return any(only_hostent) || any(only_addrinfo); }

std::vector<std::string> view_differences::names() const {
  std::vector<std::string> all;
  if (outcome) all.emplace_back("outcome");
  if (official_name) all.emplace_back("official name");
  if (addresses()) all.emplace_back("addresses");
  if (order) all.emplace_back("order");
  return all;
}

view_differences differences_of(const resolve_answer& hostent, const resolve_answer& addrinfo) {
  view_differences found;
  if (hostent.error || addrinfo.error) {
    found.outcome = !hostent.error || !addrinfo.error ||
                    apps::reason(hostent.error) != apps::reason(addrinfo.error);
    return found;
  }
  found.official_name = hostent.host.official_name != addrinfo.host.official_name;
  const auto& one = hostent.host.addresses;
  const auto& other = addrinfo.host.addresses;
  found.only_hostent = missing_in(other, one);
  found.only_addrinfo = missing_in(one, other);
  found.order = less(one, found.only_hostent) != less(other, found.only_addrinfo);
  return found;
}

}  // namespace duet::apps::resolve
