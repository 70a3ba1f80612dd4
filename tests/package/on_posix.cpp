// SPDX-License-Identifier: MIT
// Consumer program of the column on_posix.
#include "duet/on_posix/backend.hpp"
#include "round_trip.hpp"

int main() { return report<duet::on_posix::backend>(); }
