// SPDX-License-Identifier: MIT
// Printing of socket options. Applying them and reading the effective values is src/os.
#include "duet/socket_options.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "option_listing.hpp"

namespace duet {
namespace {

/// As chmod(1) takes it: "0600".
std::optional<std::string> octal(std::optional<unsigned> mode) {
  if (!mode) return std::nullopt;
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *mode, 8).ptr;
  return std::string("0").append(digits.data(), end);
}

}  // namespace

std::string to_string(const socket_options& options) {
  detail::option_listing list;
  list.add("nodelay", options.nodelay);
  list.add("keepalive", options.keepalive);
  list.add("user_timeout", options.user_timeout);
  list.add("reuse_address", options.reuse_address);
  list.add("reuse_port", options.reuse_port);
  list.add("send_buffer_bytes", options.send_buffer_bytes);
  list.add("receive_buffer_bytes", options.receive_buffer_bytes);
  list.add_unusual("backlog", options.backlog, socket_options{}.backlog);
  list.add("linger", options.linger);
  list.add("congestion_control", options.congestion_control);
  list.add("not_sent_low_water_bytes", options.not_sent_low_water_bytes);
  list.add("v6_only", options.v6_only);
  list.add("file_mode", octal(options.file_mode));
  list.add("file_owner", options.file_owner);
  list.add("file_group", options.file_group);
  return list.take();
}

}  // namespace duet
