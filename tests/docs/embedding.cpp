// SPDX-License-Identifier: MIT
// The code of docs/embedding.md: the blocks of the page are parts of this file, so that they compile.
#include <array>
#include <asio.hpp>
#include <asio/ssl.hpp>
#include <cstddef>
#include <functional>
#include <iostream>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

#include "duet/on_asio/connect.hpp"
#include "duet/on_asio/listener.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/on_asio/stream.hpp"

namespace guide {

namespace callbacks {

class greeter : public std::enable_shared_from_this<greeter> {
 public:
  explicit greeter(duet::on_asio::stream peer) : peer_(std::move(peer)) {}

  void start() {
    peer_.async_read_some(std::span(buffer_),
                          [self = shared_from_this()](std::error_code ec, std::size_t size) {
                            if (ec == duet::condition::end_of_stream)
                              return;  // the peer is done, not an accident
                            if (ec) return static_cast<void>(std::cerr << ec.message() << '\n');
                            self->answer(size);
                          });
  }

 private:
  void answer(std::size_t size) {
    peer_.async_write(std::span<const std::byte>(buffer_).first(size),
                      [self = shared_from_this()](std::error_code ec, std::size_t) {
                        if (!ec) self->start();
                      });
  }

  duet::on_asio::stream peer_;
  std::array<std::byte, 4096> buffer_{};
};

}  // namespace callbacks

namespace coroutines {

asio::awaitable<void> serve(duet::on_asio::stream peer) {
  std::array<std::byte, 4096> buffer;
  for (;;) {
    const std::size_t size = co_await peer.async_read_some(std::span(buffer), asio::use_awaitable);
    co_await peer.async_write(std::span<const std::byte>(buffer).first(size), asio::use_awaitable);
  }
}

asio::awaitable<void> accept(duet::on_asio::listener& door) {
  const auto executor = co_await asio::this_coro::executor;
  for (;;) {
    duet::on_asio::stream client = co_await door.async_accept(asio::use_awaitable);
    asio::co_spawn(executor, serve(std::move(client)), asio::detached);
  }
}

}  // namespace coroutines

namespace streams {

// A stream models AsyncReadStream and AsyncWriteStream: Asio's algorithms and your own composed operations work on it.
asio::awaitable<std::string> first_line(duet::on_asio::stream& from) {
  std::string text;
  const std::size_t size = co_await asio::async_read_until(from, asio::dynamic_buffer(text, 8192),
                                                           '\n', asio::use_awaitable);
  co_return text.substr(0, size);
}

// A socket of the same context can be handed in, and taken out again.
duet::on_asio::stream adopt(duet::on_asio::loop& loop, asio::ip::tcp::socket socket) {
  return {loop.get_executor(), std::move(socket)};
}

}  // namespace streams

namespace tls {

using tls_stream = asio::ssl::stream<duet::on_asio::stream>;

asio::awaitable<void> greet(duet::on_asio::loop& loop, asio::ssl::context& tls, std::string host) {
  tls_stream peer(loop.get_executor(), tls);
  co_await duet::on_asio::async_connect(peer.next_layer(), host, "443", {}, asio::use_awaitable);
  peer.set_verify_callback(asio::ssl::host_name_verification(host));
  co_await peer.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
  co_await peer.async_shutdown(asio::use_awaitable);
}

}  // namespace tls

namespace strands {

using strand = asio::strand<asio::io_context::executor_type>;
using stream = duet::on_asio::basic_stream<strand>;

stream on_its_strand(asio::io_context& run_by_many_threads) {
  return stream(asio::make_strand(run_by_many_threads));
}

}  // namespace strands

}  // namespace guide
