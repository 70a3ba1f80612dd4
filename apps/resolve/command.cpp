// SPDX-License-Identifier: MIT
#include "resolve/command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string_view>
#include <utility>

#include "support/arguments.hpp"
#include "support/printable.hpp"

namespace duet::apps::resolve {
namespace {

/// CLI11 takes an argument in brackets for a list, and would make "::1" of "[::1]". A byte that no argument begins with keeps it off.
constexpr char shield = '\x01';

std::string shielded(std::string_view text) {
  const bool list = text.starts_with('[') && text.ends_with(']');
  return list ? shield + std::string(text) : std::string(text);
}

std::string unshielded(const std::string& argument) {
  return argument.starts_with(shield) ? argument.substr(1) : argument;
}

/// The long name of "-4,--ipv4", which errors show; the short one if it has no other.
std::string shown_name(const std::string& names) { return names.substr(names.find(',') + 1); }

}  // namespace

struct command::parser {
  CLI::App app;
};

command::command(const std::string& name, const std::string& help, const std::string& footer)
    : parser_(new parser{CLI::App(help, name)}), name_(name) {
  parser_->app.footer(footer);
}

command::~command() = default;

void command::add_flag(const char* names, bool& into, const char* help) {
  parser_->app.add_flag(names, into, help);
}

void command::add_value(const std::string& names, const char* type, const char* help,
                        value_reader read) {
  const auto take = [option = shown_name(names),
                     read = std::move(read)](const CLI::results_t& texts) {
    read(option, unshielded(texts.back()));
    return true;
  };
  parser_->app.add_option(names, CLI::callback_t(take), help)->type_name(type)->take_last();
}

void command::add_arguments(const char* name, const char* help, list_reader read) {
  const auto take = [read = std::move(read)](const CLI::results_t& texts) {
    std::vector<std::string> bare;
    for (const std::string& each : texts) bare.push_back(unshielded(each));
    read(bare);
    return true;
  };
  parser_->app.add_option(name, CLI::callback_t(take), help)
      ->expected(0, CLI::detail::expected_max_vector_size)
      ->allow_extra_args();
}

void command::add_common(common_options& into) {
  add_value("--backend", "asio|posix", "On Asio, or on bare POSIX (asio)",
            [&into](const auto& option, const auto& text) {
              into.backend = choice_argument<backend_choice>(
                  option, text, {{"asio", backend_choice::asio}, {"posix", backend_choice::posix}});
            });
  add_flag("--json", into.json, "JSON Lines instead of text");
  add_value("--color", "auto|always|never", "Colours (auto; NO_COLOR is obeyed)",
            [&into](const auto& option, const auto& text) {
              into.color = choice_argument<color_mode>(option, text,
                                                       {{"auto", color_mode::automatic},
                                                        {"always", color_mode::always},
                                                        {"never", color_mode::none}});
            });
}

std::string command::unexpected(const std::string& argument) const {
  const std::string shown = printable(argument);
  if (!argument.starts_with('-')) return fmt::format("unexpected argument '{}'", shown);
  const std::string name = argument.substr(0, argument.find('='));
  std::vector<std::string> known;
  for (const CLI::Option* option : parser_->app.get_options()) {
    for (const std::string& each : option->get_lnames()) known.push_back("--" + each);
  }
  const std::string guess = nearest(name, known);
  if (!guess.empty()) return fmt::format("unknown option '{}'; did you mean {}?", shown, guess);
  return fmt::format("unknown option '{}'; see {} --help", shown, name_);
}

std::optional<finished> command::read(int argc, const char* const* argv,
                                      const std::function<void()>& check) {
  std::vector<std::string> arguments;  // CLI11 wants the last one first
  for (int each = argc - 1; each > 0; --each) arguments.push_back(shielded(argv[each]));
  try {
    parser_->app.parse(std::move(arguments));
    check();
  } catch (const CLI::CallForHelp&) {
    return finished{exit_code::done, parser_->app.help(), false};
  } catch (const CLI::ExtrasError& error) {
    const std::vector<std::string> extras = parser_->app.remaining();
    return finished{
        exit_code::usage,
        extras.empty() ? printable(error.what()) : unexpected(unshielded(extras.front())), false};
  } catch (const CLI::ParseError& error) {
    return finished{exit_code::usage, printable(error.what()), false};
  } catch (const usage_error& error) {
    return finished{exit_code::usage, error.what(), false};
  }
  return std::nullopt;
}

}  // namespace duet::apps::resolve
