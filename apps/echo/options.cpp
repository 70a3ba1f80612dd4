// SPDX-License-Identifier: MIT
#include "echo/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "echo/command_parts.hpp"
#include "echo/help.hpp"
#include "echo/options_check.hpp"
#include "echo/serve_parts.hpp"
#include "support/arguments.hpp"
#include "support/printable.hpp"

namespace duet::apps::echo {
namespace {

constexpr std::uint64_t most_messages = 1'000'000'000'000;
constexpr std::uint64_t largest_backlog = 65535;
constexpr std::uint64_t largest_message = std::uint64_t{1} << 30;
constexpr std::uint64_t largest_chunk = std::uint64_t{64} << 20;
constexpr std::chrono::seconds datagram_patience{5};

/// The command line of duet-echo: CLI11's description of it, and the values that its options fill in.
class command_line {
 public:
  command_line();
  invocation parse(int argc, const char* const* argv);

 private:
  static void add_common(CLI::App& to, common_options& into);
  static void add_model(CLI::App& to, common_options& into);
  CLI::App& add_command(const char* name, const char* help, const char* footer);
  void add_serve();
  void add_send();
  void add_ping();
  void add_connect();

  finished misunderstood(const CLI::ParseError& error, const char* first) const;
  [[nodiscard]] std::string unexpected(const std::string& argument) const;
  void read_receive_flags(const std::string& option, const std::string& text);
  void check() const;

