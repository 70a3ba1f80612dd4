// SPDX-License-Identifier: MIT
// The arm `prefork-asio`: two workers of duet::on_asio. See prefork_arm.hpp.
#include "arms/prefork_arm.hpp"
#include "duet/on_asio/echo.hpp"
#include "duet/on_asio/loop.hpp"

namespace {

struct asio_workers {
  using loop = duet::on_asio::loop;
  using echo_server = duet::on_asio::echo_server;
};

}  // namespace

int main(int argc, char** argv) { return duet::bench::run_prefork_arm<asio_workers>(argc, argv); }
