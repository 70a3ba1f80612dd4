// SPDX-License-Identifier: MIT
// session_end: the end that an exception of a session's handler asks for. It ends nothing.
#pragma once

#include <cstdint>
#include <system_error>

#include "duet/error.hpp"
#include "duet/server_options.hpp"

namespace duet::policy {

struct session_end {
  enum class manner : std::uint8_t {
    none,    ///< it goes on
    finish,  ///< gracefully
    abort,   ///< with a reset
  };
  manner how = manner::none;
  close_reason why = close_reason::local;
  std::error_code error{};
};

/// In a catch block: of the exception that is being handled. `finishing`: the session is already, and the reads of whoever waited for more
/// were cancelled by that.
inline session_end end_by_exception(bool finishing) noexcept {
  using manner = session_end::manner;
  try {
    throw;
  } catch (const std::system_error& failed) {
    if (finishing && failed.code() == condition::operation_canceled) return {};
    if (failed.code() == condition::end_of_stream)
      return {manner::finish, close_reason::end_of_stream};
    return {manner::abort, close_reason::failed, failed.code()};
  } catch (...) {
    return {manner::abort, close_reason::thrown};
  }
}

}  // namespace duet::policy
