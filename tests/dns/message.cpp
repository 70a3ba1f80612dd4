// SPDX-License-Identifier: MIT
#include "message.hpp"

#include <algorithm>
#include <array>

namespace duet::test::dns {

namespace {

constexpr std::size_t header_size = 12;
constexpr std::uint16_t class_in = 1;

void put16(bytes& to, std::size_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}

void put_name(bytes& to, std::string_view name) {
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('.'), name.size());
    to.push_back(static_cast<std::uint8_t>(end));
    to.insert(to.end(), name.begin(), name.begin() + static_cast<std::ptrdiff_t>(end));
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  to.push_back(0);
}

std::uint16_t get16(std::span<const std::uint8_t> from, std::size_t at) {
  return static_cast<std::uint16_t>(from[at] << 8 | from[at + 1]);
}

/// Reads labels from `at`, which moves behind them. No compression: a question has nothing to point to.
std::optional<std::string> get_name(std::span<const std::uint8_t> from, std::size_t& at) {
  std::string name;
  while (at < from.size()) {
    const std::size_t size = from[at++];
    if (size == 0) return name;
    if (size > 63 || at + size > from.size()) return std::nullopt;
    if (!name.empty()) name += '.';
    name.append(from.begin() + static_cast<std::ptrdiff_t>(at),
                from.begin() + static_cast<std::ptrdiff_t>(at + size));
    at += size;
  }
  return std::nullopt;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& each : lower) {
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
  }
  return lower;
}

std::optional<record_type> type_of(std::string_view text) {
  if (text == "A") return record_type::a;
  if (text == "AAAA") return record_type::aaaa;
  if (text == "CNAME") return record_type::cname;
  if (text == "PTR") return record_type::ptr;
  if (text == "*") return record_type::any;
  return std::nullopt;
}

std::optional<question> read_query(std::span<const std::uint8_t> from) {
  constexpr std::uint8_t response_bit = 0x80;
  constexpr std::uint8_t recursion_bit = 0x01;
  if (from.size() < header_size || (from[2] & response_bit) != 0 || get16(from, 4) != 1)
    return std::nullopt;
  question read;
  read.id = get16(from, 0);
  read.recursion_desired = (from[2] & recursion_bit) != 0;
  std::size_t at = header_size;
  const auto name = get_name(from, at);
  if (!name || at + 4 > from.size()) return std::nullopt;
  read.name = lower_case(*name);
  read.type = static_cast<record_type>(get16(from, at));
  read.section.assign(from.begin() + header_size,
                      from.begin() + static_cast<std::ptrdiff_t>(at) + 4);
  return read;
}

record address_record(std::string_view owner, const address& value) {
  const auto all = value.bytes();
  const std::size_t size = value.is_v4() ? 4 : 16;
  return {std::string(owner), value.is_v4() ? record_type::a : record_type::aaaa,
          bytes(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size))};
}

record name_record(std::string_view owner, record_type type, std::string_view target) {
  record made{std::string(owner), type, {}};
  put_name(made.data, target);
  return made;
}

bytes write_response(const question& to, const response& what) {
  bytes out;
  put16(out, to.id);
  // QR, AA, TC, RD; then RA and the code.
  out.push_back(static_cast<std::uint8_t>(0x84 | (what.truncated ? 0x02 : 0) |
                                          (to.recursion_desired ? 0x01 : 0)));
  out.push_back(static_cast<std::uint8_t>(0x80 | static_cast<unsigned>(what.code)));
  const std::size_t answers = what.truncated ? 0 : what.answers.size();
  for (const std::size_t count : std::array<std::size_t, 4>{1, answers, 0, 0}) put16(out, count);
  out.insert(out.end(), to.section.begin(), to.section.end());
  for (std::size_t i = 0; i < answers; ++i) {
    const record& each = what.answers[i];
    // A pointer to the question's name keeps a thousand addresses within what TCP carries.
    if (each.owner == to.name) {
      put16(out, 0xc000 | header_size);
    } else {
      put_name(out, each.owner);
    }
    put16(out, static_cast<std::uint16_t>(each.type));
    put16(out, class_in);
    put16(out, 0);
    put16(out, 60);  // the time to live, in seconds: nobody here keeps answers
    put16(out, each.data.size());
    out.insert(out.end(), each.data.begin(), each.data.end());
  }
  return out;
}

}  // namespace duet::test::dns
