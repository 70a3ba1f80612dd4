// SPDX-License-Identifier: MIT
// scripted_dns: the DNS server of tests, running, as a case sees it. The script's language is in script.hpp, the program in main.cpp.
#pragma once

#include <fstream>
#include <string>
#include <string_view>

#include "../apps/child.hpp"
#include "temporary_folder.hpp"

namespace duet::test {

class scripted_dns {
 public:
  /// Listens, by UDP and TCP, when this returns.
  explicit scripted_dns(std::string_view rules, const std::string& where = "127.0.0.1:53")
      : program_({DUET_TEST_DNS, file_with(rules), where}) {
    at_ = program_.read_line().substr(std::string_view("ready ").size());
  }
  ~scripted_dns() {
    program_.close_in();
    program_.wait();
  }
  scripted_dns(const scripted_dns&) = delete;
  scripted_dns& operator=(const scripted_dns&) = delete;

  /// "127.0.0.1:53".
  [[nodiscard]] const std::string& where() const { return at_; }

  /// A rule behind those that are there.
  void add(const std::string& rule) { ask("add " + rule); }

  /// How often it was asked so far, by UDP; by TCP; anything by either.
  int count(const std::string& name, const std::string& type) { return numbers(name, type).first; }
  int count_tcp(const std::string& name, const std::string& type) {
    return numbers(name, type).second;
  }
  int total() { return std::stoi(ask("total")); }

 private:
  std::string file_with(std::string_view rules) const {
    std::string path = folder_.fresh_path();
    std::ofstream(path) << rules;
    return path;
  }
  std::string ask(const std::string& line) {
    program_.write_in(line + '\n');
    return program_.read_line();
  }
  std::pair<int, int> numbers(const std::string& name, const std::string& type) {
    const std::string answer = ask("count " + name + ' ' + type);
    const auto blank = answer.find(' ');
    REQUIRE_MESSAGE(blank != answer.npos, answer);
    return {std::stoi(answer.substr(0, blank)), std::stoi(answer.substr(blank))};
  }

  temporary_folder folder_;
  child program_;
  std::string at_;
};

}  // namespace duet::test
