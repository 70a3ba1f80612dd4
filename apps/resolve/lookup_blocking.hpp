// SPDX-License-Identifier: MIT
// lookup_blocking: `--via blocking`: one name after another, each call of libc on this thread. Nothing interrupts one.
#pragma once

#include "duet/observer.hpp"
#include "resolve/lookup_options.hpp"
#include "resolve/lookup_report.hpp"
#include "resolve/name_feed.hpp"

namespace duet::apps::resolve {

void look_up_blocking(const lookup_options& options, name_feed& names, lookup_report& report,
                      observer* watcher);

}  // namespace duet::apps::resolve
