// SPDX-License-Identifier: MIT
// admission: whether a connection that has come is served: caps on how many there are, in all and from one address. It accepts nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>

#include "duet/endpoint.hpp"
#include "duet/server_options.hpp"

namespace duet::policy {

class admission {
 public:
  enum class verdict : std::uint8_t { serve, refuse_by_cap, refuse_by_address };

  admission(std::size_t max_connections, std::size_t max_per_address, cap_rule at_cap) noexcept
      : max_(max_connections), max_per_address_(max_per_address), at_cap_(at_cap) {}

  /// Whether to accept at all.
  [[nodiscard]] bool open() const noexcept { return !full() || at_cap_ == cap_rule::refuse; }

  /// One was accepted. After `serve`, leave() has to be told when it goes.
  verdict enter(const endpoint& peer) {
    if (full()) return verdict::refuse_by_cap;
    if (max_per_address_ != 0 && peer.is_ip()) {
      std::size_t& here = of_address_[key(peer)];
      if (here >= max_per_address_) return verdict::refuse_by_address;
      ++here;
    }
    ++active_;
    return verdict::serve;
  }

  /// One that was served has gone. True: accepting, which had been closed, is open again.
  bool leave(const endpoint& peer) noexcept {
    const bool was_open = open();
    --active_;
    if (max_per_address_ != 0 && peer.is_ip()) {
      const auto found = of_address_.find(key(peer));
      if (found != of_address_.end() && --found->second == 0) of_address_.erase(found);
    }
    return !was_open && open();
  }

  [[nodiscard]] std::size_t active() const noexcept { return active_; }
  /// Whether enter() and leave() look at the peer.
  [[nodiscard]] bool knows_addresses() const noexcept { return max_per_address_ != 0; }

 private:
  [[nodiscard]] bool full() const noexcept { return max_ != 0 && active_ >= max_; }

  using key_bytes = std::array<std::uint8_t, 16>;

  /// IPv4 as a dual-stack listener shows it, so that a peer is the same one wherever it came in.
  [[nodiscard]] static key_bytes key(const endpoint& peer) noexcept {
    const key_bytes bytes = peer.address().bytes();
    if (peer.address().is_v6()) return bytes;
    return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, bytes[0], bytes[1], bytes[2], bytes[3]};
  }

  std::size_t max_;
  std::size_t max_per_address_;
  cap_rule at_cap_;
  std::size_t active_ = 0;
  std::map<key_bytes, std::size_t> of_address_;
};

}  // namespace duet::policy
