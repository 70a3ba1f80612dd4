// SPDX-License-Identifier: MIT
// The arm `fork-asio`: a process for each connection, by duet::on_asio. See fork_arm.hpp.
#include "arms/fork_arm.hpp"
#include "duet/on_asio/fork_server.hpp"

int main(int argc, char** argv) {
  return duet::bench::run_fork_arm<duet::on_asio::fork_server>(argc, argv);
}
