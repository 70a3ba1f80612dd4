// SPDX-License-Identifier: MIT
// What the fuzz targets share: the entry point's declaration and the check that ends the process. A
// target is linked with libFuzzer (clang) to look for bad inputs, or with replay_main.cpp (any
// compiler) to try the ones that are known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "duet/escape.hpp"

/// One input; returns 0. libFuzzer's name and signature (https://llvm.org/docs/LibFuzzer.html).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

/// Aborts, so that libFuzzer keeps the input, and says which property of `subject` does not hold.
inline void require(bool holds, const char* property, std::string_view subject) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n  for: %s\n", property, duet::escape(subject).c_str());
  std::abort();
}

inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  return {data, data + size};
}

}  // namespace fuzz
