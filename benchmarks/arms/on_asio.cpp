// SPDX-License-Identifier: MIT
// The arm `asio`: the echo server of duet::on_asio. See duet_arm.hpp.
#include "arms/duet_arm.hpp"
#include "duet/on_asio/echo.hpp"
#include "duet/on_asio/frame.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/on_asio/server.hpp"

namespace {

struct asio_streams {
  using loop = duet::on_asio::loop;
  using echo_server = duet::on_asio::echo_server;
  using server = duet::on_asio::server;
  using session_ptr = duet::on_asio::session_ptr;
};

}  // namespace

int main(int argc, char** argv) { return duet::bench::run_duet_arm<asio_streams>(argc, argv); }
