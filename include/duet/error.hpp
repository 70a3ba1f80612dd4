// SPDX-License-Identifier: MIT
// duet's own error codes, the conditions that callers compare with, and the one function that
// throws. System errors stay in std::system_category(). on_asio reports Asio's codes unchanged (TLS
// depends on asio::error::eof being itself); they are *equal to* duet's conditions. Recognised by
// their category's name, so that this header needs no Asio.
#pragma once

#include <string_view>
#include <system_error>
#include <type_traits>

namespace duet {

class endpoint;

/// Codes that duet itself reports, category "duet". Callers compare with `condition`, which also
/// matches the codes of Asio that mean the same.
enum class error {
  end_of_stream = 1,  ///< the peer ended its stream, and everything before the end was read
  timed_out,          ///< duet's own deadline passed; the kernel's ETIMEDOUT stays a system error
  name_not_found,     ///< no such name (HOST_NOT_FOUND, EAI_NONAME) or service (EAI_SERVICE)
  name_no_data,       ///< the name has no address of the wanted kind (NO_DATA, EAI_NODATA)
  name_try_again,     ///< servers fail or are silent for now (TRY_AGAIN, EAI_AGAIN)
  name_no_recovery,   ///< the lookup failed for good (NO_RECOVERY, EAI_FAIL)
  bad_name,           ///< the name was refused before any query
  bad_endpoint,       ///< a text, or the parts given, make no endpoint
  resolve_timed_out = 10,  ///< connecting: connect_options::resolve_deadline passed
  attempt_timed_out,       ///< connecting: connect_options::attempt_deadline passed
  unexpected_end,          ///< the peer ended its stream in the middle of a frame
  frame_too_long,          ///< a frame is longer than its framing allows
  bad_frame,               ///< bytes that are no frame, or a message that cannot be one
};

/// What callers and tests compare with, category "duet.condition":
///     if (ec == duet::condition::end_of_stream) ...
/// Each equals duet's code of the same name and Asio's (and Boost.Asio's): end_of_stream
/// asio::error::eof; name_not_found host_not_found and service_not_found; name_no_data no_data;
/// name_try_again host_not_found_try_again; name_no_recovery no_recovery. `timed_out` equals duet's
/// own deadlines only, resolve_timed_out and attempt_timed_out too; std::errc::timed_out equals
/// those and the kernel's ETIMEDOUT.
enum class condition {
  end_of_stream = 1,
  timed_out,
  name_not_found,
  name_no_data,
  name_try_again,
  name_no_recovery,
  bad_name,
  bad_endpoint,
  operation_canceled,  ///< what cancel() and close() end operations with: std::errc's, and Asio's
  resolve_timed_out,
  attempt_timed_out,
  unexpected_end,
  frame_too_long,
  bad_frame,
};

/// Whether a code is this error of the system. std::system_category()'s compare with std::errc by themselves; those of Asio's own
/// system category do so from Asio 1.37 on only.
///     if (is(ec, std::errc::connection_refused)) ...
bool is(const std::error_code& code, std::errc what) noexcept;

/// The category "duet" of `error`. Threads: safe from any thread, as all functions here are.
const std::error_category& duet_category() noexcept;

/// The category "duet.condition" of `condition`.
const std::error_category& condition_category() noexcept;

/// The code of an `error`. Makes `std::error_code ec = error::timed_out` work.
std::error_code make_error_code(error code) noexcept;

/// The condition of a `condition`. Makes `ec == condition::timed_out` work.
std::error_condition make_error_condition(condition code) noexcept;

/// Throws std::system_error with `code` and a text that names the operation, the endpoint if there
/// is one (printed as its URI, bytes that do not print escaped), and the reason:
/// "listen tcp://127.0.0.1:80: Permission denied".
/// Errors: std::bad_alloc when there is no memory for the text.
[[noreturn]] void throw_error(std::error_code code, std::string_view operation,
                              const endpoint* where = nullptr);

}  // namespace duet

/// @cond
template <>
struct std::is_error_code_enum<duet::error> : std::true_type {};

template <>
struct std::is_error_condition_enum<duet::condition> : std::true_type {};
/// @endcond
