// SPDX-License-Identifier: MIT
// The peer `libuv`: an echo server on libuv as its guide writes one, with two things that a server in earnest does: each connection keeps one
// buffer, and what the kernel takes at once is written by uv_try_write. The rest stops the reading until it is written.
// @see docs.libuv.org/en/v1.x (uv_stream_t)
#include <uv.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "arms/arm_options.hpp"
#include "arms/listen.hpp"
#include "duet/endpoint.hpp"

namespace {

struct server {
  duet::bench::arm_options options;
  bool is_unix = false;
  uv_loop_t loop{};
};

struct connection {
  union {
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };
  uv_write_t rest{};
  std::vector<char> buffer;

  explicit connection(std::size_t bytes) : stream{}, buffer(bytes) {}
};

void check(int result, const char* call) {
  if (result >= 0) return;
  std::fprintf(stderr, "%s: %s\n", call, uv_strerror(result));
  std::exit(1);
}

template <class Handle>
connection& of(const Handle* handle) {
  return *static_cast<connection*>(handle->data);
}

void close(connection& which) {
  uv_close(reinterpret_cast<uv_handle_t*>(&which.stream),
           [](uv_handle_t* handle) { delete &of(handle); });
}

void lend_buffer(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
  auto& all = of(handle).buffer;
  *buffer = uv_buf_init(all.data(), static_cast<unsigned>(all.size()));
}

void read_some(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer);

void write_rest(connection& to, uv_buf_t rest) {
  uv_read_stop(&to.stream);
  to.rest.data = &to;
  check(uv_write(&to.rest, &to.stream, &rest, 1,
                 [](uv_write_t* request, int status) {
                   connection& written = of(request);
                   if (status < 0) return close(written);
                   check(uv_read_start(&written.stream, lend_buffer, read_some), "uv_read_start");
                 }),
        "uv_write");
}

void read_some(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
  connection& from = of(stream);
  if (size < 0) return close(from);
  if (size == 0) return;
  uv_buf_t all = uv_buf_init(buffer->base, static_cast<unsigned>(size));
  const int sent = uv_try_write(stream, &all, 1);
  if (sent < 0 && sent != UV_EAGAIN) return close(from);
  const auto done = static_cast<std::size_t>(sent > 0 ? sent : 0);
  if (done < all.len)
    write_rest(from, uv_buf_init(all.base + done, static_cast<unsigned>(all.len - done)));
}

void take_connection(uv_stream_t* listener, int status) {
  check(status, "uv_listen");
  auto& owner = *static_cast<server*>(listener->data);
  auto accepted = std::make_unique<connection>(owner.options.buffer_bytes);
  check(owner.is_unix ? uv_pipe_init(&owner.loop, &accepted->pipe, 0)
                      : uv_tcp_init(&owner.loop, &accepted->tcp),
        "uv_init");
  accepted->stream.data = accepted.get();
  check(uv_accept(listener, &accepted->stream), "uv_accept");
  if (!owner.is_unix) check(uv_tcp_nodelay(&accepted->tcp, 1), "uv_tcp_nodelay");
  check(uv_read_start(&accepted->stream, lend_buffer, read_some), "uv_read_start");
  static_cast<void>(accepted.release());  // close() deletes it
}

}  // namespace

int main(int argc, char** argv) {
  server owner{.options = duet::bench::parse_arm_options(argc, argv)};
  owner.is_unix = duet::endpoint::parse(owner.options.listen).is_unix();
  check(uv_loop_init(&owner.loop), "uv_loop_init");
  const int fd = duet::bench::listen_as(owner.options, SOCK_CLOEXEC | SOCK_NONBLOCK);
  connection listener(1);
  listener.stream.data = &owner;
  if (owner.is_unix) {
    check(uv_pipe_init(&owner.loop, &listener.pipe, 0), "uv_pipe_init");
    listener.stream.data = &owner;
    check(uv_pipe_open(&listener.pipe, fd), "uv_pipe_open");
  } else {
    check(uv_tcp_init(&owner.loop, &listener.tcp), "uv_tcp_init");
    listener.stream.data = &owner;
    check(uv_tcp_open(&listener.tcp, fd), "uv_tcp_open");
  }
  constexpr int backlog = 4096;
  check(uv_listen(&listener.stream, backlog, take_connection), "uv_listen");
  return uv_run(&owner.loop, UV_RUN_DEFAULT);
}
