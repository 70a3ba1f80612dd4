// SPDX-License-Identifier: MIT
#include "server.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace duet::test::dns {

namespace {

ssize_t checked(ssize_t result, const char* call) {
  if (result < 0) throw std::system_error(errno, std::system_category(), call);
  return result;
}

os::unique_fd bound_socket(const endpoint& at, int type) {
  std::error_code ec;
  const os::socket_address address = os::to_socket_address(at, ec);
  if (ec) throw std::system_error(ec, at.to_string());
  os::unique_fd fd(static_cast<int>(
      checked(::socket(os::family_of(at), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket")));
  // Hundreds of queries may come at once, and one that is lost costs its asker seconds.
  const int room = 1 << 20;
  checked(::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)), "setsockopt");
  const int on = 1;
  if (type == SOCK_DGRAM)
    checked(::setsockopt(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)), "setsockopt");
  if (type == SOCK_STREAM)
    checked(::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "setsockopt");
  checked(::bind(fd.get(), &address.generic, address.size), "bind");
  return fd;
}

/// When the kernel took a datagram in (socket(7), SO_TIMESTAMPNS): a delay counts from there, however long the datagram then waits in line.
std::chrono::steady_clock::time_point arrival_of(msghdr& message) {
  const auto now = std::chrono::steady_clock::now();
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr;
       each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec at{};
    std::memcpy(&at, CMSG_DATA(each), sizeof(at));
    const auto since_epoch = std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec);
    const std::chrono::nanoseconds waited =
        std::chrono::system_clock::now().time_since_epoch() - since_epoch;
    // The clock of the day may be set in between.
    return now - std::clamp<std::chrono::nanoseconds>(waited, {}, std::chrono::seconds(1));
  }
  return now;
}

bytes framed(const bytes& message) {
  bytes all{static_cast<std::uint8_t>(message.size() >> 8),
            static_cast<std::uint8_t>(message.size())};
  all.insert(all.end(), message.begin(), message.end());
  return all;
}

/// An answer to the same question that must not be believed: its id is another, and so is its address.
bytes false_answer(question to) {
  to.id = static_cast<std::uint16_t>(to.id + 1);
  response lie;
  lie.answers.push_back(address_record(
      to.name, to.type == record_type::aaaa ? address::loopback_v6() : address::v4({6, 6, 6, 6})));
  return write_response(to, lie);
}

}  // namespace

endpoint server::listen(const endpoint& at) {
  // The port that the kernel gives to UDP may be taken for TCP.
  constexpr int tries = 100;
  for (int i = 0;; ++i) {
    os::unique_fd udp = bound_socket(at, SOCK_DGRAM);
    std::error_code ec;
    endpoint where = os::local_endpoint(udp.get(), SOCK_DGRAM, ec);
    try {
      os::unique_fd tcp = bound_socket(where, SOCK_STREAM);
      checked(::listen(tcp.get(), 128), "listen");
      datagrams_.push_back(std::move(udp));
      listeners_.push_back(std::move(tcp));
      return where;
    } catch (const std::system_error& error) {
      if (at.port() != 0 || error.code() != std::errc::address_in_use || i == tries) throw;
    }
  }
}

server::counts server::count(const std::string& name, record_type type) const {
  const auto found = counts_.find({name, type});
  return found == counts_.end() ? counts{} : found->second;
}

/// Until the next late answer is due.
std::chrono::nanoseconds server::time_left() const {
  return std::max(std::chrono::nanoseconds(late_.begin()->first - clock::now()),
                  std::chrono::nanoseconds(0));
}

