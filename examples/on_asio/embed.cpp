// SPDX-License-Identifier: MIT
// An echo server inside a program that has an io_context already. usage: embed [ENDPOINT]
#include <asio.hpp>
#include <iostream>

#include "duet/on_asio/echo.hpp"

int main(int argc, char** argv) {
  asio::io_context context;  // yours, with whatever else runs on it
  duet::on_asio::loop loop(context);
  duet::on_asio::echo_server server(loop);
  const auto at = duet::endpoint::parse(argc > 1 ? argv[1] : "tcp://127.0.0.1:9000");
  std::cout << "listening " << server.listen(at) << std::endl;
  server.start();

  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](std::error_code, int) {
    server.drain(std::chrono::seconds(5), [&](std::size_t cut) {
      std::cout << "echoed " << server.counters().bytes_echoed << " bytes, cut " << cut << '\n';
    });
  });
  context.run();
}
