// SPDX-License-Identifier: MIT
// Lists the descriptors above 2 that this program was started with, one a line: what exec left open.
#include <cstdio>

#include "../support/descriptors.hpp"

int main() {
  for (const auto& [fd, target] : duet::test::open_descriptors()) {
    if (fd > 2) std::printf("%d %s\n", fd, target.c_str());
  }
}
