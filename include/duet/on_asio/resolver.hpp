// SPDX-License-Identifier: MIT
// resolver: names to addresses and back, many at once, each with a deadline, all cancellable; asked in a pool of threads and not on Asio's one,
// which its context's end would wait for. Counterpart: on_posix/resolver.hpp. Source: getaddrinfo(3), gethostbyname(3).
#pragma once

#include <asio/async_result.hpp>
#include <asio/execution_context.hpp>
#include <concepts>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "duet/address.hpp"
#include "duet/on_asio/detail/resolve_op.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/os/lookup_pool.hpp"
#include "duet/resolve_options.hpp"
#include "duet/resolve_result.hpp"

namespace duet::on_asio {

/// @see contract::resolver for each member. Completion signature void(std::error_code, resolve_result). The handler's cancellation slot ends one
/// lookup, cancel() all.
/// Threads: one at a time, or a strand as executor.
template <class Executor>
class basic_resolver {
 public:
  using executor_type = Executor;

  /// Asks in the process's pool, or in one of its own.
  explicit basic_resolver(const Executor& executor) : basic_resolver(executor, nullptr) {}
  basic_resolver(const Executor& executor, const lookup_pool_options& own)
      : basic_resolver(executor, std::make_shared<os::lookup_pool>(own)) {}
  template <class Context>
    requires std::convertible_to<Context&, asio::execution_context&>
  explicit basic_resolver(Context& context) : basic_resolver(Executor(context.get_executor())) {}
  explicit basic_resolver(loop& on) : basic_resolver(on.get_executor()) {}
  basic_resolver(loop& on, const lookup_pool_options& own)
      : basic_resolver(on.get_executor(), own) {}
  basic_resolver(basic_resolver&&) noexcept = default;
  basic_resolver& operator=(basic_resolver&& other) noexcept {
    if (this != &other) {
      cancel();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~basic_resolver() { cancel(); }

  [[nodiscard]] executor_type get_executor() const noexcept { return state_->executor; }

  template <asio::completion_token_for<void(std::error_code, resolve_result)> Token>
  auto async_resolve(std::string_view host, std::string_view service,
                     const resolve_options& options, Token&& token) {
    return start(os::forward_question(host, service, options), options, token);
  }

  template <asio::completion_token_for<void(std::error_code, resolve_result)> Token>
  auto async_reverse(const address& of, const resolve_options& options, Token&& token) {
    return start(os::reverse_question(of, options), options, token);
  }

  resolve_result resolve(std::string_view host, std::string_view service,
                         const resolve_options& options) {
    return os::resolve(state_->own_pool, os::forward_question(host, service, options), options);
  }
  resolve_result resolve(std::string_view host, std::string_view service,
                         const resolve_options& options, std::error_code& ec) {
    return os::resolve(state_->own_pool, os::forward_question(host, service, options), options, ec);
  }

  resolve_result reverse(const address& of, const resolve_options& options) {
    return os::resolve(state_->own_pool, os::reverse_question(of, options), options);
  }
  resolve_result reverse(const address& of, const resolve_options& options, std::error_code& ec) {
    return os::resolve(state_->own_pool, os::reverse_question(of, options), options, ec);
  }

  void cancel() {
    if (state_) state_->cancel();
  }

 private:
  using state_type = detail::resolver_state<Executor>;

  basic_resolver(const Executor& executor, std::shared_ptr<os::lookup_pool> own)
      : state_(std::make_shared<state_type>(executor, std::move(own))) {}

  template <class Token>
  auto start(os::lookup_question about, const resolve_options& options, Token& token) {
    return asio::async_initiate<Token, void(std::error_code, resolve_result)>(
        detail::initiate_resolve<Executor>{state_}, token, std::move(about), options);
  }

  std::shared_ptr<state_type> state_;
};

using resolver = basic_resolver<loop::executor_type>;

}  // namespace duet::on_asio
