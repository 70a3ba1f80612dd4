// SPDX-License-Identifier: MIT
// The arms `raw` and `asio` of the scenario `datagram`: a datagram socket of one column, answering what it receives, by batches or one at a
// time. Not duet's echo server, whose guard and metadata the other arms lack. It installs no signal handler: SIGTERM ends it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <span>
#include <system_error>
#include <vector>

#include "arms/arm_options.hpp"
#include "duet/datagram_options.hpp"
#include "duet/datagram_types.hpp"
#include "duet/endpoint.hpp"

namespace duet::bench {

inline datagram_options socket_options_of(const arm_options& chosen) {
  datagram_options options;
  options.batch_size = chosen.batch;
  options.max_datagram_bytes = chosen.datagram_bytes;
  options.coalesce = chosen.segments;
  options.socket.receive_buffer_bytes = static_cast<int>(chosen.receive_buffer_bytes);
  options.metadata.local_address = chosen.metadata;
  options.metadata.receive_time = chosen.metadata;
  options.metadata.drop_count = chosen.metadata;
  return options;
}

/// Column: loop, socket, incoming, outgoing.
template <class Column>
class datagram_arm {
 public:
  explicit datagram_arm(const arm_options& chosen)
      : chosen_(chosen),
        socket_(loop_),
        in_(socket_options_of(chosen)),
        out_(socket_options_of(chosen)),
        one_(in_.max_datagram_bytes()) {
    socket_.bind(endpoint::parse(chosen.listen), socket_options_of(chosen));
  }

  void run() {
    announce(socket_.local_endpoint().to_string());
    chosen_.batch > 1 ? receive_batch() : receive_one();
    if (!chosen_.spin) loop_.run();
    while (chosen_.spin) loop_.poll();
  }

 private:
  /// Nothing may fail here: it would be measured.
  static void check(std::error_code ec) {
    if (ec) throw std::system_error(ec);
  }

  void receive_batch() {
    socket_.async_receive_batch(in_, [this](std::error_code ec, std::size_t) {
      check(ec);
      answer_batch();
    });
  }

  void answer_batch() {
    out_.clear();
    for (std::size_t each = 0; each < in_.size(); ++each) {
      const std::span<std::byte> bytes = in_.bytes(each);
      if (wants_answer(chosen_, bytes.data(), bytes.size())) out_.add_reply(bytes, in_, each);
    }
    if (out_.size() == 0) return receive_batch();
    socket_.async_send_batch(out_, [this](std::error_code ec, std::size_t) {
      check(ec);
      receive_batch();
    });
  }

  void receive_one() {
    socket_.async_receive_from(std::span(one_), about_, [this](std::error_code ec, std::size_t) {
      check(ec);
      answer_one();
    });
  }

  void answer_one() {
    const std::span<const std::byte> bytes = std::span(one_).first(about_.bytes);
    if (!wants_answer(chosen_, bytes.data(), bytes.size())) return receive_one();
    socket_.async_send_to(bytes, reply_to(about_), [this](std::error_code ec, std::size_t) {
      check(ec);
      receive_one();
    });
  }

  arm_options chosen_;
  typename Column::loop loop_;
  typename Column::socket socket_;
  typename Column::incoming in_;
  typename Column::outgoing out_;
  std::vector<std::byte> one_;
  datagram_info about_;
};

template <class Column>
int run_datagram_arm(int argc, char** argv) {
  try {
    datagram_arm<Column>(parse_arm_options(argc, argv)).run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}

}  // namespace duet::bench
