// SPDX-License-Identifier: MIT
// command_parts: what the descriptions of duet-echo's commands are made of: options with a value, endpoints, and what the clients have in
// common. Which command has what is in options.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "echo/options.hpp"
#include "support/arguments.hpp"

namespace duet::apps::echo {

/// CLI11 takes an argument in brackets for a list, and would make "::1" of "[::1]": a byte in front keeps it off.
std::string shielded(const char* argument);
std::string unshielded(const std::string& argument);

using value_reader = std::function<void(const std::string& option, const std::string& text)>;

/// An option, "-c,--count", whose value `read` takes; of several the last.
void add_value(CLI::App& to, const std::string& names, const char* type, const char* help,
               value_reader read);
/// One whose value is a duration; `Duration`: nanoseconds, or optional ones.
template <class Duration>
void add_duration(CLI::App& to, const std::string& names, const char* type, const char* help,
                  Duration& into, zero zero_rule, off off_rule) {
  add_value(to, names, type, help,
            [&into, zero_rule, off_rule](const std::string& option, const std::string& text) {
              into = duration_argument(option, text, zero_rule, off_rule);
            });
}
void add_endpoint(CLI::App& to, const char* help, endpoint& into);
enum class presence { required, optional };
void add_endpoints(CLI::App& to, const char* help, std::vector<endpoint>& into,
                   presence needed = presence::required);

/// --connect-timeout, --retry, --local.
void add_connecting(CLI::App& to, client_options& into);

}  // namespace duet::apps::echo
