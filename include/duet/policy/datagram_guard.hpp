// SPDX-License-Identifier: MIT
// datagram_guard: which datagrams an echo server may answer. Two such servers bounce one datagram for ever, and a forged source makes one an
// amplifier of somebody's flood: so not everything is answered, and nobody too often. It sends nothing and reads no clock.
// Source: RFC 862; CERT advisory CA-1996-01.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "duet/policy/token_bucket.hpp"

namespace duet::policy {

enum class datagram_verdict : std::uint8_t {
  answer,
  truncated,  ///< part of it is lost: a prefix is no echo
  to_many,    ///< sent to a group or broadcast: everybody would answer
  nameless,   ///< the sender cannot be answered
  looping,  ///< from a port where a service of this kind may be: 0, below 1024, or the server's own
  limited,  ///< its source has had its share
};

/// What the guard has to know of a datagram.
struct datagram_question {
  bool truncated = false;
  bool to_many = false;
  bool nameless = false;
  bool has_ports = true;  ///< false: UNIX
  std::uint16_t peer_port = 0;
  std::uint16_t own_port = 0;
  /// A hash of the sender's address, port and all, with a secret of the server's in it.
  std::uint64_t source = 0;
  /// Datagrams in it, if the kernel coalesced some.
  std::uint32_t count = 1;
};

/// Sources share buckets when their hashes meet: 4096 of them in 32 KiB, whoever and however many send.
class datagram_guard {
 public:
  struct options {
    bool enabled = true;  ///< false: for benchmarks; only what cannot be answered is not
    token_rate rate{};
  };

  explicit datagram_guard(const options& how) : how_(how) {
    if (how_.enabled) buckets_ = std::make_unique<bucket_array>();
  }

  [[nodiscard]] datagram_verdict judge(const datagram_question& about,
                                       token_bucket::time_point now) noexcept {
    if (about.truncated) return datagram_verdict::truncated;
    if (about.to_many) return datagram_verdict::to_many;
    if (about.nameless) return datagram_verdict::nameless;
    if (!how_.enabled) return datagram_verdict::answer;
    if (about.has_ports && (about.peer_port < first_user_port || about.peer_port == about.own_port))
      return datagram_verdict::looping;
    token_bucket& bucket = (*buckets_)[about.source % buckets_->size()];
    return bucket.take(how_.rate, now, about.count) ? datagram_verdict::answer
                                                    : datagram_verdict::limited;
  }

 private:
  static constexpr std::uint16_t first_user_port = 1024;
  using bucket_array = std::array<token_bucket, 4096>;

  options how_;
  std::unique_ptr<bucket_array> buckets_;
};

}  // namespace duet::policy
