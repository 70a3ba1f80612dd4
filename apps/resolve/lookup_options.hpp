// SPDX-License-Identifier: MIT
// lookup_options: what the command line of `duet-resolve NAME...` asks for, and the function of argv that reads it. Names stay text here:
// what is wrong with one is the command's to say.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "duet/address.hpp"
#include "duet/resolve_options.hpp"
#include "resolve/command.hpp"
#include "resolve/name_source.hpp"

namespace duet::apps::resolve {

/// Who asks libc: duet's pool of threads, Asio's own resolver, or the calling thread.
enum class lookup_via { pool, stock, blocking };

/// How answers are laid out as text.
enum class answer_layout { views, short_list, hosts_file };

/// duet-resolve NAME...
struct lookup_options : common_options {
  std::vector<name_source> sources;  ///< empty: standard input, if it is no terminal
  std::optional<address::family> family;
  std::string service;
  bool reverse = false;  ///< every input is an address; literals are looked up backwards without it
  bool verify = false;
  std::chrono::nanoseconds timeout{std::chrono::seconds(15)};  ///< of a name, retries and all
  std::uint64_t retries = 0;
  std::size_t jobs = 8;
  lookup_via via = lookup_via::pool;
  resolve_views views = resolve_views::both;
  answer_layout layout = answer_layout::views;
  bool time = false;
  std::uint64_t repeat = 1;
  bool trace = false;

  /// Names come in a list, or there are several of them: each line of the short list then begins with its name.
  [[nodiscard]] bool many() const noexcept {
    return sources.size() != 1 || sources.front().from != name_source::origin::argument;
  }
};

/// Reads the command line. Errors: std::bad_alloc only.
std::variant<finished, lookup_options> parse_lookup_options(int argc, const char* const* argv);

}  // namespace duet::apps::resolve
