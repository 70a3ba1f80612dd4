// SPDX-License-Identifier: MIT
// See latin_square.hpp.
#include "harness/latin_square.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace duet::bench {

std::vector<arm_order> cyclic_square(const arm_order& first) {
  std::vector<arm_order> rows(first.size(), first);
  for (std::size_t row = 1; row < rows.size(); ++row) {
    std::rotate(rows[row].begin(), rows[row].begin() + static_cast<std::ptrdiff_t>(row),
                rows[row].end());
  }
  return rows;
}

std::vector<arm_order> random_square(std::size_t arms, std::mt19937_64& random) {
  arm_order first(arms);
  std::iota(first.begin(), first.end(), std::size_t{0});
  // Fisher and Yates; the modulo's bias is below 2^-60 for any number of arms.
  for (std::size_t left = arms; left > 1; --left) {
    std::swap(first[left - 1], first[static_cast<std::size_t>(random() % left)]);
  }
  return cyclic_square(first);
}

std::mt19937_64 random_of_block(std::uint64_t seed, std::string_view cell_id, std::size_t block) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char c : cell_id) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  const auto low = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
  std::seed_seq mixed{low(seed), low(seed >> 32), low(hash), low(hash >> 32), low(block)};
  return std::mt19937_64(mixed);
}

}  // namespace duet::bench
