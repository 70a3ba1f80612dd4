// SPDX-License-Identifier: MIT
// lossy_echo: an echo server of datagrams with a bad way in front of it: by a seeded die it drops, doubles, swaps and damages replies, and
// holds some back until it is told. It counts what an echo client has to count. A plain socket; whoever owns it says when it serves.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "duet/datagram_echo_options.hpp"
#include "duet/policy/datagram_probe.hpp"
#include "raw_datagram.hpp"

namespace duet::test {

enum class fate { echoed, dropped, doubled, swapped, damaged, held };

/// In percent; the rest is echoed.
struct fate_odds {
  unsigned dropped = 0;
  unsigned doubled = 0;
  unsigned swapped = 0;
  unsigned damaged = 0;
  unsigned held = 0;
};

class lossy_echo {
 public:
  lossy_echo(const endpoint& at, const fate_odds& odds, unsigned seed = 1)
      : socket_(raw_datagram::bound(at)), odds_(odds), die_(seed) {}

  [[nodiscard]] int fd() const { return socket_.fd(); }
  [[nodiscard]] endpoint where() const { return socket_.local_endpoint(); }

  /// Receives one, waiting for it, and answers as fate will have it. What was swapped goes behind the answer to the next one, and when
  /// `total` have come at the latest.
  void serve_one(std::uint64_t total) {
    auto got = socket_.receive();
    ++come_;
    switch (next_fate()) {
      case fate::dropped: ++counts_.lost; break;
      case fate::held: held_.push_back(std::move(got)); break;
      case fate::swapped:
        swapped_.push_back(std::move(got));
        if (come_ < total) return;
        break;
      case fate::damaged: answer_damaged(std::move(got)); break;
      case fate::doubled:
        answer(got);
        answer(got);
        ++counts_.duplicates;
        break;
      case fate::echoed: answer(got); break;
    }
    for (const auto& each : std::exchange(swapped_, {})) answer(each);
  }

  /// Answers what it held.
  void release() {
    for (const auto& each : std::exchange(held_, {})) {
      socket_.send_to(each.bytes, each.peer);
      ++counts_.late;
      ++counts_.lost;
    }
  }
  [[nodiscard]] bool holds() const { return !held_.empty(); }

  /// What a client has to have counted in the end.
  [[nodiscard]] reply_counts expected() const {
    reply_counts all = counts_;
    all.sent = come_;
    all.received = come_ - all.lost - held_.size();
    return all;
  }

 private:
  fate next_fate() {
    unsigned roll = static_cast<unsigned>(die_() % 100);
    for (const auto& [percent, what] :
         {std::pair(odds_.dropped, fate::dropped), std::pair(odds_.doubled, fate::doubled),
          std::pair(odds_.swapped, fate::swapped), std::pair(odds_.damaged, fate::damaged),
          std::pair(odds_.held, fate::held)}) {
      if (roll < percent) return what;
      roll -= percent;
    }
    return fate::echoed;
  }

  void answer(const raw_datagram::received& to) {
    socket_.send_to(to.bytes, to.peer);
    const std::uint64_t number = policy::read_probe(to.bytes).value_or(0);
    if (number < highest_) ++counts_.reordered;
    highest_ = std::max(highest_, number);
  }

  void answer_damaged(raw_datagram::received to) {
    const std::size_t at = die_() % to.bytes.size();
    to.bytes[at] ^= std::byte{1} << (die_() % 8);
    socket_.send_to(to.bytes, to.peer);
    ++counts_.bad;
    ++counts_.lost;
  }

  raw_datagram socket_;
  fate_odds odds_;
  std::mt19937 die_;
  std::vector<raw_datagram::received> swapped_;
  std::vector<raw_datagram::received> held_;
  std::uint64_t come_ = 0;
  std::uint64_t highest_ = 0;
  reply_counts counts_;
};

}  // namespace duet::test
