// SPDX-License-Identifier: MIT
#include "duet/on_posix/resolver.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "duet/error.hpp"
#include "duet/on_posix/detail/io_source.hpp"
#include "duet/os/lookup.hpp"

namespace duet::on_posix {

/// The lookups under way. A source, though it has no descriptor, so that the loop can end them when it goes.
class resolver::state final : public detail::source {
 public:
  explicit state(loop& on) : source(on), inbox_(std::make_shared<inbox>(inbox{this})) {}
  ~state() override { inbox_->owner = nullptr; }

  void start(std::shared_ptr<os::lookup_pool> pool, const os::lookup_question& about,
             const resolve_options& options, completion handler) {
    const std::uint64_t id = ++last_;
    entry& mine = entries_.try_emplace(id, owner(), about, options.watcher).first->second;
    mine.handler = std::move(handler);
    if (options.deadline.count() > 0) watch(id, mine, options.deadline);
    mine.lookup.emplace(std::move(pool), mine.about,
                        [to = inbox_, id, &on = owner()](const os::lookup_outcome& outcome) {
                          on.post([to, id, outcome] {
                            if (to->owner != nullptr) to->owner->finish(id, outcome);
                          });
                        });
  }

  /// What is known already is still told by the loop.
  void finish_later(const os::lookup_outcome& outcome, completion handler) {
    owner().post([outcome, handler = std::move(handler)]() mutable {
      handler(outcome.error, outcome.result);
    });
  }

  void cancel() {
    for (auto& [id, gone] : std::exchange(entries_, {})) {
      const os::lookup_outcome outcome{std::make_error_code(std::errc::operation_canceled), {}};
      os::tell(gone.watcher, gone.about, outcome);
      finish_later(outcome, std::move(gone.handler));
    }
  }

 private:
  /// Where the threads of the pool, and the loop's posted functions, find the state as long as it is there. Touched by the loop's thread only.
  struct inbox {
    state* owner;
  };

  struct entry {
    entry(loop& on, os::lookup_question what, observer* told)
        : about(std::move(what)), watcher(told), busy(on) {}

    os::lookup_question about;
    observer* watcher;
    detail::work busy;
    completion handler;
    std::optional<timer> deadline;
    std::optional<os::pending_lookup> lookup;
  };

  void on_ready(std::uint32_t) override {}
  void abandon() noexcept override { const auto gone = std::exchange(entries_, {}); }

  void watch(std::uint64_t id, entry& mine, std::chrono::milliseconds deadline) {
    mine.deadline.emplace(owner());
    mine.deadline->expires_after(deadline);
    mine.deadline->async_wait([to = inbox_, id](std::error_code ec) {
      if (!ec && to->owner != nullptr) to->owner->finish(id, {error::timed_out, {}});
    });
  }

  void finish(std::uint64_t id, const os::lookup_outcome& outcome) {
    auto due = entries_.extract(id);
    if (!due) return;
    entry& done = due.mapped();
    done.lookup.reset();
    done.deadline.reset();
    os::tell(done.watcher, done.about, outcome);
    done.handler(outcome.error, outcome.result);
  }

  std::shared_ptr<inbox> inbox_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, entry> entries_;
};

resolver::resolver(loop& on) : state_(new state(on)) {}

resolver::resolver(loop& on, const lookup_pool_options& own)
    : pool_(std::make_shared<os::lookup_pool>(own)), state_(new state(on)) {}

resolver::resolver(resolver&&) noexcept = default;

resolver& resolver::operator=(resolver&& other) noexcept {
  if (this != &other) {
    cancel();
    pool_ = std::move(other.pool_);
    state_ = std::move(other.state_);
  }
  return *this;
}

resolver::~resolver() { cancel(); }

void resolver::cancel() {
  if (state_) state_->cancel();
}

void resolver::start(const os::lookup_question& about, const resolve_options& options,
                     completion handler) {
  if (const auto known = os::answer_at_once(about)) {
    os::tell(options.watcher, about, *known);
    return state_->finish_later(*known, std::move(handler));
  }
  state_->start(pool_ ? pool_ : os::lookup_pool::shared(), about, options, std::move(handler));
}

}  // namespace duet::on_posix
