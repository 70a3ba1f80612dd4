// SPDX-License-Identifier: MIT
#include "resolve/lookup_options.hpp"

#include <system_error>
#include <utility>

#include "duet/endpoint.hpp"
#include "resolve/help.hpp"
#include "support/arguments.hpp"

namespace duet::apps::resolve {
namespace {

constexpr std::uint64_t most_retries = 1000;
constexpr std::uint64_t most_jobs = 1000;
constexpr std::uint64_t most_repeats = 1'000'000;

/// Whether it can be the service of an endpoint: a number that fits, or the name of a service.
bool is_service(const std::string& text) {
  std::error_code ec;
  return !text.empty() && endpoint::named(transport::tcp, "localhost", text, ec).has_value();
}

/// The command line of `duet-resolve NAME...`: the options that it has and other commands have not.
class lookup_line {
 public:
  lookup_line();
  std::variant<finished, lookup_options> parse(int argc, const char* const* argv);

 private:
  void add_what_is_asked();
  void add_how_it_is_asked();
  void add_what_is_printed();
  void check();
  void check_via();

  command line_{"duet-resolve", help::program, help::program_footer};
  lookup_options options_;
  bool version_ = false;
  bool v4_ = false;
  bool v6_ = false;
  bool short_list_ = false;
  bool hosts_file_ = false;
  std::optional<resolve_views> views_;
  std::optional<std::size_t> jobs_;
  std::optional<std::string> file_;
};

lookup_line::lookup_line() {
  add_what_is_asked();
  add_how_it_is_asked();
  add_what_is_printed();
  line_.add_common(options_);
  line_.add_flag("--version", version_, "Versions of duet, Asio and the compiler, and exit");
}

void lookup_line::add_what_is_asked() {
  line_.add_arguments("NAME", "Names, or addresses to look up backwards; -: stdin",
                      [this](const std::vector<std::string>& given) {
                        for (const std::string& each : given) {
                          options_.sources.push_back(
                              each == "-" ? name_source{name_source::origin::standard_input, {}}
                                          : name_source{name_source::origin::argument, each});
                        }
                      });
  line_.add_value("--file", "FILE", "Names from there, one a line",
                  [this](const auto& option, const auto& text) {
                    if (text.empty()) refuse_argument(option, text, "the name of a file");
                    file_ = text;
                  });
  line_.add_flag("-4", v4_, "IPv4 addresses only");
  line_.add_flag("-6", v6_, "IPv6 addresses only");
  line_.add_value("--service", "NAME|PORT", "Look a service up too, for TCP",
                  [this](const auto& option, const auto& text) {
                    if (!is_service(text))
                      refuse_argument(option, text, "a port from 0 to 65535, or a service's name");
                    options_.service = text;
                  });
  line_.add_flag("-x,--reverse", options_.reverse, "Every NAME is an address: find its name");
  line_.add_flag("--verify", options_.verify, "The name of an address must lead back to it");
  line_.add_value("--views", "both|hostent|addrinfo", "Whose answers (both; --short: addrinfo)",
                  [this](const auto& option, const auto& text) {
                    views_ =
                        choice_argument<resolve_views>(option, text,
                                                       {{"both", resolve_views::both},
                                                        {"hostent", resolve_views::hostent},
                                                        {"addrinfo", resolve_views::addrinfo}});
                  });
}

void lookup_line::add_how_it_is_asked() {
  line_.add_value("--timeout", "DURATION", "Longest for a name, retries and all (15s)",
                  [this](const auto& option, const auto& text) {
                    options_.timeout = duration_argument(option, text, zero::refused, off::allowed);
                  });
  line_.add_value("--retries", "N", "Ask again when servers fail, within --timeout (0)",
                  [this](const auto& option, const auto& text) {
                    options_.retries = number_argument(option, text, {0, most_retries});
                  });
  line_.add_value("--jobs", "N", "Names looked up at a time (8)",
                  [this](const auto& option, const auto& text) {
                    jobs_ = number_argument(option, text, {1, most_jobs});
                  });
  line_.add_value("--via", "pool|stock|blocking", "Who asks libc, see below (pool)",
                  [this](const auto& option, const auto& text) {
                    options_.via =
                        choice_argument<lookup_via>(option, text,
                                                    {{"pool", lookup_via::pool},
                                                     {"stock", lookup_via::stock},
                                                     {"blocking", lookup_via::blocking}});
                  });
}

void lookup_line::add_what_is_printed() {
  line_.add_flag("--short", short_list_, "One address a line; of many names NAME<TAB>ADDRESS");
  line_.add_flag("--hosts", hosts_file_, "Lines for a hosts file");
  line_.add_flag("--time", options_.time, "How long each took");
  line_.add_value("--repeat", "N", "Look each up N times, and time it (1)",
                  [this](const auto& option, const auto& text) {
                    options_.repeat = number_argument(option, text, {1, most_repeats});
                    options_.time = true;
                  });
  line_.add_flag("--trace", options_.trace, "libc's set-up, then each step, on stderr");
}

void lookup_line::check_via() {
  if (options_.via == lookup_via::blocking && jobs_.value_or(1) > 1) {
    throw usage_error("--via blocking looks up one after another and goes without --jobs");
  }
  if (options_.via != lookup_via::stock) return;
  if (options_.backend == backend_choice::posix) {
    throw usage_error("--via stock is Asio's own resolver and goes with --backend asio");
  }
  if (views_.value_or(resolve_views::addrinfo) != resolve_views::addrinfo) {
    throw usage_error("--via stock asks getaddrinfo only and goes with --views addrinfo");
  }
}

void lookup_line::check() {
  if (version_) return;
  if (v4_ && v6_) throw usage_error("-4 and -6 exclude each other; both families are the default");
  if (short_list_ + hosts_file_ + options_.json > 1) {
    throw usage_error("--short, --hosts and --json exclude each other");
  }
  if (options_.reverse && !options_.service.empty()) {
    throw usage_error("--reverse finds names, which have no --service");
  }
  check_via();
  if (v4_) options_.family = address::family::v4;
  if (v6_) options_.family = address::family::v6;
  if (short_list_) options_.layout = answer_layout::short_list;
  if (hosts_file_) options_.layout = answer_layout::hosts_file;
  const bool addrinfo_only = short_list_ || options_.via == lookup_via::stock;
  options_.views = views_.value_or(addrinfo_only ? resolve_views::addrinfo : resolve_views::both);
  options_.jobs = options_.via == lookup_via::blocking ? 1 : jobs_.value_or(options_.jobs);
  if (file_) options_.sources.push_back({name_source::origin::file, *file_});
}

std::variant<finished, lookup_options> lookup_line::parse(int argc, const char* const* argv) {
  if (auto over = line_.read(argc, argv, [this] { check(); })) return *std::move(over);
  if (version_) return finished{exit_code::done, {}, true};
  return std::move(options_);
}

}  // namespace

std::variant<finished, lookup_options> parse_lookup_options(int argc, const char* const* argv) {
  return lookup_line().parse(argc, argv);
}

}  // namespace duet::apps::resolve
