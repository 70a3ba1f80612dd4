// SPDX-License-Identifier: MIT
// firewall: loopback with rules, in a network namespace of its own; the machine's stay as they are. Source: nft(8).
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "../apps/child.hpp"
#include "private_host.hpp"
#include "skip.hpp"

namespace duet::test {

/// Loopback with rules. Made before the loop, for the sockets that a loop has stay in the namespace they were made in.
class firewall {
 public:
  firewall() : refusal_(host_.refusal()) {
    for (const char* const where : {"nft", "/usr/sbin/nft"})
      if (nft_.empty() && have_program(where)) nft_ = where;
    if (nft_.empty()) {
      refusal_ = "nft is not installed";
    } else if (refusal_.empty()) {
      refusal_ = apply(
          "table inet duet {\n"
          "chain in { type filter hook input priority 0; }\n"
          "chain out { type filter hook output priority 0; }\n}\n");
    }
  }

  /// Why there is none; empty if there is.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

  /// "out" or "in", and the rule: "udp dport 9 drop".
  void add(const std::string& chain, const std::string& rule) const {
    const std::string said = apply("add rule inet duet " + chain + " " + rule + "\n");
    REQUIRE_MESSAGE(said.empty(), said);
  }

 private:
  [[nodiscard]] std::string apply(const std::string& rules) const {
    const outcome done = run({nft_, "-f", "-"}, rules);
    return done.result == 0 ? std::string() : "nft: " + done.err;
  }

  private_host host_;
  std::string nft_;
  std::string refusal_;
};

}  // namespace duet::test

#define DUET_NEEDS_FIREWALL(rules) \
  if (!(rules).refusal().empty()) DUET_SKIP((rules).refusal().c_str())
