// SPDX-License-Identifier: MIT
// Printing of socket options. Applying them and reading the effective values is src/os.
#include "duet/socket_options.hpp"

#include "option_listing.hpp"

namespace duet {

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
  return list.take();
}

}  // namespace duet
