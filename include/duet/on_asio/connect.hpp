// SPDX-License-Identifier: MIT
// connect: from an endpoint, or a host and a service, to a connected stream, with deadlines, as one operation for any completion token.
// Counterpart: on_posix/connect.hpp. Source: connect(2), getaddrinfo(3), RFC 8305.
#pragma once

#include <asio/async_result.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "duet/connect_options.hpp"
#include "duet/connect_report.hpp"
#include "duet/endpoint.hpp"
#include "duet/on_asio/detail/connect_op.hpp"
#include "duet/on_asio/detail/race_op.hpp"
#include "duet/on_asio/stream.hpp"

namespace duet::on_asio {
namespace detail {

template <class Executor>
struct initiate_connect {
  using executor_type = Executor;
  [[nodiscard]] executor_type get_executor() const noexcept { return to->get_executor(); }

  template <class Handler>
  void operator()(Handler&& handler, const endpoint& at, const connect_options& options) const {
    using handler_type = std::decay_t<Handler>;
    // On the ordinary heap: cancellers hold on to it after the handler was called, when memory of the handler's allocator has to be back.
    if (at.is_numeric()) {
      std::make_shared<connect_op<Executor, handler_type>>(to->prepare_connect(options.watcher), at,
                                                           options, std::forward<Handler>(handler))
          ->start();
    } else {
      std::make_shared<race_op<Executor, handler_type, false>>(to->prepare_connect(options.watcher),
                                                               os::connect_target(at), options,
                                                               std::forward<Handler>(handler))
          ->start();
    }
  }

  template <class Handler>
  void operator()(Handler&& handler, const std::string& host, const std::string& service,
                  const connect_options& options) const {
    std::make_shared<race_op<Executor, std::decay_t<Handler>, true>>(
        to->prepare_connect(options.watcher), os::connect_target(host, service), options,
        std::forward<Handler>(handler))
        ->start();
  }

  basic_stream<Executor>* to;
};

}  // namespace detail

/// @see contract::backend. Completion signature void(std::error_code). `to` is closed first, may be moved meanwhile, and its cancel() and
/// close() end the attempt, as does the handler's cancellation slot.
template <class Executor, asio::completion_token_for<void(std::error_code)> Token>
auto async_connect(basic_stream<Executor>& to, const endpoint& at, const connect_options& options,
                   Token&& token) {
  return asio::async_initiate<Token, void(std::error_code)>(detail::initiate_connect<Executor>{&to},
                                                            token, at, options);
}

/// The same, by name, with a report of what was tried. Completion signature void(std::error_code, connect_report).
template <class Executor, asio::completion_token_for<void(std::error_code, connect_report)> Token>
auto async_connect(basic_stream<Executor>& to, std::string_view host, std::string_view service,
                   const connect_options& options, Token&& token) {
  return asio::async_initiate<Token, void(std::error_code, connect_report)>(
      detail::initiate_connect<Executor>{&to}, token, std::string(host), std::string(service),
      options);
}

}  // namespace duet::on_asio
