// SPDX-License-Identifier: MIT
// A connect by name: the addresses of both families are looked up and tried as policy::connect_race says, each attempt on a stream of its
// own; the winner's descriptor goes to the caller's. Source: RFC 8305.
#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "connect_ops.hpp"
#include "duet/error.hpp"
#include "duet/os/lookup_pool.hpp"
#include "duet/policy/connect_race.hpp"

namespace duet::on_posix::detail {
namespace {

/// While it runs, the stream's write direction is its own, so that cancelling the stream cancels it; and what is parked there owns it.
class race_op : public std::enable_shared_from_this<race_op> {
 public:
  race_op(source_ref<io_source> io, os::connect_target to, const connect_options& options,
          race_completion handler)
      : io_(std::move(io)),
        life_(io_->life()),
        cancels_(io_->cancels(wait_type::write)),
        to_(std::move(to)),
        options_(options),
        race_(os::race_options(options), clock::now()),
        deadline_(io_->owner()),
        timer_(io_->owner()),
        handler_(std::move(handler)) {}

  void start() {
    io_->park(wait_type::write,
              [self = shared_from_this()](std::error_code ec, std::size_t) { self->ended(ec); });
    if (options_.deadline.count() > 0) {
      deadline_.expires_after(options_.deadline);
      deadline_.async_wait([weak = weak_from_this()](std::error_code ec) {
        const auto self = weak.lock();
        if (!ec && self && !self->over()) self->end(error::timed_out);
      });
    }
    look_up();
    proceed();
  }

 private:
  using clock = std::chrono::steady_clock;
  using family = policy::connect_race::family;
  using question = os::connect_target::question;
  static constexpr std::array families{family::ipv6, family::ipv4};

  /// Whether the stream is still the one that this connect is for: it may have been closed, and opened for something else.
  [[nodiscard]] bool current() const noexcept { return io_->life() == life_; }
  /// Ended, or the stream was cancelled, and the handler that is parked there is due.
  [[nodiscard]] bool over() const noexcept {
    return over_ || !current() || io_->cancels(wait_type::write) != cancels_;
  }
  /// Of a question about both families, IPv6's.
  [[nodiscard]] std::optional<os::pending_lookup>& lookup_of(std::optional<family> of) noexcept {
    return lookups_[of == family::ipv4 ? 1 : 0];
  }

  void look_up() {
    const auto asked = to_.questions(options_);
    for (const family each : families) {
      const auto about_it = [each](const question& it) { return it.is_about(each); };
      if (std::ranges::none_of(asked, about_it)) race_.resolved(each, {}, {}, clock::now());
    }
    for (const auto& each : asked) ask(each);
  }

  void ask(const question& what) {
    lookup_of(what.of).emplace(
        os::lookup_pool::shared(), what.about,
        [weak = weak_from_this(), what, &loop = io_->owner()](const os::lookup_outcome& outcome) {
          loop.post([weak, what, outcome] {
            if (const auto self = weak.lock()) self->found(what, outcome);
          });
        });
  }

  void found(const question& what, const os::lookup_outcome& outcome) {
    // One that was given up may have been on its way here.
    if (over() || !lookup_of(what.of)) return;
    lookup_of(what.of).reset();
    os::tell(options_.watcher, what.about, outcome);
    for (const family each : families) {
      if (!what.is_about(each)) continue;
      const auto [addresses, error] = to_.answer_of(outcome, each);
      race_.resolved(each, addresses, error, clock::now());
    }
    proceed();
  }

  void proceed() {
    using action = policy::connect_race::action;
    while (!over()) {
      const auto step = race_.next(clock::now());
      switch (step.what) {
        case action::start: begin(step.which); break;
        case action::give_up:
          attempts_[step.which].reset();
          race_.lost(step.which, error::attempt_timed_out, clock::now());
          break;
        case action::forget:
          lookup_of(step.of).reset();
          race_.resolved(step.of, {}, error::resolve_timed_out, clock::now());
          break;
        case action::wait: return wait(step.at);
        case action::won: return win(step.which);
        case action::failed: return end(race_.error());
      }
    }
  }

  void begin(std::size_t which) {
    attempts_.push_back(std::make_unique<stream>(io_->owner()));
    start_connect(*attempts_[which], race_.attempts()[which].to, os::attempt_options(options_),
                  [weak = weak_from_this(), which](std::error_code ec, std::size_t) {
                    if (const auto self = weak.lock()) self->attempted(which, ec);
                  });
  }

  void attempted(std::size_t which, std::error_code ec) {
    if (over() || !attempts_[which]) return;
    if (ec) {
      race_.lost(which, ec, clock::now());
    } else {
      race_.connected(which, clock::now());
    }
    proceed();
  }

  void wait(std::optional<clock::time_point> until) {
    if (until == armed_) return;
    armed_ = until;
    timer_.cancel();
    if (!until) return;
    timer_.expires_after(*until - clock::now());
    timer_.async_wait([weak = weak_from_this()](std::error_code ec) {
      const auto self = weak.lock();
      if (ec || !self) return;
      self->armed_.reset();
      self->proceed();
    });
  }

  void win(std::size_t which) {
    // The stream was given a descriptor meanwhile, which is its own.
    if (io_->fd() >= 0) return end(std::make_error_code(std::errc::operation_canceled));
    io_->assign(attempts_[which]->release());
    end({});
  }

  /// The handler is called by the loop.
  void end(std::error_code why) {
    over_ = true;
    why_ = why;
    io_->unpark(wait_type::write);
  }

  void ended(std::error_code ec) {
    if (!ec) ec = why_;
    // A stream that was closed meanwhile is not connected.
    if (!ec && !current()) ec = std::make_error_code(std::errc::operation_canceled);
    race_.stop(ec, clock::now());
    const connect_report report = race_.report(clock::now());
    deadline_.cancel();
    timer_.cancel();
    for (auto& each : lookups_) each.reset();
    for (auto& each : attempts_) each.reset();
    handler_(ec, report);
  }

  source_ref<io_source> io_;
  std::uint32_t life_;
  std::uint32_t cancels_;
  os::connect_target to_;
  connect_options options_;
  policy::connect_race race_;
  timer deadline_;
  timer timer_;
  std::optional<clock::time_point> armed_;
  std::array<std::optional<os::pending_lookup>, 2> lookups_;
  std::vector<std::unique_ptr<stream>> attempts_;  ///< nullptr: over
  bool over_ = false;
  std::error_code why_;
  race_completion handler_;
};

}  // namespace

void race(source_ref<io_source> io, os::connect_target to, const connect_options& options,
          race_completion handler) {
  std::make_shared<race_op>(std::move(io), std::move(to), options, std::move(handler))->start();
}

}  // namespace duet::on_posix::detail
