// SPDX-License-Identifier: MIT
// Asio's send and receive with flags, which its read_some and write_some do not have: both ends in one process, one call after
// another. usage: send_recv_flags [ENDPOINT]
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <exception>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "duet/endpoint.hpp"
#include "duet/on_asio/blocking.hpp"
#include "duet/stream_types.hpp"

namespace {

namespace blocking = duet::on_asio::blocking;

void send(blocking::connection& to, std::string_view text, int flags, const char* name) {
  std::error_code ec;
  const std::size_t size = to.send(std::as_bytes(std::span(text)), flags, ec);
  std::cout << "send " << name << ": " << (ec ? ec.message() : std::to_string(size)) << '\n';
}

void receive(blocking::connection& from, int flags, const char* name) {
  std::array<char, 5> buffer;
  const std::size_t size = from.recv(std::as_writable_bytes(std::span(buffer)), flags);
  std::cout << "recv " << name << ": \"" << std::string_view(buffer.data(), size) << "\"\n";
}

void show(const duet::endpoint& at) {
  blocking::server server(at);
  std::cout << "listening " << server.local_endpoint() << '\n';
  blocking::connection client = blocking::connect(server.local_endpoint());
  blocking::connection accepted = server.accept();

  send(client, "hello", 0, "0");
  receive(accepted, MSG_PEEK, "MSG_PEEK");  // looks, and leaves the bytes where they are
  receive(accepted, 0, "0");                // takes them

  send(client, "wor", MSG_MORE, "MSG_MORE");      // more is to come: wait with the segment
  send(client, "ld", 0, "0");                     // that was it
  receive(accepted, MSG_WAITALL, "MSG_WAITALL");  // not less than the buffer takes

  client.shutdown(duet::shutdown_type::send);
  receive(accepted, 0, "0");                           // 0: the end of the stream
  send(client, "late", MSG_NOSIGNAL, "MSG_NOSIGNAL");  // nobody listens: an error, no signal
}

}  // namespace

int main(int argc, char** argv) try {
  show(duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:0"));
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