  CLI::App app_{help::program, "duet-echo"};
  bool version_ = false;
  CLI::App* serve_command_ = nullptr;
  CLI::App* send_command_ = nullptr;
  CLI::App* ping_command_ = nullptr;
  CLI::App* connect_command_ = nullptr;
  serve_options serve_;
  send_options send_;
  ping_options ping_;
  connect_command_options connect_;
};

command_line::command_line() {
  app_.footer(help::program_footer);
  app_.require_subcommand(0, 1);
  app_.add_flag("--version", version_, "Versions of duet, Asio and the compiler, and exit");
  add_serve();
  add_send();
  add_ping();
  add_connect();
}

void command_line::add_common(CLI::App& to, common_options& into) {
  add_value(to, "--backend", "asio|posix", "On Asio, or on bare POSIX (asio)",
            [&into](const auto& option, const auto& text) {
              into.backend = choice_argument<backend_choice>(
                  option, text, {{"asio", backend_choice::asio}, {"posix", backend_choice::posix}});
            });
  add_value(to, "--io", "rw|sendrecv", "Calls of the models that block (rw)",
            [&into](const auto& option, const auto& text) {
              into.io = choice_argument<io_calls>(
                  option, text, {{"rw", io_calls::read_write}, {"sendrecv", io_calls::send_recv}});
            });
  to.add_flag("--trace", into.trace, "Each step as it is taken, on standard error");
  to.add_flag("--json", into.json, "JSON Lines instead of text");
  to.add_flag("-q,--quiet", into.quiet, "Fewer lines");
  add_value(to, "--color", "auto|always|never", "Colours (auto; NO_COLOR is obeyed)",
            [&into](const auto& option, const auto& text) {
              into.color = choice_argument<color_mode>(option, text,
                                                       {{"auto", color_mode::automatic},
                                                        {"always", color_mode::always},
                                                        {"never", color_mode::none}});
            });
}

/// Of the clients, which have one connection or a few.
void command_line::add_model(CLI::App& to, common_options& into) {
  add_value(to, "--model", "async|blocking", "On a loop, or call after call (async)",
            [&into](const auto& option, const auto& text) {
              into.model = choice_argument<model>(
                  option, text, {{"async", model::async}, {"blocking", model::blocking}});
            });
}

CLI::App& command_line::add_command(const char* name, const char* help, const char* footer) {
  CLI::App& command = *app_.add_subcommand(name, help);
  command.footer(footer);
  return command;
}

void command_line::add_serve() {
  CLI::App& to = add_command("serve", help::serve, help::serve_footer);
  serve_command_ = &to;
  add_endpoints(to, "Where to listen; several are allowed", serve_.endpoints, presence::optional);
  to.add_flag("--handed-in", serve_.handed_in, "Serve what a service manager hands in, too");
  add_value(to, "--port-file", "FILE", "Write the bound ports there, one a line",
            [this](const auto& option, const auto& text) {
              if (text.empty()) refuse_argument(option, text, "the name of a file");
              serve_.port_file = text;
            });
  add_value(to, "--max-connections", "N",
            "Connections at a time (what descriptors allow;\nfork 256)",
            [this](const auto& option, const auto& text) {
              serve_.max_connections = number_argument(option, text, {1, most_connections});
            });
  add_value(
      to, "--backlog", "N", "Connections that may wait to be accepted (4096)",
      [this](const auto& option, const auto& text) {
        serve_.backlog = static_cast<int>(number_argument(option, text, {1, largest_backlog}));
      });
  add_limits(to, serve_);
  to.add_flag("--stats", serve_.stats, "What goes on, each second on standard error");
  add_value(to, "--metrics", "ENDPOINT", "Answer GET /metrics there, for Prometheus",
            [this](const auto&, const auto& text) { serve_.metrics = endpoint_argument(text); });
  add_prefork_options(to, serve_);
  add_file_options(to, serve_);
  add_datagram_options(to, serve_);
  add_value(
      to, "--model", "async|blocking|fork|prefork",
      "On a loop, call after call, that in a process\nfor each connection, or loops in --workers\n"
      "processes (async)",
      [this](const auto& option, const auto& text) {
        serve_.model = choice_argument<model>(option, text,
                                              {{"async", model::async},
                                               {"blocking", model::blocking},
                                               {"fork", model::fork},
                                               {"prefork", model::prefork}});
      });
  add_common(to, serve_);
}

void command_line::add_send() {
  CLI::App& to = add_command("send", help::send, help::send_footer);
  send_command_ = &to;
  add_endpoint(to, "Where the server is", send_.to);
  to.add_flag("--verify", send_.verify, "Compare what returns with what was sent");
  add_value(to, "-s,--size", "SIZE",
            "Most that is sent at a time (64Ki; blocking 16Ki;\ndatagrams 1400)",
            [this](const auto& option, const auto& text) {
              send_.chunk_bytes = size_argument(option, text, {1, largest_chunk});
            });
  to.add_flag_callback(
      "--lines", [this] { send_.lines = true; }, "A datagram of each line (of a terminal's input)");
  to.add_flag_callback(
      "--chunks", [this] { send_.lines = false; },
      "A datagram of what each read brings (of any other)");
  add_value(to, "--recv-flags", "peek,waitall", "Flags of recv, with --io sendrecv",
            [this](const auto& option, const auto& text) { read_receive_flags(option, text); });
  add_duration(to, "-W,--timeout", "DURATION",
               "Longest wait, to connect or for an echo (off;\nof a datagram 5s)", send_.patience,
               zero::refused, off::allowed);
  add_connecting(to, send_);
  add_model(to, send_);
  add_common(to, send_);
}

void command_line::add_ping() {
  CLI::App& to = add_command("ping", help::ping, help::ping_footer);
  ping_command_ = &to;
  add_endpoint(to, "Where the server is", ping_.to);
  add_value(to, "-c,--count", "N", "Messages in all (endless)",
            [this](const auto& option, const auto& text) {
              ping_.count = number_argument(option, text, {1, most_messages});
            });
  add_duration(to, "-i,--interval", "DURATION", "Between messages of a connection; 0 at once (1s)",
               ping_.interval, zero::allowed, off::refused);
  add_value(to, "-s,--size", "SIZE", "Bytes of a message (64)",
            [this](const auto& option, const auto& text) {
              ping_.message_bytes = size_argument(option, text, {1, largest_message});
            });
  add_duration(to, "-W,--timeout", "DURATION", "Longest wait for a reply (5s)",
               ping_.reply_deadline, zero::refused, off::allowed);
  add_duration(to, "-w,--deadline", "DURATION", "End the whole run after so long (off)",
               ping_.whole_deadline, zero::refused, off::allowed);
  add_value(to, "--connections", "N", "Connections or sockets at a time (1)",
            [this](const auto& option, const auto& text) {
              ping_.connections = number_argument(option, text, {1, most_connections});
            });
  to.add_flag("--reconnect", ping_.reconnect, "A new connection a message, timed with it");
  add_connecting(to, ping_);
  add_model(to, ping_);
  add_common(to, ping_);
}

void command_line::add_connect() {
  CLI::App& to = add_command("connect", help::connect, help::connect_footer);
  connect_command_ = &to;
  add_endpoints(to, "Where to connect to; several are allowed", connect_.endpoints);
  add_duration(to, "--wait-for", "DURATION", "Try again until it answers, for so long",
               connect_.wait_for, zero::refused, off::allowed);
  add_connecting(to, connect_);
  add_model(to, connect_);
  add_common(to, connect_);
}

void command_line::read_receive_flags(const std::string& option, const std::string& text) {
  send_.peek = send_.wait_all = false;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (word != "peek" && word != "waitall")
      refuse_argument(option, text, "peek, waitall or peek,waitall");
    (word == "peek" ? send_.peek : send_.wait_all) = true;
    begin = end + 1;
  }
}

void command_line::check() const {
  if (serve_command_->parsed()) return echo::check(serve_);
  if (send_command_->parsed()) {
    const auto given = [this](const char* name) { return send_command_->count(name) > 0; };
    if (given("--lines") && given("--chunks")) {
      throw usage_error("--lines and --chunks exclude each other");
    }
    return echo::check(send_);
  }
  if (connect_command_->parsed()) return echo::check(connect_);
  echo::check(ping_);
}

/// The long options of a command, with their dashes.
std::vector<std::string> option_names(const CLI::App& of) {
  std::vector<std::string> names;
  for (const CLI::Option* each : of.get_options()) {
    for (const std::string& name : each->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string command_line::unexpected(const std::string& argument) const {
  const auto commands = app_.get_subcommands();
  const std::string shown = printable(argument);
  const auto with_guess = [&](const char* what, const std::string& name, const auto& known) {
    const std::string guess = nearest(name, known);
    if (!guess.empty()) return fmt::format("{} '{}'; did you mean {}?", what, shown, guess);
    const std::string command = commands.empty() ? "" : " " + commands.front()->get_name();
    return fmt::format("{} '{}'; see duet-echo{} --help", what, shown, command);
  };
  if (!argument.starts_with('-') || argument == "-") {
    if (!commands.empty()) return fmt::format("unexpected argument '{}'", shown);
    return with_guess("unknown command", argument,
                      std::vector<std::string>{"serve", "send", "ping", "connect"});
  }
  const std::string name = argument.substr(0, argument.find('='));
  const std::vector<std::string> known =
      option_names(commands.empty() ? *serve_command_ : *commands.front());
  if (std::ranges::find(known, name) != known.end()) {
    return fmt::format("option '{}' goes behind the command: duet-echo serve {} ...", shown, shown);
  }
  return with_guess("unknown option", name, commands.empty() ? option_names(app_) : known);
}

finished command_line::misunderstood(const CLI::ParseError& error, const char* first) const {
  const auto commands = app_.get_subcommands();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> extras = app_.remaining(true);
    if (!extras.empty()) return {exit_code::usage, unexpected(unshielded(extras.front())), false};
  }
  if (commands.empty() && first != nullptr) return {exit_code::usage, unexpected(first), false};
  std::string text = printable(error.what());
  if (!commands.empty()) text = commands.front()->get_name() + ": " + text;
  return {exit_code::usage, text, false};
}

invocation command_line::parse(int argc, const char* const* argv) {
  std::vector<std::string> arguments;  // CLI11 wants the last one first
  for (int each = argc - 1; each > 0; --each) arguments.push_back(shielded(argv[each]));
  try {
    app_.parse(std::move(arguments));
    if (version_) return finished{exit_code::done, {}, true};
    if (app_.get_subcommands().empty()) {
      throw usage_error("a command is missing: serve, send, ping or connect; see duet-echo --help");
    }
    check();
  } catch (const CLI::CallForHelp&) {
    return finished{exit_code::done, app_.help(), false};
  } catch (const CLI::ParseError& error) {
    return misunderstood(error, argc > 1 ? argv[1] : nullptr);
  } catch (const usage_error& error) {
    return finished{exit_code::usage, error.what(), false};
  }
  if (serve_command_->parsed()) return std::move(serve_);
  if (send_command_->parsed()) {
    const bool told = send_command_->count("--timeout") > 0;
    if (!told && !send_.to.is_stream()) send_.patience = datagram_patience;
    return std::move(send_);
  }
  if (connect_command_->parsed()) return std::move(connect_);
  return std::move(ping_);
}

}  // namespace

invocation parse_options(int argc, const char* const* argv) {
  return command_line().parse(argc, argv);
}

}  // namespace duet::apps::echo
