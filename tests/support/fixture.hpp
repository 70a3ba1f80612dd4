// SPDX-License-Identifier: MIT
// The stage of a conformance case: a loop of one column, handlers that keep books, and the end that every case has to come to: all
// handlers called exactly once, no work left, no socket file left, as many descriptors open as before.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "backends.hpp"
#include "bytes.hpp"
#include "calls.hpp"
#include "descriptors.hpp"
#include "duet/connect_options.hpp"
#include "temporary_folder.hpp"

namespace duet::test {

/// What an operation ended with, for fixture::into.
struct result {
  bool done = false;
  std::error_code ec;
  std::size_t size = 0;
};

/// The handler behind fixture::into, of one type in every row.
struct store {
  void operator()(std::error_code ec) const { *to = {true, ec, 0}; }
  void operator()(std::error_code ec, std::size_t size) const { *to = {true, ec, size}; }
  result* to;
};

/// So small that a write of any size comes to wait.
inline socket_options small_buffers() {
  socket_options options;
  options.send_buffer_bytes = 4096;
  options.receive_buffer_bytes = 4096;
  options.nodelay = true;
  return options;
}

/// A bound on hanging, not on speed.
inline constexpr std::chrono::seconds cap{15};

template <class Backend, class Transport = tcp>
class fixture {
 public:
  using loop_type = typename Backend::loop;
  using stream = typename Backend::stream;
  using listener = typename Backend::listener;

  fixture() : before_(open_descriptors()), loop_(std::make_unique<loop_type>()) {}
  fixture(const fixture&) = delete;
  fixture& operator=(const fixture&) = delete;
  /// Objects of the case are declared after the fixture, so they are gone when it ends.
  ~fixture() {
    if (std::uncaught_exceptions() > 0) return;
    if (loop_) check_no_work_left();
    calls.check_all_called_once();
    loop_.reset();
    for (const std::string& each : folder.files()) FAIL_CHECK("a file is left: ", each);
    check_no_descriptor_left();
  }

  [[nodiscard]] loop_type& loop() { return *loop_; }
  /// Ends the loop before its objects' work is done: handlers not called so far never may be.
  void destroy_loop() { loop_.reset(); }

  /// Where to listen.
  [[nodiscard]] endpoint anywhere() const { return Transport::anywhere(folder); }

  template <class Function>
  [[nodiscard]] auto once(std::string what, Function function) {
    return calls.once(std::move(what), std::move(function));
  }

  /// A handler that puts down how the operation ended.
  [[nodiscard]] auto into(result& to, std::string what) {
    return once(std::move(what), store{&to});
  }

  /// Runs the loop until `condition()` holds; fails if that takes longer than the cap, or if nothing is left that could bring it about.
  template <class Condition>
  void run_until(Condition&& condition) {
    const auto until = clock::now() + cap;
    while (!condition()) {
      loop_->restart();
      const std::size_t ran = loop_->run_one_for(until - clock::now());
      if (ran > 0 || condition()) continue;
      if (clock::now() >= until) FAIL("still not after ", cap.count(), " s");
      FAIL("no work is left that could make it so");
    }
  }
  void run_until_all_called() {
    run_until([&] { return calls.open() == 0; });
  }
  /// Runs what is ready until nothing is, without waiting.
  void run_ready() {
    do loop_->restart();
    while (loop_->poll() > 0);
  }

  /// Two streams connected to each other through a listener: first the accepted one, second the connecting one.
  std::pair<stream, stream> connected_pair(const socket_options& options = {}) {
    listener door(loop());
    door.listen(anywhere(), options);
    std::pair<stream, stream> pair{stream(loop()), stream(loop())};
    int arrived = 0;
    door.async_accept(once("accept of a pair", [&](std::error_code ec, stream accepted) {
      CHECK_FALSE(ec);
      pair.first = std::move(accepted);
      ++arrived;
    }));
    connect_options how;
    how.socket = options;
    Backend::async_connect(pair.second, door.local_endpoint(), how,
                           once("connect of a pair", [&](std::error_code ec) {
                             CHECK_FALSE(ec);
                             ++arrived;
                           }));
    run_until([&] { return arrived == 2; });
    return pair;
  }

  void check_no_work_left() {
    loop_->restart();
    loop_->run_for(cap);
    CHECK_MESSAGE(loop_->stopped(), "work is left at the end");
  }
  void check_no_descriptor_left() const {
    if (abandons) return;
    // A lookup that was cancelled ends on its own thread in its own time; everything else is closed already.
    const auto until = clock::now() + cap;
    std::string left = opened_since(before_);
    while (lookups && !left.empty() && clock::now() < until) {
      std::this_thread::yield();
      left = opened_since(before_);
    }
    CHECK_MESSAGE(left.empty(), "descriptors are left: ", left);
  }

  call_book calls;
  temporary_folder folder;
  bool lookups = false;   ///< set by cases that resolve names
  bool abandons = false;  ///< set by cases that leave lookups stuck: libc keeps their sockets

 private:
  using clock = std::chrono::steady_clock;

  descriptor_map before_;
  std::unique_ptr<loop_type> loop_;
};

template <class Row>
using fixture_of = fixture<typename Row::backend, typename Row::transport>;

}  // namespace duet::test
