// SPDX-License-Identifier: MIT
// The order of the arms within a block: a cyclic Latin square from a random permutation, so that every arm
// has every position once. Carry-over from one arm to the next is not balanced (a cyclic square keeps
// neighbours), only resampled from square to square.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

namespace duet::bench {

using arm_order = std::vector<std::size_t>;  // the arms' indices, in the order of their turns

/// Row r is `first` rotated to the left by r.
std::vector<arm_order> cyclic_square(const arm_order& first);

/// A square for `arms` arms whose first row is drawn from `random`. The same on every standard library:
/// it uses only the generator's raw values, not std::shuffle.
std::vector<arm_order> random_square(std::size_t arms, std::mt19937_64& random);

/// The generator for one block. A function of its arguments alone: a run that is resumed, or that measures fewer cells,
/// has the same order in the blocks that it has.
std::mt19937_64 random_of_block(std::uint64_t seed, std::string_view cell_id, std::size_t block);

}  // namespace duet::bench
