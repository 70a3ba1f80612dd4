// SPDX-License-Identifier: MIT
// column: what the commands see of an implementation: how it looks names up. Each column is compiled in a file of its own (on_asio.cpp,
// on_posix.cpp), so that Asio is parsed once.
#pragma once

#include <string>

#include "duet/observer.hpp"
#include "resolve/lookup_options.hpp"
#include "resolve/lookup_report.hpp"
#include "resolve/name_feed.hpp"

namespace duet::apps::resolve {

/// Looks all names up and reports each. `watcher` may be nullptr.
using look_up_function = void (*)(const lookup_options&, name_feed&, lookup_report&,
                                  observer* watcher);

extern const look_up_function look_up_on_asio;
extern const look_up_function look_up_on_posix;
extern const look_up_function look_up_by_stock;  ///< Asio's own resolver

/// "1.22.1 (epoll)": Asio's version and what its reactor waits with.
std::string asio_version();

}  // namespace duet::apps::resolve
