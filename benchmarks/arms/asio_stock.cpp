// SPDX-License-Identifier: MIT
// The arm `asio-stock`: the echo server that one writes after reading Asio's tutorial: tcp::acceptor, a session kept
// alive by shared_from_this, async_read_some and asio::async_write in turn, default executors and an
// io_context of default hints. It uses nothing of duet but the text of endpoints and the common options.
// @see the C++11 echo examples of Asio's documentation (the shape, not the words)
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <asio.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arms/arm_options.hpp"
#include "duet/endpoint.hpp"

namespace {

using asio::ip::tcp;

class session : public std::enable_shared_from_this<session> {
 public:
  session(tcp::socket socket, std::size_t buffer_bytes)
      : socket_(std::move(socket)), buffer_(buffer_bytes) {}

  void start() {
    socket_.set_option(tcp::no_delay(true));
    read();
  }

 private:
  void read() {
    auto self = shared_from_this();
    socket_.async_read_some(asio::buffer(buffer_),
                            [this, self](std::error_code error, std::size_t size) {
                              if (!error) write(size);
                            });
  }

  void write(std::size_t size) {
    auto self = shared_from_this();
    asio::async_write(socket_, asio::buffer(buffer_, size),
                      [this, self](std::error_code error, std::size_t) {
                        if (!error) read();
                      });
  }

  tcp::socket socket_;
  std::vector<char> buffer_;
};

class server {
 public:
  server(asio::io_context& context, const tcp::endpoint& where,
         const duet::bench::arm_options& options)
      : acceptor_(context, where), buffer_bytes_(options.buffer_bytes) {
    // Asio has no option class for it; accepted sockets inherit it.
    if (::setsockopt(acceptor_.native_handle(), IPPROTO_TCP, TCP_CONGESTION,
                     options.congestion_control.data(),
                     static_cast<socklen_t>(options.congestion_control.size())) != 0) {
      throw std::system_error(errno, std::system_category(), "TCP_CONGESTION");
    }
    accept();
  }

  tcp::endpoint local_endpoint() const { return acceptor_.local_endpoint(); }

 private:
  void accept() {
    acceptor_.async_accept([this](std::error_code error, tcp::socket socket) {
      if (!error) std::make_shared<session>(std::move(socket), buffer_bytes_)->start();
      accept();
    });
  }

  tcp::acceptor acceptor_;
  std::size_t buffer_bytes_;
};

tcp::endpoint parse(const std::string& text) {
  const auto where = duet::endpoint::parse(text);
  return {asio::ip::make_address(where.address().to_string()), where.port()};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto options = duet::bench::parse_arm_options(argc, argv);
    asio::io_context context;
    const server echo(context, parse(options.listen), options);
    const auto where =
        duet::endpoint::parse(options.listen).with_port(echo.local_endpoint().port());
    duet::bench::announce(where.to_string());
    context.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "asio-stock: %s\n", error.what());
    return 1;
  }
}
