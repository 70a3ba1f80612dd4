// SPDX-License-Identifier: MIT
// stock_resolver: asio::ip::tcp::resolver behind the names of duet's resolver, as it is: one thread for all, nothing cancelled, and its
// context's end waits for it. Only the deadline is added: what is told does not wait. So that the difference can be seen and measured.
#pragma once

#include <asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "duet/error.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/resolve_options.hpp"
#include "duet/resolve_result.hpp"

namespace duet::apps::resolve {

class stock_resolver {
 public:
  /// The pool's options have nothing to say here.
  stock_resolver(on_asio::loop& on, const lookup_pool_options&) : loop_(on) {}

  template <class Handler>
  void async_resolve(std::string_view host, std::string_view service,
                     const resolve_options& options, Handler handler) {
    const auto due = started(options, std::move(handler));
    const auto flags = asio::ip::tcp::resolver::canonical_name;
    const auto answered = [due, host = std::string(host), options](std::error_code ec,
                                                                   const results& found) {
      if (due->settled) return;
      resolve_answer answer = answer_of(ec, found);
      os::flow(options.watcher)
          .took(
              "getaddrinfo", ec ? -1 : static_cast<long>(found.size()), ec, [&] { return host; },
              "resolver.async_resolve");
      due->settle(ec, std::move(answer), found);
    };
    const std::string name(host);
    const std::string port = service.empty() ? "0" : std::string(service);
    if (!options.family) {
      due->resolver.async_resolve(name, port, flags, answered);
    } else {
      const bool v4 = *options.family == address::family::v4;
      due->resolver.async_resolve(v4 ? asio::ip::tcp::v4() : asio::ip::tcp::v6(), name, port, flags,
                                  answered);
    }
  }

  template <class Handler>
  void async_reverse(const address& of, const resolve_options& options, Handler handler) {
    const auto due = started(options, std::move(handler));
    std::error_code ec;
    const os::socket_address native = os::to_socket_address(endpoint(transport::tcp, of, 0), ec);
    if (ec) return loop_.post([due, ec] { due->settle(ec, {ec, {}}, {}); });
    asio::ip::tcp::endpoint at;
    at.resize(native.size);
    std::memcpy(at.data(), &native.generic, native.size);
    due->resolver.async_resolve(at,
                                [due, of, options](std::error_code error, const results& found) {
                                  if (due->settled) return;
                                  resolve_answer answer = answer_of(error, found);
                                  // Asio asks getnameinfo without NI_NAMEREQD: no name is the address's own text.
                                  if (!error && address::parse(answer.host.official_name))
                                    error = duet::error::name_not_found;
                                  if (error) answer = {error, {}};
                                  if (!error) answer.host.addresses = {of};
                                  os::flow(options.watcher)
                                      .took(
                                          "getnameinfo", error ? -1 : 1, error,
                                          [&] { return of.to_string(); }, "resolver.async_resolve");
                                  due->settle(error, std::move(answer), {});
                                });
  }

 private:
  using results = asio::ip::tcp::resolver::results_type;

  /// One lookup. It lives until Asio is through with it, and tells once.
  template <class Handler>
  struct lookup {
    lookup(on_asio::loop& on, Handler to_tell)
        : resolver(on.context()), deadline(on), handler(std::move(to_tell)) {}

    void settle(std::error_code ec, resolve_answer answer, const results& found) {
      settled = true;
      deadline.cancel();
      resolve_result result;
      for (const auto& each : found) result.endpoints.push_back(to_duet(each.endpoint()));
      result.addrinfo = std::move(answer);
      handler(ec, std::move(result));
    }

    asio::ip::tcp::resolver resolver;
    on_asio::timer deadline;
    Handler handler;
    bool settled = false;
  };

  template <class Handler>
  std::shared_ptr<lookup<Handler>> started(const resolve_options& options, Handler handler) {
    auto due = std::make_shared<lookup<Handler>>(loop_, std::move(handler));
    if (options.deadline.count() == 0) return due;
    due->deadline.expires_after(options.deadline);
    due->deadline.async_wait([due](std::error_code ec) {
      if (!ec && !due->settled)
        due->settle(error::timed_out, {make_error_code(error::timed_out), {}}, {});
    });
    return due;
  }

  static endpoint to_duet(const asio::ip::tcp::endpoint& from) {
    os::socket_address native;
    std::memcpy(&native.generic, from.data(), from.size());
    native.size = static_cast<socklen_t>(from.size());
    return os::to_endpoint(native, SOCK_STREAM);
  }

  static resolve_answer answer_of(std::error_code ec, const results& found) {
    resolve_answer answer{ec, {}};
    if (ec) return answer;
    if (!found.empty()) answer.host.official_name = found.begin()->host_name();
    for (const auto& each : found)
      answer.host.addresses.push_back(to_duet(each.endpoint()).address());
    return answer;
  }

  on_asio::loop& loop_;
};

}  // namespace duet::apps::resolve
