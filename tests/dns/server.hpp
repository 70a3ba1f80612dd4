// SPDX-License-Identifier: MIT
// server: the DNS server of tests: sockets, late answers, counts. What is answered is the script's. One thread and poll(2), so an
// answer that is late delays no other. It trusts its clients: a failing call throws. Source: RFC 1035 4.2, RFC 7766 (TCP).
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/unique_fd.hpp"
#include "message.hpp"
#include "script.hpp"

namespace duet::test::dns {

class server {
 public:
  /// How often something was asked.
  struct counts {
    unsigned udp = 0;
    unsigned tcp = 0;
  };

  explicit server(script rules) : rules_(std::move(rules)) {}

  /// Binds UDP and TCP; port 0 becomes one that both can have. Returns where.
  endpoint listen(const endpoint& at);
  void add_rules(std::string_view text) { rules_.add(text); }

  /// Serves until this descriptor is readable.
  void serve_until_readable(int fd);

  [[nodiscard]] counts count(const std::string& name, record_type type) const;
  [[nodiscard]] unsigned total() const noexcept { return total_; }

 private:
  using clock = std::chrono::steady_clock;

  struct connection {
    os::unique_fd fd;
    bytes in;
  };
  struct client {
    int fd = -1;
    bool is_tcp = false;
    os::socket_address from{};               ///< of a datagram
    clock::time_point asked = clock::now();  ///< when the kernel took the query in
  };
  struct late_answer {
    client to;
    bytes message;
  };

  [[nodiscard]] std::chrono::nanoseconds time_left() const;
  void send_due();
  void receive_datagrams(int fd);
  void accept_all(int listener);
  bool receive_stream(connection& of);
  void answer(const client& to, std::span<const std::uint8_t> query);
  static void send(const client& to, const bytes& message);

  script rules_;
  std::vector<os::unique_fd> datagrams_;
  std::vector<os::unique_fd> listeners_;
  std::map<int, connection> connections_;
  std::multimap<clock::time_point, late_answer> late_;
  std::map<std::pair<std::string, record_type>, counts> counts_;
  unsigned total_ = 0;
};

}  // namespace duet::test::dns