void server::serve_until_readable(int fd) {
  while (true) {
    std::vector<pollfd> wanted{{fd, POLLIN, 0}};
    for (const auto& each : datagrams_) wanted.push_back({each.get(), POLLIN, 0});
    for (const auto& each : listeners_) wanted.push_back({each.get(), POLLIN, 0});
    for (const auto& [number, each] : connections_) wanted.push_back({number, POLLIN, 0});
    // In nanoseconds: rounded to milliseconds all answers would be late by half of one.
    timespec timeout{};
    if (!late_.empty()) {
      const auto left = time_left();
      const auto whole = std::chrono::floor<std::chrono::seconds>(left);
      timeout = {whole.count(), (left - whole).count()};
    }
    const int ready =
        ::ppoll(wanted.data(), wanted.size(), late_.empty() ? nullptr : &timeout, nullptr);
    if (ready < 0 && errno != EINTR) checked(ready, "poll");
    send_due();
    if (ready <= 0) continue;
    for (std::size_t i = 1; i < wanted.size(); ++i) {
      if (wanted[i].revents == 0) continue;
      if (i <= datagrams_.size()) {
        receive_datagrams(wanted[i].fd);
      } else if (i <= datagrams_.size() + listeners_.size()) {
        accept_all(wanted[i].fd);
      } else if (!receive_stream(connections_.at(wanted[i].fd))) {
        connections_.erase(wanted[i].fd);
      }
    }
    // Last: what was asked before the descriptor became readable has been counted then.
    if (wanted[0].revents != 0) return;
  }
}

void server::send_due() {
  while (!late_.empty() && late_.begin()->first <= clock::now()) {
    const auto due = late_.extract(late_.begin());
    const client& to = due.mapped().to;
    if (!to.is_tcp || connections_.contains(to.fd)) send(to, due.mapped().message);
  }
}

void server::receive_datagrams(int fd) {
  std::array<std::uint8_t, 4096> buffer;
  while (true) {
    client from{fd, false, {}};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(timespec))> control;
    iovec piece{buffer.data(), buffer.size()};
    msghdr message{&from.from.generic, from.from.capacity, &piece, 1,
                   control.data(),     control.size(),     0};
    const ssize_t size = ::recvmsg(fd, &message, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    checked(size, "recvmsg");
    from.from.size = message.msg_namelen;
    from.asked = arrival_of(message);
    answer(from, std::span(buffer).first(static_cast<std::size_t>(size)));
  }
}

void server::accept_all(int listener) {
  while (true) {
    // Blocking: an answer of 64 KiB may have to wait for its reader.
    os::unique_fd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) return;
    const int number = fd.get();
    connections_.insert_or_assign(number, connection{std::move(fd), {}});
  }
}

/// False at the connection's end.
bool server::receive_stream(connection& of) {
  std::array<std::uint8_t, 4096> buffer;
  const ssize_t size = ::recv(of.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (size <= 0) return false;
  of.in.insert(of.in.end(), buffer.begin(), buffer.begin() + size);
  constexpr std::size_t prefix = 2;
  while (of.in.size() >= prefix) {
    const auto length = static_cast<std::size_t>(of.in[0] << 8 | of.in[1]);
    if (of.in.size() < prefix + length) break;
    const bytes query(of.in.begin() + prefix,
                      of.in.begin() + static_cast<std::ptrdiff_t>(prefix + length));
    of.in.erase(of.in.begin(), of.in.begin() + static_cast<std::ptrdiff_t>(prefix + length));
    answer(client{of.fd.get(), true, {}}, query);
  }
  return true;
}

void server::answer(const client& to, std::span<const std::uint8_t> query) {
  const auto asked = read_query(query);
  if (!asked) return;
  counts& counted = counts_[{asked->name, asked->type}];
  ++(to.is_tcp ? counted.tcp : counted.udp);
  ++total_;

  verdict made = rules_.judge(*asked);
  static const rule none;
  const rule& how = made.first != nullptr ? *made.first : none;
  if (how.wrong_id) send(to, false_answer(*asked));
  if (how.garbage) send(to, bytes(40, 0xa5));
  if (made.silent || (to.is_tcp && how.tcp_silent)) return;
  bytes message = write_response(*asked, made.answer);
  if (!to.is_tcp && (how.truncate || message.size() > largest_udp_answer)) {
    made.answer.truncated = true;
    message = write_response(*asked, made.answer);
  }
  if (how.delay.count() > 0) {
    late_.emplace(to.asked + how.delay, late_answer{to, std::move(message)});
  } else {
    send(to, message);
  }
}

/// A client that has gone is no error.
void server::send(const client& to, const bytes& message) {
  if (to.is_tcp) {
    const bytes all = framed(message);
    std::span<const std::uint8_t> rest(all);
    while (!rest.empty()) {
      const ssize_t size = ::send(to.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return;
      rest = rest.subspan(static_cast<std::size_t>(size));
    }
    return;
  }
  ::sendto(to.fd, message.data(), message.size(), MSG_NOSIGNAL, &to.from.generic, to.from.size);
}

}  // namespace duet::test::dns
