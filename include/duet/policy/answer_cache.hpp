// SPDX-License-Identifier: MIT
// answer_cache: answers remembered for a while, a bounded number of them; the least recently used makes room. It asks nobody and reads no
// clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <utility>

namespace duet::policy {

/// `Key` is ordered. Threads: one at a time.
template <class Key, class Value>
class answer_cache {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// At most `entries` (0: remembers nothing), each for `lifetime` from when it was stored.
  answer_cache(std::size_t entries, std::chrono::nanoseconds lifetime)
      : most_(entries), lifetime_(lifetime) {}

  /// The answer, now the most recently used; nullptr: none that is still good. Valid until the next call.
  [[nodiscard]] const Value* find(const Key& key, time_point now) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    const auto at = found->second;
    if (now - at->stored >= lifetime_) {
      order_.erase(at);
      by_key_.erase(found);
      return nullptr;
    }
    order_.splice(order_.begin(), order_, at);
    return &at->value;
  }

  void store(const Key& key, Value value, time_point now) {
    if (most_ == 0) return;
    if (const auto known = by_key_.find(key); known != by_key_.end()) {
      order_.erase(known->second);
      by_key_.erase(known);
    } else if (by_key_.size() == most_) {
      by_key_.erase(order_.back().key);
      order_.pop_back();
    }
    order_.push_front({key, std::move(value), now});
    by_key_.emplace(key, order_.begin());
  }

  [[nodiscard]] std::size_t size() const noexcept { return by_key_.size(); }

 private:
  struct entry {
    Key key;
    Value value;
    time_point stored;
  };

  std::size_t most_;
  std::chrono::nanoseconds lifetime_;
  std::list<entry> order_;
  std::map<Key, typename std::list<entry>::iterator> by_key_;
};

}  // namespace duet::policy
