// SPDX-License-Identifier: MIT
// processes: what a program's processes are and have, seen from outside: children, zombies, and whose a TCP connection is.
// Source: proc(5), task/TID/children, stat, fd; proc_pid_net(5), tcp.
#pragma once

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "child.hpp"
#include "descriptors.hpp"
#include "raw_socket.hpp"

namespace duet::test {

/// In the order in which they came, those that nobody has waited for, too.
inline std::vector<pid_t> children_of(pid_t parent) {
  const std::string pid = std::to_string(parent);
  std::ifstream list("/proc/" + pid + "/task/" + pid + "/children");
  return {std::istream_iterator<pid_t>(list), {}};
}

/// 'R', 'S', 'T', 'Z', ...; 0 if there is no such process.
inline char state_of(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  const std::size_t name_end = text.rfind(')');
  return name_end == text.npos || name_end + 2 >= text.size() ? '\0' : text[name_end + 2];
}

inline std::vector<pid_t> zombies_of(pid_t parent) {
  std::vector<pid_t> found = children_of(parent);
  std::erase_if(found, [](pid_t each) { return state_of(each) != 'Z'; });
  return found;
}

/// Whether a program that was started here has ended. Asked without waiting; its status stays to be had.
inline bool has_ended(const child& program) {
  siginfo_t about{};
  return ::waitid(P_PID, static_cast<id_t>(program.pid()), &about, WEXITED | WNOHANG | WNOWAIT) ==
             0 &&
         about.si_pid != 0;
}

/// Waits for what no descriptor tells.
inline void until(const std::function<bool()>& true_now) {
  const auto cap = std::chrono::steady_clock::now() + patience();
  while (!true_now() && std::chrono::steady_clock::now() < cap) ::sched_yield();
  CHECK(true_now());
}

/// Of the server's end of each TCP connection over IPv4 to that port: what /proc calls its socket, by the client's port.
inline std::map<std::uint16_t, std::string> server_ends(std::uint16_t port) {
  std::array<char, 8> own{};
  std::snprintf(own.data(), own.size(), ":%04X ", static_cast<unsigned>(port));
  std::map<std::uint16_t, std::string> found;
  std::ifstream table("/proc/net/tcp");
  for (std::string line; std::getline(table, line);) {
    if (line.find(own.data()) == line.npos) continue;
    unsigned peers = 0;
    unsigned long inode = 0;
    // Number, both addresses, state, queues, timer, retransmissions, user, timeout, inode.
    constexpr const char* row = "%*d: %*8[^:]:%*x %*8[^:]:%x %*x %*x:%*x %*x:%*x %*x %*u %*d %lu";
    if (std::sscanf(line.c_str(), row, &peers, &inode) != 2) continue;
    // The clients' own rows have the port, too. One that nobody has accepted has inode 0, as all have once they are closed.
    if (peers != port && inode != 0)
      found[static_cast<std::uint16_t>(peers)] = "socket:[" + std::to_string(inode) + ']';
  }
  return found;
}

/// Which of these processes has the server's end of each connection, told by the client's port; 0 for one that none of them has.
inline std::vector<pid_t> owners_of(const std::vector<std::uint16_t>& clients,
                                    const std::vector<pid_t>& processes, std::uint16_t port) {
  std::map<std::string, pid_t> holders;
  for (const pid_t each : processes)
    for (const auto& [fd, target] : descriptors_of(each)) holders[target] = each;
  const auto look = [&] {
    const auto ends = server_ends(port);
    std::vector<pid_t> owners;
    for (const std::uint16_t each : clients) {
      const auto end = ends.find(each);
      const auto holder = end == ends.end() ? holders.end() : holders.find(end->second);
      owners.push_back(holder == holders.end() ? 0 : holder->second);
    }
    return owners;
  };
  // The table is not read in one piece: while others' connections come and go a row may be passed over.
  std::vector<pid_t> owners = look();
  for (int again = 0; again < 20 && std::ranges::count(owners, 0) > 0; ++again) owners = look();
  return owners;
}

/// A receive that takes longer than anything may is a failure.
inline void bound_waits(const raw_socket& client) {
  const timeval limit{patience().count(), 0};
  ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

/// Waits for the end of the server's end, to which nothing was sent.
inline bool has_been_ended(const raw_socket& client) {
  std::byte nothing{};
  const ssize_t size = ::recv(client.fd(), &nothing, 1, 0);
  return size == 0 || (size < 0 && errno == ECONNRESET);
}

}  // namespace duet::test
