// SPDX-License-Identifier: MIT
// duet-resolve on bare POSIX.
#include "duet/on_posix/backend.hpp"
#include "resolve/column.hpp"
#include "resolve/lookup_async.hpp"

namespace duet::apps::resolve {

const look_up_function look_up_on_posix = [](const lookup_options& options, name_feed& names,
                                             lookup_report& report, observer* watcher) {
  lookup_run<on_posix::backend, on_posix::resolver>(options, names, report, watcher).run();
};

}  // namespace duet::apps::resolve
