// SPDX-License-Identifier: MIT
// lookup_async: lookups on a backend's loop: as many at a time as asked for, the next name begun when one ends. What to ask and when is
// lookup_task's. `Resolver` is the backend's, or Asio's own behind the same names (stock_resolver.hpp).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "duet/observer.hpp"
#include "duet/stream_types.hpp"
#include "resolve/lookup_options.hpp"
#include "resolve/lookup_report.hpp"
#include "resolve/lookup_task.hpp"
#include "resolve/name_feed.hpp"
#include "resolve/query.hpp"

namespace duet::apps::resolve {

template <class Backend, class Resolver>
class lookup_run {
 public:
  lookup_run(const lookup_options& options, name_feed& names, lookup_report& report,
             observer* watcher)
      : options_(options),
        names_(names),
        report_(report),
        watcher_(watcher),
        resolver_(loop_, lookup_pool_options{.threads = options.jobs}) {
    for (std::size_t each = 0; each < options.jobs; ++each)
      idle_.push_back(&slots_.emplace_back(*this));
  }

  void run() {
    give_names();
    loop_.run();
  }

 private:
  /// One name at a time, from its first question to its answer.
  class slot {
   public:
    explicit slot(lookup_run& run) : run_(run), timer_(run.loop_) {}

    void begin(std::string name) {
      number_ = run_.report_.asking();
      task_.emplace(run_.options_, query_for(std::move(name), run_.options_), run_.watcher_,
                    run_.report_.times());
      proceed();
    }

   private:
    void proceed() {
      std::visit([this](const auto& due) { this->obey(due); },
                 task_->next(lookup_task::clock::now()));
    }

    void obey(const lookup_task::ask& due) {
      auto answered = [this](std::error_code ec, resolve_result result) {
        task_->answered(lookup_task::clock::now(), ec, std::move(result));
        proceed();
      };
      if (due.backwards) {
        run_.resolver_.async_reverse(*due.backwards, due.how, std::move(answered));
      } else {
        run_.resolver_.async_resolve(due.host, due.service, due.how, std::move(answered));
      }
    }

    void obey(const lookup_task::pause& due) {
      timer_.expires_after(due.duration);
      timer_.async_wait([this](std::error_code) { proceed(); });
    }

    void obey(const lookup_task::over&) {
      run_.report_.answered(number_, task_->take());
      run_.ended(*this);
    }

    lookup_run& run_;
    typename Backend::timer timer_;
    std::uint64_t number_ = 0;
    std::optional<lookup_task> task_;
  };

  void ended(slot& which) {
    idle_.push_back(&which);
    if (!giving_) give_names();
  }

  /// A name for each that is idle. Those that end at once come back while this goes on.
  void give_names() {
    if (reading_) return;
    giving_ = true;
    while (!idle_.empty() && report_.has_room() && !report_.deaf()) {
      std::optional<std::string> name = names_.next();
      if (!name) break;
      slot& next = *idle_.back();
      idle_.pop_back();
      next.begin(*std::move(name));
    }
    giving_ = false;
    if (report_.deaf()) return loop_.stop();
    if (!idle_.empty() && report_.has_room() && !names_.ended()) wait_for_names();
  }

  void wait_for_names() {
    if (fd_ != names_.descriptor()) {
      fd_ = names_.descriptor();
      input_.emplace(loop_, fd_);
    }
    reading_ = true;
    input_->async_wait(wait_type::read, [this](std::error_code ec) {
      reading_ = false;
      if (ec) throw std::system_error(ec, "wait for names");
      names_.read();
      give_names();
    });
  }

  const lookup_options& options_;
  name_feed& names_;
  lookup_report& report_;
  observer* watcher_;
  typename Backend::loop loop_;
  Resolver resolver_;
  std::deque<slot> slots_;
  std::vector<slot*> idle_;
  bool giving_ = false;
  bool reading_ = false;
  int fd_ = -1;
  std::optional<typename Backend::descriptor> input_;
};

}  // namespace duet::apps::resolve
