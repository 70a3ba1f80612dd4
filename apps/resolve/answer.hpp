// SPDX-License-Identifier: MIT
// answer: what one input came to: libc's answers, whether they were confirmed, how long they took, and the exit code that it stands for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "duet/resolve_result.hpp"
#include "resolve/query.hpp"
#include "support/exit_code.hpp"
#include "support/latency_summary.hpp"

namespace duet::apps::resolve {

/// Whether a name of an address leads back to it.
struct confirmation {
  bool confirmed = false;
  std::string name;       ///< that does, or the first that was tried
  std::error_code error;  ///< why its addresses are not known
};

struct answer {
  query asked;
  std::error_code error;  ///< of the first lookup that failed
  resolve_result result;  ///< of the last one that did not, or else of the last
  std::optional<confirmation> checked;
  std::uint64_t lookups = 0;
  std::uint64_t failed = 0;
  latency_summary times;

  /// Something was found.
  [[nodiscard]] bool found() const noexcept { return failed < lookups; }
};

/// Of some lookups that failed: partly_failed. Of an address whose name does not lead back: failed, or why that cannot be told.
exit_code exit_code_of(const answer& what) noexcept;

/// Why it failed, in words; "" if it did not. Views that failed differently are both named.
std::string failure_text(const answer& what);

/// The names of an address, each once: official ones first.
std::vector<std::string> names_in(const resolve_result& result);

}  // namespace duet::apps::resolve
