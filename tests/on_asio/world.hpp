// SPDX-License-Identifier: MIT
// world: the io_context of one test case and what the case must leave behind: every handler called exactly once and destroyed exactly
// once, no work, no descriptor. Handlers are `probe`s, move-only on purpose.
#pragma once

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <system_error>
#include <type_traits>
#include <utility>

#include "bytes.hpp"
#include "descriptors.hpp"
#include "duet/on_asio/stream.hpp"
#include "duet/os/unique_fd.hpp"

namespace duet::test {

using on_asio::stream;

/// What became of a handler.
struct fate {
  int called = 0;
  int destroyed = 0;
  std::error_code error;
  std::size_t size = 0;
};

class probe {
 public:
  explicit probe(fate& of) noexcept : of_(&of) {}
  probe(probe&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  probe& operator=(probe&&) = delete;
  ~probe() {
    if (of_ != nullptr) ++of_->destroyed;
  }

  template <class... Rest>
  void operator()(std::error_code error, Rest&&... rest) {
    REQUIRE(of_ != nullptr);
    ++of_->called;
    of_->error = error;
    if constexpr ((std::is_same_v<std::decay_t<Rest>, std::size_t> && ...))
      ((of_->size = rest), ...);
  }

 private:
  fate* of_;
};

/// Runs `context` until `done()`; fails after 15 s, or when nothing is left to run.
template <class Done>
void run_until(asio::io_context& context, Done done) {
  const auto cap = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  while (!done()) {
    if (context.stopped()) context.restart();
    if (context.run_one_until(cap) == 0) FAIL("nothing left to run, or 15 s over");
  }
}

/// Two ends of a UNIX stream, as descriptors.
inline std::pair<os::unique_fd, os::unique_fd> descriptor_pair() {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
  return {os::unique_fd(ends[0]), os::unique_fd(ends[1])};
}

template <class Stream = stream, class Executor>
std::pair<Stream, Stream> connected_pair(const Executor& executor) {
  auto ends = descriptor_pair();
  std::pair<Stream, Stream> streams{Stream(executor), Stream(executor)};
  streams.first.assign(std::move(ends.first));
  streams.second.assign(std::move(ends.second));
  return streams;
}

/// Checks at the end of its life that no descriptor is open that was not when it began.
class descriptor_check {
 public:
  descriptor_check() = default;
  descriptor_check(const descriptor_check&) = delete;
  descriptor_check& operator=(const descriptor_check&) = delete;
  ~descriptor_check() {
    if (std::uncaught_exceptions() == 0) CHECK(opened_since(before_) == "");
  }

 private:
  descriptor_map before_ = open_descriptors();
};

/// Declare it first: what a case makes on `context` is gone before it.
class world {
  descriptor_check descriptors_;
  std::deque<fate> fates_;
  bool abandoned_ = false;

 public:
  asio::io_context other;  ///< to bind handlers to
  asio::io_context context;

  world() = default;
  world(const world&) = delete;
  world& operator=(const world&) = delete;
  ~world() {
    if (std::uncaught_exceptions() > 0 || abandoned_) return;
    settle();
    CHECK_MESSAGE(context.stopped(), "work is left");
    CHECK_MESSAGE(other.stopped(), "work is left on the other context");
    for (const fate& each : fates_) {
      CHECK(each.called == 1);
      CHECK(each.destroyed == 1);
    }
  }

  /// A handler that must be called before the case ends.
  fate& expect() { return fates_.emplace_back(); }

  /// The contexts go as they are.
  void abandon() { abandoned_ = true; }

  template <class Stream = stream>
  std::pair<Stream, Stream> pair() {
    return connected_pair<Stream>(context.get_executor());
  }

  template <class Done>
    requires std::is_invocable_r_v<bool, Done>
  void until(Done done) {
    run_until(context, std::move(done));
  }
  void until(const fate& called) {
    run_until(context, [&] { return called.called > 0; });
  }

  /// Runs what is due on both contexts.
  void settle() {
    std::size_t ran = 0;
    do {
      if (context.stopped()) context.restart();
      if (other.stopped()) other.restart();
      ran = context.poll();
      ran += other.poll();
    } while (ran > 0);
  }
};

}  // namespace duet::test
