// SPDX-License-Identifier: MIT
// The arm `asio`: the echo server of duet::on_asio. See duet_arm.hpp.
#include "arms/duet_arm.hpp"
#include "duet/on_asio/echo.hpp"
#include "duet/on_asio/loop.hpp"

int main(int argc, char** argv) {
  return duet::bench::run_duet_arm<duet::on_asio::loop, duet::on_asio::echo_server>(argc, argv);
}
