// SPDX-License-Identifier: MIT
// duet-test-dns: the DNS server of tests as a program. usage: duet-test-dns SCRIPT-FILE ADDRESS:PORT... ("-": no script yet)
// It prints "ready ADDRESS:PORT..." and ends when its standard input does. A line of input is a question to itself, answered by a line:
//     count NAME TYPE   queries by UDP, queries by TCP: "2 0"
//     total             all of them
//     add RULE          "added"; behind the rules there are
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "server.hpp"

namespace {

using namespace duet::test::dns;

std::string reply_to(server& of, const std::string& line) {
  std::istringstream words(line);
  std::string command;
  std::string name;
  std::string type;
  words >> command;
  if (command == "total") return std::to_string(of.total());
  if (command == "add") {
    of.add_rules(line.substr(command.size() + 1));
    return "added";
  }
  words >> name >> type;
  const auto which = type_of(type);
  if (command != "count" || !which) throw std::invalid_argument("not understood: " + line);
  const auto counted = of.count(lower_case(name), *which);
  return std::to_string(counted.udp) + ' ' + std::to_string(counted.tcp);
}

void serve(server& of) {
  std::string input;
  while (true) {
    of.serve_until_readable(STDIN_FILENO);
    std::array<char, 4096> buffer;
    const auto size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size <= 0) return;
    input.append(buffer.data(), static_cast<std::size_t>(size));
    for (auto end = input.find('\n'); end != input.npos; end = input.find('\n')) {
      std::puts(reply_to(of, input.substr(0, end)).c_str());
      input.erase(0, end + 1);
    }
    std::fflush(stdout);
  }
}

std::string text_of(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (!file) throw std::runtime_error(std::string("cannot read ") + path);
  text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    // The terminal's interrupt is for the program that is tested; this one goes when its input ends.
    std::signal(SIGINT, SIG_IGN);
    // A benchmark counts on its delays: no slack for timers (prctl(2); 50 us otherwise).
    ::prctl(PR_SET_TIMERSLACK, 1);
    if (argc < 3) throw std::invalid_argument("usage: duet-test-dns SCRIPT-FILE ADDRESS:PORT...");
    script rules;
    if (std::string_view(argv[1]) != "-") rules.add(text_of(argv[1]));
    server of(std::move(rules));
    std::string ready = "ready";
    for (int i = 2; i < argc; ++i) {
      const auto where = of.listen(duet::endpoint::parse("udp://" + std::string(argv[i])));
      ready += ' ' + where.to_string().substr(sizeof("udp://") - 1);
    }
    std::puts(ready.c_str());
    std::fflush(stdout);
    serve(of);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "duet-test-dns: %s\n", error.what());
    return 1;
  }
}
