// SPDX-License-Identifier: MIT
// datagram_echo_core: the datagram echo server of the Asio column: a batch in, os::datagram_answers says what is answered, a batch out.
#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <system_error>
#include <utility>

#include "duet/datagram_echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_asio/datagram.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/os/datagram_answers.hpp"

namespace duet::on_asio::detail {

/// One socket with its memory.
struct datagram_echo_door {
  datagram_echo_door(const loop::executor_type& executor, const datagram_echo_options& how,
                     const datagram_options& options)
      : socket(executor), received(options), replies(options), answers(how) {}
  datagram_socket socket;
  incoming_batch received;
  outgoing_batch replies;
  os::datagram_answers answers;
};

class datagram_echo_core : public std::enable_shared_from_this<datagram_echo_core> {
 public:
  datagram_echo_core(const loop::executor_type& executor, const datagram_echo_options& options)
      : executor_(executor), options_(options), socket_options_(os::echo_socket_options(options)) {}

  endpoint listen(const endpoint& at) {
    return open([&](datagram_echo_door& fresh) {
      fresh.socket.bind(at, socket_options_, options_.watcher);
    });
  }
  endpoint listen(os::unique_fd bound) {
    return open([&](datagram_echo_door& fresh) {
      fresh.answers.inherit(bound.get(), socket_options_);
      fresh.socket.set_observer(options_.watcher);
      fresh.socket.assign(std::move(bound), socket_options_);
    });
  }

  void start() {
    if (std::exchange(started_, true)) return;
    for (datagram_echo_door& each : doors_) receive(each);
  }

  /// The sockets go with the last handler.
  void stop() {
    for (datagram_echo_door& each : doors_) each.socket.close();
  }

  [[nodiscard]] const datagram_echo_counters& counters() const noexcept { return counters_; }

 private:
  template <class Bind>
  endpoint open(Bind bind) {
    datagram_echo_door& fresh = doors_.emplace_back(executor_, options_, socket_options_);
    try {
      bind(fresh);
      endpoint bound = fresh.socket.local_endpoint();
      fresh.answers.bound_at(bound);
      if (started_) receive(fresh);
      return bound;
    } catch (...) {
      doors_.pop_back();
      throw;
    }
  }

  void receive(datagram_echo_door& at) {
    at.socket.async_receive_batch(
        at.received, [self = shared_from_this(), &at](std::error_code ec, std::size_t) {
          self->received(at, ec);
        });
  }

  void received(datagram_echo_door& at, std::error_code ec) {
    if (!at.socket.is_open()) return;
    // An error was an earlier reply's, which is counted, or passes.
    if (ec) return receive(at);
    const auto now = std::chrono::steady_clock::now();
    at.answers.answer(at.received, at.replies, now, counters_);
    if (options_.watcher != nullptr) {
      if (const auto notice = at.answers.take_notice(now))
        options_.watcher->on_event(notice->event, &notice->peer, {});
    }
    if (at.replies.size() == 0) return receive(at);
    at.socket.async_send_batch(at.replies,
                               [self = shared_from_this(), &at](std::error_code, std::size_t) {
                                 self->counters_.echoed += at.replies.sent();
                                 self->counters_.not_sent += at.replies.dropped();
                                 if (at.socket.is_open()) self->receive(at);
                               });
  }

  loop::executor_type executor_;
  datagram_echo_options options_;
  datagram_options socket_options_;
  datagram_echo_counters counters_;
  std::list<datagram_echo_door> doors_;
  bool started_ = false;
};

}  // namespace duet::on_asio::detail
