// SPDX-License-Identifier: MIT
// resolver: names to addresses and back, many at once, each with a deadline, all cancellable; asked in a pool of threads, for libc blocks.
// Counterpart: on_asio/resolver.hpp. Source: getaddrinfo(3), gethostbyname(3).
#pragma once

#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "duet/address.hpp"
#include "duet/on_posix/detail/handler.hpp"
#include "duet/on_posix/detail/operation.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/os/lookup_pool.hpp"
#include "duet/resolve_options.hpp"
#include "duet/resolve_result.hpp"

namespace duet::on_posix {

/// @see contract::resolver for each member. Handlers are called as void(std::error_code, resolve_result).
/// Threads: the loop's.
class resolver {
 public:
  /// Asks in the process's pool, or in one of its own.
  explicit resolver(loop& on);
  resolver(loop& on, const lookup_pool_options& own);
  resolver(resolver&&) noexcept;
  resolver& operator=(resolver&& other) noexcept;
  ~resolver();

  template <class Handler>
  void async_resolve(std::string_view host, std::string_view service,
                     const resolve_options& options, Handler&& handler) {
    start(os::forward_question(host, service, options), options, std::forward<Handler>(handler));
  }

  template <class Handler>
  void async_reverse(const address& of, const resolve_options& options, Handler&& handler) {
    start(os::reverse_question(of, options), options, std::forward<Handler>(handler));
  }

  resolve_result resolve(std::string_view host, std::string_view service,
                         const resolve_options& options) {
    return os::resolve(pool_, os::forward_question(host, service, options), options);
  }
  resolve_result resolve(std::string_view host, std::string_view service,
                         const resolve_options& options, std::error_code& ec) {
    return os::resolve(pool_, os::forward_question(host, service, options), options, ec);
  }

  resolve_result reverse(const address& of, const resolve_options& options) {
    return os::resolve(pool_, os::reverse_question(of, options), options);
  }
  resolve_result reverse(const address& of, const resolve_options& options, std::error_code& ec) {
    return os::resolve(pool_, os::reverse_question(of, options), options, ec);
  }

  void cancel();

 private:
  class state;
  using completion = detail::handler<void(std::error_code, resolve_result)>;

  void start(const os::lookup_question& about, const resolve_options& options, completion handler);

  std::shared_ptr<os::lookup_pool> pool_;  // nullptr: the process's
  detail::source_ref<state> state_;
};

}  // namespace duet::on_posix
