// SPDX-License-Identifier: MIT
// Consumer program of both columns in one process.
#include "duet/on_asio/backend.hpp"
#include "duet/on_posix/backend.hpp"
#include "round_trip.hpp"

int main() { return report<duet::on_asio::backend>() + report<duet::on_posix::backend>(); }
