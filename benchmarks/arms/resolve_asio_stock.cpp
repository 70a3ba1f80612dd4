// SPDX-License-Identifier: MIT
// The arm `asio-stock` of the scenario `resolve`: asio::ip::tcp::resolver as it comes, which asks on one thread of the context, one name
// after the other. It uses nothing of duet but the protocol of its input and output. See resolve_arm.hpp.
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "arms/resolve_arm.hpp"

int main(int, char** argv) {
  using asio::ip::tcp;
  asio::io_context context;
  tcp::resolver names(context);
  return duet::bench::serve_lookups(argv[0], [&](std::size_t count) {
    std::size_t found = 0;
    for (std::size_t i = 0; i < count; ++i) {
      names.async_resolve(duet::bench::name_of(i), "",
                          [&found](std::error_code ec, const tcp::resolver::results_type& all) {
                            if (!ec && !all.empty()) ++found;
                          });
    }
    context.restart();
    context.run();
    return found;
  });
}
