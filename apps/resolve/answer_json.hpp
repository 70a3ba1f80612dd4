// SPDX-License-Identifier: MIT
// answer_json: an answer as a line of JSON. Events: "resolved" (a name's addresses), "reversed" (an address's names), "failed" (no answer),
// "refused" (nobody was asked). A field that does not apply is null.
#pragma once

#include <string>

#include "resolve/answer.hpp"
#include "resolve/lookup_options.hpp"

namespace duet::apps::resolve {

std::string answer_json(const answer& what, const lookup_options& options);

}  // namespace duet::apps::resolve
