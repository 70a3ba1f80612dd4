// SPDX-License-Identifier: MIT
// The datagram echo server of the POSIX column: a batch in, os::datagram_answers says what is answered, a batch out.
#include "duet/on_posix/datagram_echo.hpp"

#include <chrono>
#include <list>
#include <utility>

#include "duet/on_posix/datagram.hpp"
#include "duet/os/datagram_answers.hpp"

namespace duet::on_posix {

/// One socket with its memory.
struct datagram_echo_server::door {
  door(loop& owner, const datagram_echo_options& how, const datagram_options& options)
      : socket(owner), received(options), replies(options), answers(how) {}
  datagram_socket socket;
  incoming_batch received;
  outgoing_batch replies;
  os::datagram_answers answers;
};

class datagram_echo_server::core : public std::enable_shared_from_this<core> {
 public:
  core(loop& owner, const datagram_echo_options& options)
      : loop_(owner), options_(options), socket_options_(os::echo_socket_options(options)) {}

  endpoint listen(const endpoint& at) {
    return open([&](door& fresh) { fresh.socket.bind(at, socket_options_, options_.watcher); });
  }
  endpoint listen(os::unique_fd bound) {
    return open([&](door& fresh) {
      fresh.answers.inherit(bound.get(), socket_options_);
      fresh.socket.set_observer(options_.watcher);
      fresh.socket.assign(std::move(bound), socket_options_);
    });
  }

  void start() {
    if (std::exchange(started_, true)) return;
    for (door& each : doors_) receive(each);
  }

  /// The sockets go with the last handler.
  void stop() {
    for (door& each : doors_) each.socket.close();
  }

  [[nodiscard]] const datagram_echo_counters& counters() const noexcept { return counters_; }

 private:
  template <class Bind>
  endpoint open(Bind bind) {
    door& fresh = doors_.emplace_back(loop_, options_, socket_options_);
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

  void receive(door& at) {
    at.socket.async_receive_batch(
        at.received, [self = shared_from_this(), &at](std::error_code ec, std::size_t) {
          self->received(at, ec);
        });
  }

  void received(door& at, std::error_code ec) {
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

  loop& loop_;
  datagram_echo_options options_;
  datagram_options socket_options_;
  datagram_echo_counters counters_;
  std::list<door> doors_;
  bool started_ = false;
};

datagram_echo_server::datagram_echo_server(loop& owner, const datagram_echo_options& options)
    : core_(std::make_shared<core>(owner, options)) {}

datagram_echo_server::~datagram_echo_server() {
  if (core_) core_->stop();
}

endpoint datagram_echo_server::listen(const endpoint& at) { return core_->listen(at); }

endpoint datagram_echo_server::listen(os::unique_fd bound) {
  return core_->listen(std::move(bound));
}

void datagram_echo_server::start() { core_->start(); }

void datagram_echo_server::stop() { core_->stop(); }

const datagram_echo_counters& datagram_echo_server::counters() const noexcept {
  return core_->counters();
}

}  // namespace duet::on_posix
