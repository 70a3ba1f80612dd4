// SPDX-License-Identifier: MIT
// What the arms written on Asio alone have in common: the endpoint, the listener's options, the main loop. What is measured, the
// session, is each arm's own. With DUET_BENCH_BOOST the same sources are built on Boost.Asio.
#pragma once

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdio>
#include <exception>
#include <string>
#include <system_error>

#ifdef DUET_BENCH_BOOST
#include <boost/asio.hpp>
namespace asio = boost::asio;
#else
#include <asio.hpp>
#endif

#include "arms/arm_options.hpp"
#include "duet/endpoint.hpp"

namespace duet::bench {

#ifdef DUET_BENCH_BOOST
using asio_error = boost::system::error_code;
#else
using asio_error = std::error_code;
#endif

/// Asio has no option class for it; accepted sockets inherit it.
inline void set_congestion_control(int listener, const std::string& name) {
  if (::setsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, name.data(),
                   static_cast<socklen_t>(name.size())) != 0)
    throw std::system_error(errno, std::system_category(), "TCP_CONGESTION");
}

inline void set_nodelay(asio::ip::tcp::socket& socket) {
  socket.set_option(asio::ip::tcp::no_delay(true));
}
inline void set_nodelay(asio::local::stream_protocol::socket&) {}

inline void run_context(asio::io_context& context, const arm_options& chosen) {
  if (!chosen.spin) context.run();
  while (chosen.spin) context.poll();
}

/// Server: a template over the protocol, made of an acceptor and the options.
template <template <class> class Server>
int run_asio_arm(int argc, char** argv) {
  using asio::ip::tcp;
  using local = asio::local::stream_protocol;
  try {
    const auto chosen = parse_arm_options(argc, argv);
    const auto where = endpoint::parse(chosen.listen);
    asio::io_context context;
    if (where.is_unix()) {
      Server<local> server(local::acceptor(context, local::endpoint(where.path())), chosen);
      announce(chosen.listen);
      run_context(context, chosen);
    } else {
      tcp::acceptor acceptor(context,
                             {asio::ip::make_address(where.address().to_string()), where.port()});
      set_congestion_control(acceptor.native_handle(), chosen.congestion_control);
      const auto port = acceptor.local_endpoint().port();
      Server<tcp> server(std::move(acceptor), chosen);
      announce(where.with_port(port).to_string());
      run_context(context, chosen);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}

}  // namespace duet::bench
