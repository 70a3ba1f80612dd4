// SPDX-License-Identifier: MIT
#include "resolve/libc_setup.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <vector>

#include "duet/escape.hpp"
#include "support/text_file.hpp"

namespace duet::apps::resolve {
namespace {

constexpr std::size_t most_name_servers = 3;  // MAXNS of resolv.h
constexpr std::string_view config_blanks = " \t\r";

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (;;) {
    const std::size_t begin = text.find_first_not_of(config_blanks);
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(config_blanks), text.size());
    words.push_back(escape(text.substr(0, end)));
    text.remove_prefix(end);
  }
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string joined(const std::vector<std::string>& words) {
  return words.empty() ? "(none)" : fmt::format("{}", fmt::join(words, " "));
}

std::string hosts_line(std::string_view nsswitch) {
  constexpr std::string_view key = "hosts:";
  std::string found = "nsswitch.conf hosts: (not given, libc's own order)\n";
  for (std::string_view line : lines_of(nsswitch)) {
    line = line.substr(0, line.find('#'));
    const std::size_t begin = std::min(line.find_first_not_of(config_blanks), line.size());
    line.remove_prefix(begin);
    if (!line.starts_with(key)) continue;
    found = fmt::format("nsswitch.conf hosts: {}\n", joined(words_of(line.substr(key.size()))));
  }
  return found;
}

/// What resolv.conf says; a keyword begins its line and a blank follows.
struct resolver_setup {
  std::vector<std::string> name_servers;
  std::vector<std::string> search;
  std::vector<std::string> options;

  void read(std::string_view line) {
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    const std::string_view key = line.substr(0, end);
    const std::vector<std::string> values = words_of(line.substr(end));
    if (values.empty()) return;
    if (key == "nameserver") name_servers.push_back(values.front());
    if (key == "domain") search = {values.front()};
    if (key == "search") search = values;  // the last of both counts
    if (key == "options") options.insert(options.end(), values.begin(), values.end());
  }
};

std::string resolver_text(std::string_view resolv_conf) {
  resolver_setup setup;
  for (const std::string_view line : lines_of(resolv_conf)) setup.read(line);
  std::string text;
  for (std::size_t i = 0; i < setup.name_servers.size(); ++i) {
    text += fmt::format("resolv.conf nameserver {}{}\n", setup.name_servers[i],
                        i < most_name_servers ? "" : " (never asked, libc takes 3)");
  }
  if (setup.name_servers.empty())
    text += "resolv.conf nameserver (none, libc asks this host's own)\n";
  text += fmt::format("resolv.conf search {}\n", joined(setup.search));
  return text + fmt::format("resolv.conf options {}\n", joined(setup.options));
}

std::optional<std::string> content_of(const char* path) {
  std::error_code ec;
  std::string text = read_text(path, ec);
  if (ec) return std::nullopt;
  return text;
}

std::optional<std::string> variable(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace

libc_setup read_libc_setup() {
  return {content_of("/etc/nsswitch.conf"), content_of("/etc/resolv.conf"), variable("LOCALDOMAIN"),
          variable("RES_OPTIONS")};
}

std::string setup_text(const libc_setup& of) {
  std::string text =
      of.nsswitch ? hosts_line(*of.nsswitch) : "nsswitch.conf (not readable, libc's own order)\n";
  text += of.resolv_conf ? resolver_text(*of.resolv_conf)
                         : "resolv.conf (not readable, libc asks this host's own server)\n";
  if (of.local_domain) {
    text +=
        fmt::format("LOCALDOMAIN {} (in place of search)\n", joined(words_of(*of.local_domain)));
  }
  if (of.resolver_options) {
    text +=
        fmt::format("RES_OPTIONS {} (besides options)\n", joined(words_of(*of.resolver_options)));
  }
  return text;
}

}  // namespace duet::apps::resolve
