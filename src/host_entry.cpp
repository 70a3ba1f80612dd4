// SPDX-License-Identifier: MIT
// host_entry: see include/duet/host_entry.hpp.
#include "duet/host_entry.hpp"

#include <algorithm>
#include <ostream>

#include "duet/address_hex.hpp"
#include "duet/escape.hpp"

namespace duet {
namespace {

void add_line(std::string& to, std::string_view label, std::string_view value) {
  to += label;
  to += ' ';
  to += value;
  to += '\n';
}

}  // namespace

std::optional<address::family> host_entry::address_type() const noexcept {
  if (addresses.empty()) return std::nullopt;
  const address::family type = addresses.front().get_family();
  const bool same = std::all_of(addresses.begin(), addresses.end(),
                                [type](const address& each) { return each.get_family() == type; });
  return same ? std::optional(type) : std::nullopt;
}

std::optional<std::size_t> host_entry::length() const noexcept {
  const auto type = address_type();
  if (!type) return std::nullopt;
  return *type == address::family::v4 ? 4 : 16;
}

std::string to_string_with_hex(const address& value) {
  return value.to_string() + " (" + to_hex(value) + ")";
}

std::string to_string(const host_entry& entry) {
  std::string text;
  add_line(text, "official name", escape(entry.official_name));
  for (const std::string& each : entry.aliases) add_line(text, "alias", escape(each));
  if (const auto type = entry.address_type()) {
    const std::string number = std::to_string(constant_value(*type));
    add_line(text, "address type", std::string(constant_name(*type)) + " (" + number + ")");
    add_line(text, "length", std::to_string(*entry.length()));
  } else if (!entry.addresses.empty()) {
    add_line(text, "address type", "mixed");
  }
  for (const address& each : entry.addresses) add_line(text, "address", to_string_with_hex(each));
  return text;
}

std::ostream& operator<<(std::ostream& out, const host_entry& entry) {
  return out << to_string(entry);
}

}  // namespace duet
