// SPDX-License-Identifier: MIT
#include "echo/command_parts.hpp"

#include <string_view>
#include <utility>

#include "support/arguments.hpp"

namespace duet::apps::echo {
namespace {

constexpr char shield = '\x01';  // no argument begins with it
constexpr std::uint64_t most_retries = 1'000'000;

/// The long name of "-c,--count", which errors show; the short one if it has no other.
std::string shown_name(const std::string& names) { return names.substr(names.find(',') + 1); }

/// "127.0.0.1", "[::1]:9001", ":9001", "unix:@name".
endpoint local_argument(const std::string& option, const std::string& text) {
  constexpr std::string_view expected =
      "an address, perhaps with a port (127.0.0.1, [::1]:9001, :9001), or unix:@NAME";
  if (const auto alone = address::parse(text)) return {transport::tcp, *alone, 0};
  std::error_code ec;
  const std::string whole = text.ends_with(']') ? text + ":0" : text;
  const auto local = endpoint::parse(whole, ec);
  const bool fits = local && local->is_numeric() && local->is_stream() &&
                    (local->is_ip() || local->is_abstract());
  if (!fits) refuse_argument(option, text, expected);
  return *local;
}

}  // namespace

std::string shielded(const char* argument) {
  const std::string_view text(argument);
  const bool list = text.starts_with('[') && text.ends_with(']');
  return list ? shield + std::string(text) : std::string(text);
}

std::string unshielded(const std::string& argument) {
  return argument.starts_with(shield) ? argument.substr(1) : argument;
}

void add_value(CLI::App& to, const std::string& names, const char* type, const char* help,
               value_reader read) {
  const auto take = [option = shown_name(names),
                     read = std::move(read)](const CLI::results_t& texts) {
    read(option, unshielded(texts.back()));
    return true;
  };
  to.add_option(names, CLI::callback_t(take), help)->type_name(type)->take_last();
}

void add_endpoint(CLI::App& to, const char* help, endpoint& into) {
  const auto take = [&into](const CLI::results_t& texts) {
    into = endpoint_argument(unshielded(texts.back()));
    return true;
  };
  to.add_option("ENDPOINT", CLI::callback_t(take), help)->required();
}

void add_endpoints(CLI::App& to, const char* help, std::vector<endpoint>& into, presence needed) {
  const auto take = [&into](const CLI::results_t& texts) {
    for (const std::string& each : texts) into.push_back(endpoint_argument(unshielded(each)));
    return true;
  };
  to.add_option("ENDPOINT", CLI::callback_t(take), help)
      ->expected(1, CLI::detail::expected_max_vector_size)
      ->allow_extra_args()
      ->required(needed == presence::required);
}

void add_connecting(CLI::App& to, client_options& into) {
  add_duration(to, "--connect-timeout", "DURATION", "Longest wait to connect (as -W; connect 10s)",
               into.connect_timeout, zero::refused, off::allowed);
  add_value(to, "--retry", "N", "Connect again so often, with longer and longer\npauses (0)",
            [&into](const auto& option, const auto& text) {
              into.retries = number_argument(option, text, {0, most_retries});
            });
  add_value(
      to, "--local", "ADDR[:PORT]", "Own address to connect from (the kernel's choice)",
      [&into](const auto& option, const auto& text) { into.local = local_argument(option, text); });
}

}  // namespace duet::apps::echo
