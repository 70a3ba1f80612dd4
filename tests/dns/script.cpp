// SPDX-License-Identifier: MIT
#include "script.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace duet::test::dns {

namespace {

using words = std::vector<std::string>;

words split(std::string_view line) {
  words found;
  line = line.substr(0, line.find('#'));
  while (true) {
    const auto start = line.find_first_not_of(" \t\r");
    if (start == line.npos) return found;
    const auto end = std::min(line.find_first_of(" \t\r", start), line.size());
    found.emplace_back(line.substr(start, end - start));
    line.remove_prefix(end);
  }
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// So many addresses from the first one up.
words count_up(const address& first, unsigned count) {
  words values;
  for (unsigned i = 0; i < count; ++i) {
    if (first.is_v4()) {
      values.push_back(address::v4(first.to_v4_host_order() + i).to_string());
      continue;
    }
    auto digits = first.bytes();
    unsigned carry = i;
    for (std::size_t at = digits.size(); carry != 0 && at-- > 0;) {
      carry += digits[at];
      digits[at] = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    values.push_back(address::v6(digits).to_string());
  }
  return values;
}

std::optional<response_code> code_of(std::string_view word) {
  if (word == "empty") return response_code::no_error;
  if (word == "nxdomain") return response_code::name_error;
  if (word == "servfail") return response_code::server_failure;
  if (word == "refused") return response_code::refused;
  if (word == "formerr") return response_code::format_error;
  return std::nullopt;
}

bool read_modifier(std::string_view word, rule& into) {
  constexpr std::string_view delay = "delay=";
  if (word.starts_with(delay)) {
    const auto value = number(word.substr(delay.size()));
    if (value) into.delay = std::chrono::milliseconds(*value);
    return value.has_value();
  }
  if (word == "truncate") return into.truncate = true;
  if (word == "tcp-silent") return into.tcp_silent = true;
  if (word == "wrong-id") return into.wrong_id = true;
  if (word == "garbage") return into.garbage = true;
  return false;
}

bool read_action(const words& all, std::size_t at, rule& into) {
  const std::string& what = all[at];
  const words rest(all.begin() + static_cast<std::ptrdiff_t>(at) + 1, all.end());
  if (what == "answer" && !rest.empty()) {
    into.action = action_kind::answer;
    into.values = rest;
    return true;
  }
  if (what == "range" && rest.size() == 2) {
    const auto first = address::parse(rest[0]);
    const auto count = number(rest[1]);
    if (!first || !count) return false;
    into.action = action_kind::answer;
    into.values = count_up(*first, *count);
    return true;
  }
  if (what == "cname" && rest.size() == 1) {
    into.action = action_kind::cname;
    into.values = {lower_case(rest[0])};
    return true;
  }
  if (!rest.empty()) return false;
  if (what == "silence") {
    into.action = action_kind::silence;
    return true;
  }
  const auto code = code_of(what);
  if (code) into.code = *code;
  return code.has_value();
}

std::optional<rule> read_rule(const words& all) {
  if (all.size() < 3) return std::nullopt;
  rule made;
  made.name = lower_case(all[0]);
  const auto type = type_of(all[1]);
  if (!type) return std::nullopt;
  made.type = *type;
  std::size_t at = 2;
  while (at < all.size() && read_modifier(all[at], made)) ++at;
  if (at == all.size() || !read_action(all, at, made)) return std::nullopt;
  return made;
}

/// The records of the type that was asked for; addresses of the other family say nothing here.
void add_answers(const rule& of, std::string_view owner, record_type type, response& to) {
  for (const std::string& value : of.values) {
    const auto parsed = address::parse(value);
    if (type == record_type::ptr && !parsed) {
      to.answers.push_back(name_record(owner, record_type::ptr, value));
    } else if (parsed && type == (parsed->is_v4() ? record_type::a : record_type::aaaa)) {
      to.answers.push_back(address_record(owner, *parsed));
    }
  }
}

void end_with(const rule& of, std::string_view owner, record_type type, verdict& to) {
  to.silent = of.action == action_kind::silence;
  if (of.action == action_kind::status) to.answer.code = of.code;
  if (of.action == action_kind::answer) add_answers(of, owner, type, to.answer);
}

}  // namespace

bool rule::fits(std::string_view asked, record_type of) const {
  if (type != record_type::any && type != of) return false;
  if (name == "*" || name == asked) return true;
  return name.starts_with("*.") && asked.ends_with(std::string_view(name).substr(1));
}

void script::add(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const words all = split(line);
    if (all.empty()) continue;
    auto read = read_rule(all);
    if (!read) throw std::invalid_argument("no rule: " + std::string(line));
    rules_.push_back(std::move(*read));
  }
}

const rule* script::find(std::string_view name, record_type type) const {
  for (const rule& each : rules_) {
    if (each.fits(name, type)) return &each;
  }
  return nullptr;
}

verdict script::judge(const question& about) const {
  constexpr int longest_chain = 6;  // a loop of links is to be told, not to be followed
  verdict made;
  std::string name = about.name;
  for (int links = 0; links < longest_chain; ++links) {
    const rule* const found = find(name, about.type);
    if (links == 0) made.first = found;
    if (found == nullptr) {
      made.answer.code = response_code::name_error;
      return made;
    }
    if (found->action != action_kind::cname) {
      end_with(*found, name, about.type, made);
      return made;
    }
    const std::string& target = found->values.front();
    made.answer.answers.push_back(name_record(name, record_type::cname, target));
    name = target;
  }
  return made;
}

}  // namespace duet::test::dns
