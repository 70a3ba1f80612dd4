// SPDX-License-Identifier: MIT
// The arm `asio` of the scenario `datagram`: the datagram socket of duet::on_asio. See datagram_arm.hpp.
#include "arms/datagram_arm.hpp"
#include "duet/on_asio/datagram.hpp"
#include "duet/on_asio/loop.hpp"

namespace {

struct asio_datagrams {
  using loop = duet::on_asio::loop;
  using socket = duet::on_asio::datagram_socket;
  using incoming = duet::on_asio::incoming_batch;
  using outgoing = duet::on_asio::outgoing_batch;
};

}  // namespace

int main(int argc, char** argv) {
  return duet::bench::run_datagram_arm<asio_datagrams>(argc, argv);
}
