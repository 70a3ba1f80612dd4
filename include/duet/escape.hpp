// SPDX-License-Identifier: MIT
// Text that came from outside, made safe to print: in error texts, traces and logs. Not a quoting
// for shells, and not the way to print an endpoint that something is to read back.
#pragma once

#include <string>
#include <string_view>

namespace duet {

/// `text` with every byte that is not printable ASCII as a backslash, x and two hexadecimal digits,
/// and every backslash doubled, so that no terminal sequence, line end or NUL gets through and
/// different texts stay different. Non-ASCII bytes are escaped too.
/// Errors: std::bad_alloc. Threads: safe from any thread.
std::string escape(std::string_view text);

}  // namespace duet
