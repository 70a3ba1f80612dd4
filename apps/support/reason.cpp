// SPDX-License-Identifier: MIT
#include "support/reason.hpp"

#include "duet/error.hpp"

namespace duet::apps {

std::string reason(std::error_code why) {
  for (const condition each :
       {condition::end_of_stream, condition::resolve_timed_out, condition::attempt_timed_out,
        condition::timed_out, condition::name_not_found, condition::name_no_data,
        condition::name_try_again, condition::name_no_recovery, condition::bad_name,
        condition::bad_endpoint}) {
    if (why == each) return make_error_condition(each).message();
  }
  return why.message();
}

}  // namespace duet::apps
