// SPDX-License-Identifier: MIT
#include "support/exit_code.hpp"

#include "duet/error.hpp"

namespace duet::apps {

exit_code exit_code_of(std::error_code why, exit_code otherwise) noexcept {
  if (why == condition::name_not_found || why == condition::name_no_data) {
    return exit_code::no_such_name;
  }
  if (why == condition::name_try_again || why == condition::name_no_recovery) {
    return exit_code::not_resolved;
  }
  if (why == condition::bad_name || why == condition::bad_endpoint) return exit_code::usage;
  if (why == condition::timed_out) return exit_code::timed_out;
  return otherwise;
}

}  // namespace duet::apps
