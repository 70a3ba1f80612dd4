// SPDX-License-Identifier: MIT
// duet-resolve on Asio, and by Asio's own resolver.
#include "duet/on_asio/backend.hpp"
#include "resolve/column.hpp"
#include "resolve/lookup_async.hpp"
#include "resolve/stock_resolver.hpp"
#include "support/asio_version.hpp"

namespace duet::apps::resolve {

const look_up_function look_up_on_asio = [](const lookup_options& options, name_feed& names,
                                            lookup_report& report, observer* watcher) {
  lookup_run<on_asio::backend, on_asio::resolver>(options, names, report, watcher).run();
};

const look_up_function look_up_by_stock = [](const lookup_options& options, name_feed& names,
                                             lookup_report& report, observer* watcher) {
  lookup_run<on_asio::backend, stock_resolver>(options, names, report, watcher).run();
};

std::string asio_version() { return apps::asio_version(); }

}  // namespace duet::apps::resolve
