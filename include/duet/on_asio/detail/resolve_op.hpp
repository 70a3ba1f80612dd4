// SPDX-License-Identifier: MIT
// resolve_op: one lookup on Asio: asked in a pool of threads, answered through the resolver's executor, ended early by its deadline, its slot or
// the resolver.
#pragma once

#include <asio/error.hpp>
#include <asio/query.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include "duet/on_asio/detail/ending.hpp"
#include "duet/on_asio/detail/lookup_service.hpp"
#include "duet/os/lookup.hpp"
#include "duet/os/lookup_pool.hpp"
#include "duet/resolve_options.hpp"
#include "duet/resolve_result.hpp"

namespace duet::on_asio::detail {

class any_resolve_op {
 public:
  virtual ~any_resolve_op() = default;
  virtual void abort(std::error_code why) = 0;
};

/// What a resolver shares with its lookups, which may outlive it.
template <class Executor>
struct resolver_state {
  Executor executor;
  std::shared_ptr<os::lookup_pool> own_pool;  ///< nullptr: the process's
  std::map<any_resolve_op*, std::weak_ptr<any_resolve_op>> under_way{};

  void cancel() {
    for (const auto& each : std::exchange(under_way, {}))
      if (const auto op = each.second.lock()) op->abort(asio::error::operation_aborted);
  }
};

template <class Executor, class Handler>
class resolve_op final : public any_resolve_op,
                         public std::enable_shared_from_this<resolve_op<Executor, Handler>> {
 public:
  using state_ptr = std::shared_ptr<resolver_state<Executor>>;

  resolve_op(state_ptr of, os::lookup_question about, const resolve_options& options,
             Handler handler)
      : resolver_(std::move(of)),
        about_(std::move(about)),
        options_(options),
        end_(resolver_->executor, std::move(handler)) {}

  void start() {
    if (const auto known = os::answer_at_once(about_)) return finish(*known);
    resolver_->under_way.emplace(this, this->weak_from_this());
    end_.watch(this->weak_from_this(), options_.deadline);
    ticket_ = lookups().start(resolver_->own_pool ? resolver_->own_pool : os::lookup_pool::shared(),
                              about_, end_.executor(),
                              [self = this->shared_from_this()](const os::lookup_outcome& outcome) {
                                self->finish(outcome);
                              });
  }

  void abort(std::error_code why) override {
    const auto keep = this->shared_from_this();
    if (!end_.reached()) finish({why, {}});
  }

 private:
  [[nodiscard]] lookup_service& lookups() {
    return asio::use_service<lookup_service>(
        asio::query(end_.executor(), asio::execution::context));
  }

  void finish(const os::lookup_outcome& outcome) {
    if (ticket_ != 0) lookups().cancel(std::exchange(ticket_, 0));
    resolver_->under_way.erase(this);
    os::tell(options_.watcher, about_, outcome);
    end_.reach(outcome.error, outcome.result);
  }

  state_ptr resolver_;
  os::lookup_question about_;
  resolve_options options_;
  ending<Executor, Handler> end_;
  std::uint64_t ticket_ = 0;
};

template <class Executor>
struct initiate_resolve {
  using executor_type = Executor;
  [[nodiscard]] executor_type get_executor() const noexcept { return resolver->executor; }

  template <class Handler>
  void operator()(Handler&& handler, os::lookup_question about,
                  const resolve_options& options) const {
    using op = resolve_op<Executor, std::decay_t<Handler>>;
    std::make_shared<op>(resolver, std::move(about), options, std::forward<Handler>(handler))
        ->start();
  }

  std::shared_ptr<resolver_state<Executor>> resolver;
};

}  // namespace duet::on_asio::detail
