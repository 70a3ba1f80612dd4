// SPDX-License-Identifier: MIT
// send_datagrams_async: `duet-echo send` on a backend's loop to a udp or unixgram endpoint: input, replies, deadlines and output at once, in one
// connected socket. What is owed and when more may go is datagram_exchange's.
#pragma once

#include <cstddef>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/datagram_types.hpp"
#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/os/plain_io.hpp"
#include "duet/resolve_result.hpp"
#include "duet/stream_types.hpp"
#include "echo/blocking_io.hpp"
#include "echo/datagram_exchange.hpp"
#include "echo/datagram_target.hpp"
#include "echo/options.hpp"
#include "echo/send_report.hpp"
#include "support/trace.hpp"

namespace duet::apps::echo {

template <class Backend>
class async_datagram_sender {
 public:
  async_datagram_sender(const send_options& options, console& to)
      : options_(options),
        console_(to),
        trace_(to.err),
        exchange_(options),
        names_(loop_),
        socket_(loop_),
        input_(loop_, 0),
        output_(loop_, 1),
        deadline_(loop_),
        pause_(loop_),
        reply_(reply_bytes) {}

  exit_code run() {
    if (options_.trace) socket_.set_observer(&trace_);
    if (options_.to.is_numeric()) {
      connect({options_.to});
    } else {
      look_up();
    }
    loop_.run();
    write_rest();
    return send_report(options_, console_).finished(exchange_.result());
  }

 private:
  using clock = datagram_exchange::clock;
  using turn = datagram_exchange::turn;

  /// Printed replies that a slow reader of the output has not taken: from the first on nothing more is sent, from the second on nothing
  /// received, which only a server that sends more than it is sent comes to.
  static constexpr std::size_t much_output = 64 * 1024;
  static constexpr std::size_t most_output = 1024 * 1024;

  void look_up() {
    const server_question asked(options_.to, options_.patience, options_.trace ? &trace_ : nullptr);
    names_.async_resolve(asked.host, asked.service, asked.how,
                         [this](std::error_code ec, const resolve_result& found) {
                           if (ec) return fail(ec);
                           connect(found.endpoints);
                         });
  }

  /// To the first of the addresses that there is a way to.
  void connect(const std::vector<endpoint>& candidates) {
    std::error_code ec = error::name_no_data;
    for (const endpoint& each : candidates) {
      open(each, ec);
      if (!ec) socket_.connect(each, ec);
      if (!ec) break;
    }
    if (ec) return fail(ec);
    receive();
    send();
  }

  /// A UNIX socket without a name would not be answered: the kernel chooses one.
  void open(const endpoint& to, std::error_code& ec) {
    if (to.is_unix()) {
      socket_.bind(endpoint::local(to.transport(), {}), {}, ec);
    } else {
      socket_.open(to, {}, ec);
    }
  }

  /// As many of the input's datagrams as may go.
  void send() {
    while (!over_ && !waiting_ && printed() < much_output) {
      const auto datagram = exchange_.next();
      if (!datagram) return exchange_.input_over() ? end_if_settled() : wait_for_input();
      switch (exchange_.turn_of(*datagram, clock::now())) {
        case turn::now: send(*datagram); break;
        case turn::after_reply: return;
        case turn::after_pause: return pause();
      }
    }
  }

  void send(std::span<const std::byte> datagram) {
    std::error_code ec;
    if (!socket_.try_send(datagram, ec)) return wait_for_room();
    if (ec && exchange_.failed(ec)) return end();
    if (ec) return exchange_.not_sent();
    exchange_.sent(clock::now());
    watch();
  }

  void wait_for_room() {
    waiting_ = true;
    socket_.async_wait(wait_type::write, [this](std::error_code) {
      waiting_ = false;
      send();
    });
  }

  void pause() {
    waiting_ = true;
    pause_.expires_after(pace_pause);
    pause_.async_wait([this](std::error_code) {
      waiting_ = false;
      send();
    });
  }

  void wait_for_input() {
    waiting_ = true;
    input_.async_wait(wait_type::read, [this](std::error_code ec) {
      waiting_ = false;
      if (over_) return;
      read_input(ec);
      send();
    });
  }

  void read_input(std::error_code ec) {
    const auto size = ec ? 0 : os::read_ready(0, exchange_.room(), ec);
    if (ec == condition::end_of_stream) {
      exchange_.filled(0);
    } else if (ec) {
      exchange_.input_failed(ec);
    } else if (size) {
      exchange_.filled(*size);
    }
  }

  void receive() {
    receiving_ = printed() < most_output;
    if (!receiving_) return;  // written() goes on with it
    socket_.async_receive_from(
        std::span(reply_), about_, [this](std::error_code ec, std::size_t size) {
          if (over_) return;
          if (ec && exchange_.failed(ec)) return end();
          if (!ec && !exchange_.returned(std::span(reply_).first(size), output_text_)) return end();
          receive();
          write();
          send();
        });
  }

  void write() {
    if (writing_ || printed() == 0) return;
    writing_ = true;
    output_.async_wait(wait_type::write, [this](std::error_code ec) {
      writing_ = false;
      if (!over_) written(ec);
    });
  }

  void written(std::error_code ec) {
    const auto size = ec ? 0 : os::write_ready(1, std::span(output_text_).subspan(written_), ec);
    if (ec) {
      exchange_.output_failed(ec);
      return end();
    }
    written_ += size.value_or(0);
    if (printed() == 0) {
      output_text_.clear();
      written_ = 0;
    }
    write();
    if (!receiving_) receive();
    send();
  }

  [[nodiscard]] std::size_t printed() const noexcept { return output_text_.size() - written_; }

  /// One timer for all that is owed: it is set again when it goes off, not with each datagram.
  void watch() {
    const auto next = exchange_.next_deadline();
    if (watching_ || !next) return;
    watching_ = true;
    deadline_.expires_after(*next - clock::now());
    deadline_.async_wait([this](std::error_code) {
      watching_ = false;
      if (over_) return;
      exchange_.expire(clock::now());
      watch();
      send();
    });
  }

  void end_if_settled() {
    if (exchange_.settled()) end();
  }

  void fail(std::error_code ec) {
    exchange_.unreachable(ec);
    end();
  }

  void end() {
    over_ = true;
    socket_.close();
    input_.cancel();
    output_.cancel();
    deadline_.cancel();
    pause_.cancel();
  }

  /// What was received before the end goes out in any case.
  void write_rest() {
    const auto rest = std::span(output_text_).subspan(written_);
    std::error_code ec;
    if (!rest.empty() && !write_output(rest, ec)) exchange_.output_failed(ec);
  }

  const send_options& options_;
  console& console_;
  trace_printer trace_;
  datagram_exchange exchange_;
  typename Backend::loop loop_;
  typename Backend::resolver names_;
  typename Backend::datagram_socket socket_;
  typename Backend::descriptor input_;
  typename Backend::descriptor output_;
  typename Backend::timer deadline_;
  typename Backend::timer pause_;
  std::vector<std::byte> reply_;
  datagram_info about_;
  std::vector<std::byte> output_text_;
  std::size_t written_ = 0;
  bool waiting_ = false;
  bool receiving_ = false;
  bool writing_ = false;
  bool watching_ = false;
  bool over_ = false;
};

template <class Backend>
exit_code send_datagrams_async(const send_options& options, console& to) {
  return async_datagram_sender<Backend>(options, to).run();
}

}  // namespace duet::apps::echo
