// SPDX-License-Identifier: MIT
// The arm `raw`: the echo server of duet::on_posix. See duet_arm.hpp.
#include "arms/duet_arm.hpp"
#include "duet/on_posix/echo.hpp"
#include "duet/on_posix/frame.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/on_posix/server.hpp"

namespace {

struct posix_streams {
  using loop = duet::on_posix::loop;
  using echo_server = duet::on_posix::echo_server;
  using server = duet::on_posix::server;
  using session_ptr = duet::on_posix::session_ptr;
};

}  // namespace

int main(int argc, char** argv) { return duet::bench::run_duet_arm<posix_streams>(argc, argv); }
