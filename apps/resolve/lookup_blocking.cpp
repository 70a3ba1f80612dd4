// SPDX-License-Identifier: MIT
#include "resolve/lookup_blocking.hpp"

#include <poll.h>

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include "duet/os/lookup.hpp"
#include "resolve/lookup_task.hpp"
#include "resolve/query.hpp"

namespace duet::apps::resolve {
namespace {

/// The next name, waited for; nullopt if there is none.
std::optional<std::string> next_name(name_feed& from) {
  for (;;) {
    if (auto name = from.next()) return name;
    if (from.ended()) return std::nullopt;
    pollfd input{from.descriptor(), POLLIN, 0};
    os::sys::poll(&input, 1, -1);
    from.read();
  }
}

void ask(const lookup_task::ask& due, lookup_task& task) {
  const os::lookup_question about = due.backwards
                                        ? os::reverse_question(*due.backwards, due.how)
                                        : os::forward_question(due.host, due.service, due.how);
  os::lookup_outcome outcome = os::look_up(about);
  os::tell(due.how.watcher, about, outcome);
  task.answered(lookup_task::clock::now(), outcome.error, std::move(outcome.result));
}

/// Takes the step that is due; false if there is none.
bool obey(const lookup_task::action& due, lookup_task& task) {
  if (const auto* const question = std::get_if<lookup_task::ask>(&due)) ask(*question, task);
  if (const auto* const wait = std::get_if<lookup_task::pause>(&due))
    std::this_thread::sleep_for(wait->duration);
  return !std::holds_alternative<lookup_task::over>(due);
}

}  // namespace

void look_up_blocking(const lookup_options& options, name_feed& names, lookup_report& report,
                      observer* watcher) {
  while (!report.deaf()) {
    auto name = next_name(names);
    if (!name) return;
    const std::uint64_t number = report.asking();
    lookup_task task(options, query_for(*std::move(name), options), watcher, report.times());
    while (obey(task.next(lookup_task::clock::now()), task)) {
    }
    report.answered(number, task.take());
  }
}

}  // namespace duet::apps::resolve
