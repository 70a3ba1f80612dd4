// SPDX-License-Identifier: MIT
// The arm `asio-stock`: the echo server that one writes after reading Asio's tutorial: an acceptor, a session kept alive by
// shared_from_this, async_read_some and asio::async_write in turn, default executors and an io_context of default hints. It uses
// nothing of duet but the text of endpoints and the common options.
// @see the C++11 echo examples of Asio's documentation (the shape, not the words)
#include <memory>
#include <utility>
#include <vector>

#include "arms/asio_arm.hpp"

namespace {

using duet::bench::arm_options;
using duet::bench::asio_error;

template <class Protocol>
class session : public std::enable_shared_from_this<session<Protocol>> {
 public:
  using socket = typename Protocol::socket;

  session(socket connected, const arm_options& options)
      : socket_(std::move(connected)),
        buffer_(options.buffer_bytes),
        swallows_(options.sink_bytes > 0),
        counter_(options.sink_bytes) {}

  void start() {
    duet::bench::set_nodelay(socket_);
    read();
  }

 private:
  void read() {
    auto self = this->shared_from_this();
    socket_.async_read_some(asio::buffer(buffer_),
                            [this, self](asio_error error, std::size_t size) {
                              if (error) return;
                              const std::size_t answer = swallows_ ? counter_.take(size) : size;
                              answer > 0 ? write(answer) : read();
                            });
  }

  void write(std::size_t size) {
    auto self = this->shared_from_this();
    asio::async_write(socket_, asio::buffer(buffer_, size),
                      [this, self](asio_error error, std::size_t) {
                        if (!error) read();
                      });
  }

  socket socket_;
  std::vector<char> buffer_;
  bool swallows_;
  duet::bench::sink_counter counter_;
};

template <class Protocol>
class stock_server {
 public:
  stock_server(typename Protocol::acceptor acceptor, const arm_options& options)
      : acceptor_(std::move(acceptor)), options_(options) {
    accept();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](asio_error error, typename Protocol::socket socket) {
      if (!error) std::make_shared<session<Protocol>>(std::move(socket), options_)->start();
      accept();
    });
  }

  typename Protocol::acceptor acceptor_;
  const arm_options& options_;
};

}  // namespace

int main(int argc, char** argv) { return duet::bench::run_asio_arm<stock_server>(argc, argv); }
