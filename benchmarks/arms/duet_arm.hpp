// SPDX-License-Identifier: MIT
// The arms `raw` and `asio`: duet's echo server of one column, and nothing beside it; or, of what goes one way, a server of the column
// that swallows, or of frames one that reads and writes them. The two mains differ in the column's name only. It installs no signal handler: SIGTERM ends it.
#pragma once

#include <cstddef>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include "arms/arm_options.hpp"
#include "duet/echo_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/policy/frame_buffer.hpp"
#include "duet/policy/frame_length.hpp"
#include "duet/server_options.hpp"

namespace duet::bench {

/// Runs a loop of duet or an io_context for ever.
template <class Loop>
void run_for_ever(Loop& loop, const arm_options& chosen) {
  if (!chosen.spin) loop.run();
  while (chosen.spin) loop.poll();
}

/// One connection whose bytes are swallowed. Lives as long as something is in flight on it.
template <class Column>
class sink_connection : public std::enable_shared_from_this<sink_connection<Column>> {
 public:
  sink_connection(typename Column::session_ptr client, const arm_options& chosen)
      : client_(std::move(client)), counter_(chosen.sink_bytes), buffer_(chosen.buffer_bytes) {}

  void read() {
    client_->connection().async_read_some(
        std::span(buffer_),
        client_->guard([self = this->shared_from_this()](std::error_code ec, std::size_t size) {
          if (ec) throw std::system_error(ec);
          self->answer(self->counter_.take(size));
        }));
  }

 private:
  void answer(std::size_t bytes) {
    if (bytes == 0) return read();
    client_->connection().async_write(
        std::span<const std::byte>(buffer_).first(bytes),
        client_->guard([self = this->shared_from_this()](std::error_code ec, std::size_t) {
          if (ec) throw std::system_error(ec);
          self->read();
        }));
  }

  typename Column::session_ptr client_;
  sink_counter counter_;
  std::vector<std::byte> buffer_;
};

/// One connection whose messages are echoed, all that a read has brought with one write. Lives as long as something is in flight on it.
template <class Column>
class frame_connection : public std::enable_shared_from_this<frame_connection<Column>> {
 public:
  frame_connection(typename Column::session_ptr client, const arm_options& chosen)
      : client_(std::move(client)), in_(policy::length_framing(), chosen.buffer_bytes) {}

  void read() {
    async_read_frame(client_->connection(), in_,
                     client_->guard([self = this->shared_from_this()](
                                        std::error_code ec, std::span<const std::byte> frame) {
                       if (ec) throw std::system_error(ec);
                       self->answer(frame);
                     }));
  }

 private:
  void answer(std::optional<std::span<const std::byte>> frame) {
    out_.clear();
    std::error_code ec;
    for (; frame; frame = in_.next(ec)) {
      if (const auto bad = policy::append_frame(in_.how(), *frame, out_))
        throw std::system_error(bad);
    }
    client_->connection().async_write(
        std::span<const std::byte>(out_),
        client_->guard([self = this->shared_from_this()](std::error_code failed, std::size_t) {
          if (failed) throw std::system_error(failed);
          self->read();
        }));
  }

  typename Column::session_ptr client_;
  policy::frame_buffer<policy::length_framing> in_;
  std::vector<std::byte> out_;
};

/// Connection: what each client gets.
template <class Column, class Connection>
void serve_sessions(typename Column::loop& loop, const arm_options& chosen) {
  server_options options;
  options.socket.nodelay = true;
  options.socket.congestion_control = chosen.congestion_control;
  typename Column::server server(loop, options);
  const auto where = server.listen(endpoint::parse(chosen.listen));
  server.start([&chosen](const typename Column::session_ptr& client) {
    std::make_shared<Connection>(client, chosen)->read();
  });
  announce(where.to_string());
  run_for_ever(loop, chosen);
}

template <class Column>
void serve_echo(typename Column::loop& loop, const arm_options& chosen) {
  echo_server_options options;
  options.buffer_bytes = chosen.buffer_bytes;
  options.socket.nodelay = true;
  options.socket.congestion_control = chosen.congestion_control;
  typename Column::echo_server server(loop, options);
  const auto where = server.listen(endpoint::parse(chosen.listen));
  server.start();
  announce(where.to_string());
  run_for_ever(loop, chosen);
}

/// Column: loop, echo_server, server, session_ptr.
template <class Column>
int run_duet_arm(int argc, char** argv) {
  try {
    const auto chosen = parse_arm_options(argc, argv);
    typename Column::loop loop;
    if (chosen.sink_bytes > 0) {
      serve_sessions<Column, sink_connection<Column>>(loop, chosen);
    } else if (chosen.framed) {
      serve_sessions<Column, frame_connection<Column>>(loop, chosen);
    } else {
      serve_echo<Column>(loop, chosen);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}

}  // namespace duet::bench
