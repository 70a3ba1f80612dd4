// SPDX-License-Identifier: MIT
// connect_sequence: which of a name's endpoints is tried next, and which error is told when none answered. It connects nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/endpoint.hpp"

namespace duet::policy {

class connect_sequence {
 public:
  connect_sequence() = default;
  explicit connect_sequence(std::vector<endpoint> targets) : targets_(std::move(targets)) {}

  /// The endpoint to try now; none when all failed.
  [[nodiscard]] const endpoint* next() const noexcept {
    return tried_ < targets_.size() ? &targets_[tried_] : nullptr;
  }

  /// The endpoint that next() named has failed.
  void failed(std::error_code error) noexcept {
    ++tried_;
    error_ = error;
  }

  /// What the last attempt failed with: the first may have been of a family that this host cannot even route.
  [[nodiscard]] std::error_code error() const noexcept { return error_; }

 private:
  std::vector<endpoint> targets_;
  std::size_t tried_ = 0;
  std::error_code error_;
};

}  // namespace duet::policy
