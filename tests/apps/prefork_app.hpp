// SPDX-License-Identifier: MIT
// prefork_app: `duet-echo serve --model prefork` as its tests have it: two workers that serve, and who they are.
#pragma once

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "echo_app.hpp"
#include "raw_socket.hpp"

namespace duet::test {

/// How often the part is there.
inline std::size_t times_in(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// Two workers that serve.
template <class Row>
struct two_workers : running_server {
  explicit two_workers(const arguments& endpoints = {"tcp://127.0.0.1:0"},
                       const arguments& more = {})
      : running_server(words(endpoints, more), endpoints.size()) {
    program.wait_for_err("all ready");
  }
  static arguments words(arguments endpoints, const arguments& more) {
    endpoints.insert(endpoints.end(), {"--workers", "2", "--restart-pause", "1ms"});
    endpoints.insert(endpoints.end(), more.begin(), more.end());
    return command_line<Row>("serve", endpoints);
  }

  /// Waits until something was told so often.
  void wait_for_count(std::string_view text, std::size_t times) {
    program.wait_until([&] { return times_in(program.err(), text) >= times; }, text);
  }
  /// Who serves: the last that was ready at each place.
  [[nodiscard]] std::vector<pid_t> workers(int places = 2) const {
    std::vector<pid_t> all;
    for (int each = 0; each < places; ++each) all.push_back(worker(each));
    return all;
  }
  /// The last that was ready at that place.
  [[nodiscard]] pid_t worker(int place) const {
    const std::string start = "worker " + std::to_string(place) + " (pid ";
    pid_t pid = 0;
    for (std::size_t begin = program.err().find(start); begin != std::string::npos;
         begin = program.err().find(start, begin + 1)) {
      const std::string_view rest = std::string_view(program.err()).substr(begin + start.size());
      if (rest.substr(rest.find(')'), 8) == ") ready\n") pid = std::stoi(std::string(rest));
    }
    REQUIRE(pid > 0);
    return pid;
  }
};

/// One byte there and back.
inline bool still_echoes(const raw_socket& client) {
  const std::byte one{1};
  if (::send(client.fd(), &one, 1, MSG_NOSIGNAL) != 1) return false;
  std::byte back{};
  return ::recv(client.fd(), &back, 1, 0) == 1;
}

}  // namespace duet::test
