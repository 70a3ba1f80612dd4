// SPDX-License-Identifier: MIT
// Consumer program of the column on_asio.
#include "duet/on_asio/backend.hpp"
#include "round_trip.hpp"

int main() { return report<duet::on_asio::backend>(); }
