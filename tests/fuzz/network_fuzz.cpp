// SPDX-License-Identifier: MIT
// Fuzz target of network: what is read prints canonically and reads back, and its parts fit each
// other. The input is tried as a text, and as a prefix length and bytes.
#include <algorithm>
#include <array>

#include "duet/network.hpp"
#include "fuzz.hpp"

namespace {

using duet::address;
using duet::network;
using fuzz::require;

void try_network(const network& value, const address& member) {
  const std::string text = value.to_string();
  require(network::parse(text) == value, "a network that is printed reads back", text);
  require(network::of(member, value.prefix_length()) == value, "its members make it", text);
  require(value.contains(member), "contains its member", text);
  require(value.contains(value.first()) && value.contains(value.last()), "has its ends", text);
  require(value.first() <= member && member <= value.last(), "is a range", text);
  require(value.contains(value), "contains itself", text);

  const unsigned bits = value.first().is_v4() ? 32 : 128;
  require(value.prefix_length() <= bits, "is no longer than its family", text);
  require(network::of(value.mask(), value.prefix_length())->last().bytes() ==
              network::of(value.mask(), 0)->last().bytes(),
          "the mask begins with ones", text);
  require(network::of(value.mask(), value.prefix_length())->first() == value.mask(),
          "and ends with zeros", text);

  const auto first = value.first().bytes();
  const auto host = value.host_part(member).bytes();
  const auto whole = member.bytes();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    require((first[i] | host[i]) == whole[i] && (first[i] & host[i]) == 0,
            "network part and host part make the address", text);
  }
}

void try_text(const std::string& text) {
  const auto read = network::parse(text);
  const std::size_t slash = text.find('/');
  const auto before = address::parse(text.substr(0, slash));
  if (!read) return;
  require(slash != std::string::npos && before == read->first(), "the address is the text's", text);
  require(std::to_string(read->prefix_length()) == text.substr(slash + 1), "so is the length",
          text);
  try_network(*read, read->first());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try_text(fuzz::text_of(data, size));

  if (size == 0) return 0;
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(data + 1, std::min(size - 1, bytes.size()), bytes.begin());
  const address v6 = address::v6(bytes);
  const address v4 = address::v4({bytes[0], bytes[1], bytes[2], bytes[3]});
  for (const address& member : {v4, v6}) {
    const auto made = network::of(member, data[0]);
    require(made.has_value() == (data[0] <= (member.is_v4() ? 32 : 128)), "the length is checked",
            member.to_string());
    if (made) try_network(*made, member);
  }
  return 0;
}
