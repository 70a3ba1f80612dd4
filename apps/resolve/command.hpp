// SPDX-License-Identifier: MIT
// command: what the command lines of duet-resolve have in common: the options that each takes, and a reader on CLI11 that makes one
// line for the user of whatever is wrong. The commands' own options are in files of their own, and CLI11 is in command.cpp alone: it takes
// long to compile.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/console.hpp"
#include "support/exit_code.hpp"

namespace duet::apps::resolve {

enum class backend_choice { asio, posix };

/// What every command takes.
struct common_options {
  backend_choice backend = backend_choice::asio;
  bool json = false;
  color_mode color = color_mode::automatic;
};

/// Nothing to run: help, a version, or a command line that cannot be understood.
struct finished {
  exit_code code = exit_code::done;
  std::string text;      ///< for standard output, or the error without "duet-resolve: "
  bool version = false;  ///< print the version instead
};

/// One command line being described and then read.
class command {
 public:
  using value_reader = std::function<void(const std::string& option, const std::string& text)>;
  using list_reader = std::function<void(const std::vector<std::string>& texts)>;

  /// `name` as the user types it: "duet-resolve address".
  command(const std::string& name, const std::string& help, const std::string& footer);
  ~command();
  command(const command&) = delete;
  command& operator=(const command&) = delete;

  void add_flag(const char* names, bool& into, const char* help);
  /// The last one given counts. `read` may refuse it (support/arguments.hpp).
  void add_value(const std::string& names, const char* type, const char* help, value_reader read);
  /// Everything that is no option, as it stands.
  void add_arguments(const char* name, const char* help, list_reader read);
  void add_common(common_options& into);

  /// Reads the arguments behind argv[0]; nullopt if there is something to run. `check` may refuse the whole (usage_error).
  std::optional<finished> read(int argc, const char* const* argv,
                               const std::function<void()>& check);

 private:
  [[nodiscard]] std::string unexpected(const std::string& argument) const;

  struct parser;
  std::unique_ptr<parser> parser_;
  std::string name_;
};

}  // namespace duet::apps::resolve
