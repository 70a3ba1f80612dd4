// SPDX-License-Identifier: MIT
// How a name is to be resolved, as values. Not how that is done: that is resolver.hpp of either column.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "duet/address.hpp"
#include "duet/endpoint.hpp"
#include "duet/observer.hpp"

namespace duet {

/// Which of libc's two answers is wanted: getaddrinfo(3)'s, gethostbyname(3)'s, or both to compare them.
enum class resolve_views : std::uint8_t { addrinfo, hostent, both };

struct resolve_options {
  resolve_views views = resolve_views::addrinfo;

  /// Addresses of this family only; nullopt: of both. The hostent view holds one family: without one it is IPv4, as gethostbyname's.
  std::optional<address::family> family{};

  /// What the endpoints shall be for: tcp or udp. Service names are looked up for it.
  duet::transport transport = duet::transport::tcp;

  /// How long one lookup may take, waiting for a thread included, in milliseconds; then error::timed_out. 0: as long as libc takes,
  /// which can be many minutes. Default 15 s: a dead name server costs glibc 5 s before it asks the next.
  std::chrono::milliseconds deadline{15'000};

  /// Told each step; nullptr: nobody. Outlives the lookup.
  observer* watcher = nullptr;
};

/// A pool of lookup threads.
struct lookup_pool_options {
  /// Lookups that run at once. Range: >= 1. Threads start when they are needed.
  std::size_t threads = 8;

  /// Lookups that nobody waits for any more but libc has not given up: each keeps its thread, which the pool replaces. When there are
  /// so many, new ones fail with error::name_try_again at once.
  std::size_t abandoned = 64;

  /// Answers to remember, the least recently used making room; 0: none (default). That a name does not exist or has no data is an answer
  /// too; that it cannot be told for now is not.
  std::size_t cache_entries = 0;

  /// How long an answer is remembered, in milliseconds: libc does not tell what the name server would allow.
  std::chrono::milliseconds cache_lifetime{30'000};
};

}  // namespace duet
