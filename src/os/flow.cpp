// SPDX-License-Identifier: MIT
#include "duet/os/flow.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

std::string_view family_name(int family) {
  switch (family) {
    case AF_INET: return "AF_INET";
    case AF_INET6: return "AF_INET6";
    case AF_UNIX: return "AF_UNIX";
    default: return "AF_UNSPEC";
  }
}

std::string hex_port(in_port_t network_order) {
  std::array<char, 8> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), network_order, 16).ptr;
  const std::string text(digits.data(), end);
  return "0x" + std::string(4 - text.size(), '0') + text;
}

/// An endpoint's text without its scheme, for arguments of bind and connect.
std::string without_scheme(const endpoint& of) {
  const std::string text = of.to_string();
  const std::size_t colon = text.find(':') + 1;
  return text.substr(of.is_ip() ? colon + 2 : colon);
}

}  // namespace

void flow::fail(std::string_view call, std::error_code error) {
  error_ = error;
  failed_ = call;
}

unbound_socket open_unbound_socket(flow& steps, const endpoint& at, int flags,
                                   std::string_view asio) {
  std::error_code ec;
  unbound_socket made{{}, to_socket_address(at, ec)};
  if (ec) {
    steps.fail("bind", ec);
    return made;
  }
  const int type = type_of(at);
  flow attempt(steps.watcher());
  made.fd = open_socket(attempt, made.address.generic.sa_family, type, flags, asio);
  if (!made.fd && at.is_wildcard() && attempt.error() == std::errc::address_family_not_supported) {
    made.address = to_socket_address(at.with_address(address::any_v4()), ec);
    made.fd = open_socket(steps, AF_INET, type, flags, asio);
  } else if (!made.fd) {
    steps.fail("socket", attempt.error());
  }
  return made;
}

unique_fd open_socket(flow& steps, int family, int type, int flags, std::string_view asio) {
  unique_fd fd(sys::socket(family, type | SOCK_CLOEXEC | flags, 0));
  const std::error_code error = fd ? std::error_code() : sys::last_error();
  steps.took(
      "socket", fd.get(), error, [&] { return describe_socket(family, type); }, asio);
  return fd;
}

std::string describe(const socket_address& address, int type) {
  std::string text = without_scheme(to_endpoint(address, type));
  if (address.generic.sa_family == AF_INET)
    return text + " (sin_port " + hex_port(address.v4.sin_port) + ")";
  if (address.generic.sa_family == AF_INET6)
    return text + " (sin6_port " + hex_port(address.v6.sin6_port) + ")";
  return text;
}

std::string describe_socket(int family, int type) {
  const bool stream = type == SOCK_STREAM;
  std::string text(family_name(family));
  text += stream ? " SOCK_STREAM 0 (" : " SOCK_DGRAM 0 (";
  if (family == AF_UNIX) return text + (stream ? "unix)" : "unixgram)");
  return text + (stream ? "tcp)" : "udp)");
}

std::string describe_transfer(int fd, std::size_t bytes, int flags) {
  std::string text = std::to_string(fd) + ", " + std::to_string(bytes) + " bytes";
  constexpr std::pair<int, std::string_view> names[] = {
      {MSG_PEEK, "MSG_PEEK"},   {MSG_WAITALL, "MSG_WAITALL"},   {MSG_OOB, "MSG_OOB"},
      {MSG_TRUNC, "MSG_TRUNC"}, {MSG_DONTWAIT, "MSG_DONTWAIT"}, {MSG_NOSIGNAL, "MSG_NOSIGNAL"}};
  std::string_view separator = ", ";
  for (const auto& [flag, name] : names) {
    if ((flags & flag) == 0) continue;
    text += separator;
    text += name;
    separator = "|";
  }
  return text;
}

}  // namespace duet::os
