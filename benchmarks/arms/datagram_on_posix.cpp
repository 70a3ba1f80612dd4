// SPDX-License-Identifier: MIT
// The arm `raw` of the scenario `datagram`: the datagram socket of duet::on_posix. See datagram_arm.hpp.
#include "arms/datagram_arm.hpp"
#include "duet/on_posix/datagram.hpp"
#include "duet/on_posix/loop.hpp"

namespace {

struct posix_datagrams {
  using loop = duet::on_posix::loop;
  using socket = duet::on_posix::datagram_socket;
  using incoming = duet::on_posix::incoming_batch;
  using outgoing = duet::on_posix::outgoing_batch;
};

}  // namespace

int main(int argc, char** argv) {
  return duet::bench::run_datagram_arm<posix_datagrams>(argc, argv);
}
