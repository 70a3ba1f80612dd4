// SPDX-License-Identifier: MIT
// answer_text: an answer as text for standard output, in each layout. Failures are not here but for those of one view: they are messages.
#pragma once

#include <string>

#include "resolve/answer.hpp"
#include "resolve/lookup_options.hpp"
#include "support/console.hpp"

namespace duet::apps::resolve {

/// Both views, or the one that was asked for, each line that the other has not marked. Precondition: what.found().
std::string views_text(const answer& what, const lookup_options& options, const console& to);

/// An address a line, or of an address its name; behind NAME<TAB> if options.many(). Precondition: as above.
std::string short_text(const answer& what, const lookup_options& options);

/// A line of a hosts file for each address: the address, the official name, the aliases, the name that was asked for; names that libc
/// would not read back are left out. Precondition: as above.
std::string hosts_text(const answer& what);

/// "1.20 ms", or the figures of several lookups.
std::string time_text(const answer& what);

}  // namespace duet::apps::resolve
