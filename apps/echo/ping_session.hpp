// SPDX-License-Identifier: MIT
// ping_session: one connection of an asynchronous `ping`: it sends a message, verifies its echo, and waits for the next one's turn. When
// and how many, and what is told, is its run's business (ping_async.hpp).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/connect_options.hpp"
#include "duet/error.hpp"
#include "echo/payload.hpp"
#include "echo/ping_pace.hpp"
#include "echo/ping_report.hpp"
#include "echo/retry_pauses.hpp"

namespace duet::apps::echo {

/// `Run` is ping_async.hpp's, which outlives the handlers too: they are destroyed uncalled with the loop.
template <class Run>
class ping_session {
 public:
  using backend = typename Run::backend;
  using clock = std::chrono::steady_clock;

  static constexpr bool looked_at = true;

  ping_session(Run& run, typename backend::loop& loop, std::size_t /*ordinal*/)
      : run_(run),
        stream_(loop),
        timer_(loop),
        pace_(run.options().interval),
        pauses_(run.options().retries),
        outgoing_(std::min(run.options().message_bytes, largest_piece)),
        incoming_(outgoing_.size()) {}

  /// Connects ahead of the first message. As long as the server was never there, it may take some more attempts.
  template <class Then>
  void connect(Then then) {
    backend::async_connect(stream_, run_.options().to, run_.connecting(),
                           [this, then = std::move(then)](std::error_code ec) {
                             if (run_.stopping()) return;
                             const auto pause =
                                 ec && !run_.was_connected() ? pauses_.next(ec) : std::nullopt;
                             if (pause) {
                               timer_.expires_after(*pause);
                               timer_.async_wait([this, then](std::error_code) { connect(then); });
                               return;
                             }
                             if (!ec) connected();
                             then(ec);
                           });
  }

  /// Sends the next message when its time has come, or ends.
  void proceed() {
    if (run_.stopping()) return;
    if (run_.report().enough()) return run_.over();
    const auto wait = pace_.wait(clock::now());
    if (wait.count() == 0) return begin();
    timer_.expires_after(wait);
    timer_.async_wait([this](std::error_code) { proceed(); });
  }

  /// Gives a message up whose reply is overdue. Called now and then: a timer of its own would cost a system call a message.
  void look_at(clock::time_point now, std::chrono::nanoseconds deadline) {
    if (in_flight() && now - began_ >= deadline) fail(error::timed_out);
  }

 private:
  static constexpr std::size_t largest_piece = 64 * 1024;

  [[nodiscard]] bool in_flight() const noexcept { return pending_ > 0; }
  [[nodiscard]] std::size_t size() const { return run_.options().message_bytes; }

  void connected() {
    std::error_code unknown;
    const endpoint at = stream_.remote_endpoint(unknown);
    run_.connected();
    server_ = unknown ? run_.options().to.to_string() : at.to_string();
  }

  void begin() {
    number_ = run_.report().sending();
    began_ = clock::now();
    pace_.began(began_);
    failure_ = {};
    difference_.reset();
    if (stream_.is_open()) return exchange();
    ++pending_;
    connect([this](std::error_code ec) {
      --pending_;
      if (!failure_) failure_ = ec;
      if (!failure_) return exchange();
      if (!run_.gives_up(failure_)) settle();
    });
  }

  void exchange() {
    written_ = read_ = 0;
    pending_ += 2;
    write();
    read();
  }

  void write() {
    const std::span piece =
        std::span(outgoing_).first(std::min(outgoing_.size(), size() - written_));
    fill_payload(number_, written_, piece);
    stream_.async_write(piece, [this](std::error_code ec, std::size_t moved) {
      if (run_.stopping()) return;
      written_ += moved;
      if (ec) fail(ec);
      if (failure_ || written_ == size()) return half_done();
      write();
    });
  }

  void read() {
    const std::span piece = std::span(incoming_).first(std::min(incoming_.size(), size() - read_));
    stream_.async_read_some(piece, [this](std::error_code ec, std::size_t moved) {
      if (run_.stopping()) return;
      if (ec) fail(ec);
      if (failure_) return half_done();
      const auto now = clock::now();
      if (!difference_)
        difference_ = verify_payload(number_, read_, std::span(incoming_).first(moved));
      read_ += moved;
      if (read_ < size()) return read();
      ended_ = now;
      half_done();
    });
  }

  void fail(std::error_code why) {
    if (!failure_) failure_ = why;
    stream_.close();
  }

  /// Writing or reading is over; the message is once both are, for a direction that is still in flight cannot be used again.
  void half_done() {
    if (--pending_ == 0) settle();
  }

  void settle() {
    if (failure_) {
      run_.report().lost(number_, server_.empty() ? run_.options().to.to_string() : server_,
                         failure_);
    } else if (difference_) {
      run_.report().damaged(number_, server_, *difference_);
    } else {
      run_.report().replied(number_, server_, ended_ - began_);
    }
    const bool good = !failure_ && !difference_;
    // After a bad reply nobody knows where the next one would begin.
    if (!good || run_.options().reconnect) stream_.close();
    pace_.ended(clock::now(), !failure_);
    run_.settled();
    proceed();
  }

  Run& run_;
  typename backend::stream stream_;
  typename backend::timer timer_;
  ping_pace pace_;
  retry_pauses pauses_;
  std::vector<std::byte> outgoing_;
  std::vector<std::byte> incoming_;
  std::string server_;
  int pending_ = 0;
  std::uint64_t number_ = 0;
  std::size_t written_ = 0;
  std::size_t read_ = 0;
  clock::time_point began_{};
  clock::time_point ended_{};
  std::error_code failure_;
  std::optional<difference> difference_;
};

}  // namespace duet::apps::echo
