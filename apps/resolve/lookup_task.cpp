// SPDX-License-Identifier: MIT
#include "resolve/lookup_task.hpp"

#include <algorithm>
#include <utility>

#include "duet/error.hpp"
#include "support/quantity.hpp"

namespace duet::apps::resolve {

lookup_task::lookup_task(const lookup_options& options, query asked, observer* watcher,
                         latency_histogram& times)
    : options_(options), watcher_(watcher), all_times_(times) {
  answer_.asked = std::move(asked);
  if (!answer_.asked.refusal.empty()) state_ = state::over;
}

lookup_task::action lookup_task::next(clock::time_point now) {
  for (;;) {
    if (state_ == state::over) return over{};
    if (state_ == state::begin) begin(now);
    if (state_ == state::pause) {
      state_ = state::ask;
      return pause{pause_};
    }
    const bool back = state_ == state::ask_back;
    if (auto due = question(now)) {
      state_ = back ? state::asking_back : state::asking;
      return *std::move(due);
    }
    // The deadline passed between two questions.
    state_ = back ? state::asking_back : state::asking;
    answered(now, error::timed_out, {});
  }
}

void lookup_task::answered(clock::time_point now, std::error_code error, resolve_result result) {
  if (state_ == state::asking_back) return check_answered(error, result);
  if (error == condition::name_try_again && may_retry(now)) {
    pause_ = std::min(retries_ == 0 ? first_pause : pause_ * 2, longest_pause);
    ++retries_;
    state_ = state::pause;
    return;
  }
  settle(now, error, std::move(result));
}

answer lookup_task::take() {
  answer_.times = summary_of(times_);
  return std::move(answer_);
}

void lookup_task::begin(clock::time_point now) {
  began_ = now;
  const bool limited = options_.timeout != never;
  deadline_ = limited ? now + options_.timeout : clock::time_point::max();
  retries_ = 0;
  state_ = state::ask;
}

bool lookup_task::may_retry(clock::time_point now) const {
  const auto next_pause = retries_ == 0 ? first_pause : pause_ * 2;
  return retries_ < options_.retries && deadline_ - now > std::min(next_pause, longest_pause);
}

void lookup_task::settle(clock::time_point now, std::error_code error, resolve_result result) {
  times_.add(now - began_);
  all_times_.add(now - began_);
  if (error && !answer_.error) answer_.error = error;
  if (!error || !answer_.found()) answer_.result = std::move(result);
  ++answer_.lookups;
  if (error) ++answer_.failed;
  if (!error && options_.verify && answer_.asked.backwards) return start_checking();
  repetition_over();
}

void lookup_task::start_checking() {
  candidates_ = names_in(answer_.result);
  candidates_.resize(std::min(candidates_.size(), most_candidates));
  candidate_ = 0;
  answer_.checked = confirmation{};
  if (candidates_.empty()) return repetition_over();
  answer_.checked->name = candidates_.front();
  state_ = state::ask_back;
}

void lookup_task::check_answered(std::error_code error, const resolve_result& result) {
  confirmation& checked = *answer_.checked;
  const auto& found = result.host().addresses;
  if (std::ranges::find(found, *answer_.asked.backwards) != found.end()) {
    checked = {true, candidates_[candidate_], {}};
    return repetition_over();
  }
  if (error && !checked.error) checked.error = error;
  state_ = state::ask_back;
  if (++candidate_ == candidates_.size()) repetition_over();
}

void lookup_task::repetition_over() {
  state_ = answer_.lookups == options_.repeat ? state::over : state::begin;
}

std::optional<lookup_task::ask> lookup_task::question(clock::time_point now) const {
  ask due;
  due.how.family = options_.family;
  due.how.views = options_.views;
  due.how.watcher = watcher_;
  due.how.deadline = std::chrono::milliseconds(0);
  if (options_.timeout != never) {
    if (now >= deadline_) return std::nullopt;
    due.how.deadline = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - now);
  }
  if (state_ == state::ask_back) {
    due.host = candidates_[candidate_];
    due.how.family = answer_.asked.backwards->get_family();
    due.how.views = resolve_views::addrinfo;
    return due;
  }
  due.backwards = answer_.asked.backwards;
  due.host = answer_.asked.input;
  due.service = options_.service;
  return due;
}

}  // namespace duet::apps::resolve
