// SPDX-License-Identifier: MIT
// The arm `asio-coro`: the echo server as one writes it with C++20 coroutines: one coroutine accepts, one serves each connection, errors
// are exceptions, and the completion token is use_awaitable. It uses nothing of duet but the text of endpoints and the common options.
// @see the C++20 coroutine examples of Asio's documentation (the shape, not the words)
#include <utility>
#include <vector>

#include "arms/asio_arm.hpp"

namespace {

using asio::awaitable;
using asio::use_awaitable;
using duet::bench::arm_options;

template <class Socket>
awaitable<void> serve(Socket socket, const arm_options& options) {
  try {
    duet::bench::set_nodelay(socket);
    std::vector<char> buffer(options.buffer_bytes);
    duet::bench::sink_counter counter(options.sink_bytes);
    for (;;) {
      const std::size_t size = co_await socket.async_read_some(asio::buffer(buffer), use_awaitable);
      const std::size_t answer = options.sink_bytes > 0 ? counter.take(size) : size;
      if (answer > 0)
        co_await asio::async_write(socket, asio::buffer(buffer, answer), use_awaitable);
    }
  } catch (const std::exception&) {
    // the peer has ended the connection
  }
}

template <class Protocol>
class coro_server {
 public:
  coro_server(typename Protocol::acceptor acceptor, const arm_options& options)
      : acceptor_(std::move(acceptor)), options_(options) {
    asio::co_spawn(acceptor_.get_executor(), accept(), asio::detached);
  }

 private:
  awaitable<void> accept() {
    for (;;) {
      auto socket = co_await acceptor_.async_accept(use_awaitable);
      asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket), options_), asio::detached);
    }
  }

  typename Protocol::acceptor acceptor_;
  const arm_options& options_;
};

}  // namespace

int main(int argc, char** argv) { return duet::bench::run_asio_arm<coro_server>(argc, argv); }
