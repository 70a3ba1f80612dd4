// SPDX-License-Identifier: MIT
#include "resolve/address_report.hpp"

#include <fmt/format.h>

#include "duet/address_class.hpp"
#include "duet/address_hex.hpp"
#include "duet/network.hpp"
#include "duet/reverse_name.hpp"
#include "duet/special_range.hpp"
#include "resolve/address_explanation.hpp"
#include "resolve/schema.hpp"
#include "support/json_lines.hpp"
#include "support/printable.hpp"

namespace duet::apps::resolve {
namespace {

/// Lines "  label   value" under a heading.
class block {
 public:
  explicit block(const std::string& heading) : text_(heading + '\n') {}
  void add(std::string_view label, std::string_view value) {
    text_ += fmt::format("  {:<15}{}\n", label, value);
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

std::string s_addr_text(const address& value) {
  return fmt::format("0x{:08x}", value.to_v4_network_order());
}

/// The bits, the leading ones that make the class in brackets and in colour.
std::string marked_binary(const address& value, const class_traits& of, const console& to) {
  const std::string bits = binary_text(value);
  return to.good('[' + bits.substr(0, of.leading_bit_count) + ']') +
         bits.substr(of.leading_bit_count);
}

/// What a class without a mask is for.
std::string use_of(const class_traits& of) {
  return of.name == address_class::d ? "multicast" : "reserved";
}

void add_class(block& to, const address& value, const class_traits& of) {
  to.add("class", fmt::format("{}, leading bits {}, {}", of.letter, leading_bits_text(of),
                              range_text(of.first, of.last)));
  to.add("assignable", fmt::format("{}, {} {}", is_in_assignable_range(value) ? "yes" : "no",
                                   is_in_assignable_range(value) ? "inside" : "outside",
                                   range_text(of.first_assignable, of.last_assignable)));
  const auto in = classful_network(value);
  if (!in) return to.add("default mask", "none, " + use_of(of));
  to.add("default mask", fmt::format("{} (/{})", in->mask().to_string(), in->prefix_length()));
  to.add("network part", in->first().to_string());
  to.add("host part", in->host_part(value).to_string());
}

void add_range(block& to, const address& value) {
  const auto special = special_block_of(value);
  to.add("range", special ? fmt::format("{}, {} ({})", name_of(special->range),
                                        special->block.to_string(), special->source)
                          : std::string("not special"));
}

void add_v4(block& to, const literal& what, const console& colours) {
  const address& value = *what.value;
  const class_traits& of = traits_of(*class_of(value));
  to.add("dotted", value.to_string());
  to.add("decimal", fmt::format("{}", value.to_v4_host_order()));
  to.add("hex", to_hex(value));
  to.add("network order", fmt::format("{} (s_addr {})", bytes_text(value), s_addr_text(value)));
  to.add("binary", marked_binary(value, of, colours));
  add_class(to, value, of);
  add_range(to, value);
  to.add("reverse name", reverse_name(value));
  to.add("legacy forms", fmt::format("{}", fmt::join(legacy_forms(value), " ")));
  if (what.is_legacy) {
    to.add("read as", explain_legacy(what.text));
    to.add("read by", "inet_addr, inet_aton, getaddrinfo; refused by inet_pton");
  }
  if (is_inet_addr_trap(value)) {
    to.add("trap", "inet_addr returns 0xffffffff for this address and for errors: use inet_pton");
  }
}

void add_v6(block& to, const address& value) {
  to.add("text", value.to_string());
  to.add("in full", full_v6_text(value));
  to.add("hex", to_hex(value));
  to.add("network order", bytes_text(value));
  if (!value.scope().empty()) to.add("scope", value.scope());
  to.add("class", "none, classes are IPv4's");
  add_range(to, value);
  if (const auto inside = embedded_v4(value)) to.add("embeds", inside->to_string());
  to.add("reverse name", reverse_name(value));
}

json_value or_null(const std::optional<address>& value) {
  return value ? json_value(value->to_string()) : json_value(nullptr);
}

json_value text(std::string_view of) { return std::string(of); }

std::string v4_json(const literal& what) {
  const address& value = *what.value;
  const class_traits& of = traits_of(*class_of(value));
  const auto special = special_block_of(value);
  const auto in = classful_network(value);
  return json_line(
      schema, "address",
      {{"input", what.text},
       {"legacy", what.is_legacy},
       {"family", text("AF_INET")},
       {"address", value.to_string()},
       {"decimal", std::uint64_t{value.to_v4_host_order()}},
       {"hex", to_hex(value)},
       {"network_order", bytes_text(value)},
       {"s_addr", s_addr_text(value)},
       {"binary", binary_text(value)},
       {"class", std::string(1, of.letter)},
       {"class_bits", leading_bits_text(of)},
       {"class_range", range_text(of.first, of.last)},
       {"assignable_range", range_text(of.first_assignable, of.last_assignable)},
       {"assignable", is_in_assignable_range(value)},
       {"default_mask", or_null(of.default_mask())},
       {"prefix_length", in ? json_value(std::uint64_t{in->prefix_length()}) : json_value(nullptr)},
       {"network_part", in ? json_value(in->first().to_string()) : json_value(nullptr)},
       {"host_part", in ? json_value(in->host_part(value).to_string()) : json_value(nullptr)},
       {"range", special ? text(name_of(special->range)) : json_value(nullptr)},
       {"range_block", special ? json_value(special->block.to_string()) : json_value(nullptr)},
       {"range_source", special ? text(special->source) : json_value(nullptr)},
       {"reverse_name", reverse_name(value)},
       {"read_as", what.is_legacy ? json_value(explain_legacy(what.text)) : json_value(nullptr)},
       {"inet_addr_trap", is_inet_addr_trap(value)}});
}

std::string v6_json(const literal& what) {
  const address& value = *what.value;
  const auto special = special_block_of(value);
  return json_line(
      schema, "address",
      {{"input", what.text},
       {"legacy", false},
       {"family", text("AF_INET6")},
       {"address", value.to_string()},
       {"full", full_v6_text(value)},
       {"hex", to_hex(value)},
       {"network_order", bytes_text(value)},
       {"scope", value.scope().empty() ? json_value(nullptr) : text(value.scope())},
       {"class", nullptr},
       {"range", special ? text(name_of(special->range)) : json_value(nullptr)},
       {"range_block", special ? json_value(special->block.to_string()) : json_value(nullptr)},
       {"range_source", special ? text(special->source) : json_value(nullptr)},
       {"embedded", or_null(embedded_v4(value))},
       {"reverse_name", reverse_name(value)}});
}

}  // namespace

std::string address_text(const literal& what, const console& to) {
  block lines(printable(what.text));
  if (what.value->is_v4()) {
    add_v4(lines, what, to);
  } else {
    add_v6(lines, *what.value);
  }
  return std::move(lines).text();
}

std::string address_json(const literal& what) {
  return what.value->is_v4() ? v4_json(what) : v6_json(what);
}

std::string refused_json(const literal& what, const std::string& reason) {
  return json_line(schema, "refused", {{"input", what.text}, {"reason", reason}});
}

std::string classes_text() {
  constexpr std::string_view row = "{:<6}{:<6}{:<26}{:<26}{}\n";
  std::string lines = fmt::format(row, "class", "bits", "range", "assignable", "default mask");
  for (const class_traits& each : address_classes) {
    const auto mask = each.default_mask();
    lines +=
        fmt::format(row, each.letter, leading_bits_text(each), range_text(each.first, each.last),
                    range_text(each.first_assignable, each.last_assignable),
                    mask ? mask->to_string() : "none, " + use_of(each));
  }
  return lines;
}

std::string classes_json() {
  std::string lines;
  for (const class_traits& each : address_classes) {
    lines +=
        json_line(schema, "class",
                  {{"class", std::string(1, each.letter)},
                   {"class_bits", leading_bits_text(each)},
                   {"class_range", range_text(each.first, each.last)},
                   {"assignable_range", range_text(each.first_assignable, each.last_assignable)},
                   {"default_mask", or_null(each.default_mask())},
                   {"prefix_length", each.default_prefix_length
                                         ? json_value(std::uint64_t{*each.default_prefix_length})
                                         : json_value(nullptr)}});
  }
  return lines;
}

}  // namespace duet::apps::resolve
