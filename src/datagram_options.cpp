// SPDX-License-Identifier: MIT
// Printing of a datagram socket's options. Applying them and reading the effective values is src/os.
#include "duet/datagram_options.hpp"

#include <string_view>
#include <utility>

#include "option_listing.hpp"

namespace duet {
namespace {

std::string names_of(const datagram_metadata& wanted) {
  const std::pair<bool, std::string_view> facts[] = {{wanted.local_address, "local_address"},
                                                     {wanted.receive_time, "receive_time"},
                                                     {wanted.drop_count, "drop_count"},
                                                     {wanted.hops, "hops"},
                                                     {wanted.traffic_class, "traffic_class"}};
  std::string text;
  for (const auto& [asked, name] : facts) {
    if (!asked) continue;
    if (!text.empty()) text += ',';
    text += name;
  }
  return text;
}

}  // namespace

std::string to_string(const datagram_options& options) {
  const datagram_options usual;
  detail::option_listing list(to_string(options.socket));
  list.add_unusual("metadata", names_of(options.metadata), std::string());
  list.add("hops", options.hops);
  list.add("traffic_class", options.traffic_class);
  list.add("multicast_hops", options.multicast_hops);
  list.add("multicast_loop", options.multicast_loop);
  list.add("multicast_interface", options.multicast_interface);
  list.add_unusual("multicast_all", options.multicast_all, usual.multicast_all);
  list.add("broadcast", options.broadcast);
  list.add("device", options.device);
  list.add("segment_bytes", options.segment_bytes);
  list.add_unusual("coalesce", options.coalesce, usual.coalesce);
  list.add_unusual("batch_size", options.batch_size, usual.batch_size);
  list.add_unusual("max_datagram_bytes", options.max_datagram_bytes, usual.max_datagram_bytes);
  return list.take();
}

}  // namespace duet
