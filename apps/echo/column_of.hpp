// SPDX-License-Identifier: MIT
// column_of: the one place where the commands, written once, meet a backend.
#pragma once

#include "echo/column.hpp"
#include "echo/connect_async.hpp"
#include "echo/ping_async.hpp"
#include "echo/ping_blocking.hpp"
#include "echo/ping_datagram_blocking.hpp"
#include "echo/send_async.hpp"
#include "echo/send_blocking.hpp"
#include "echo/send_datagrams_async.hpp"
#include "echo/send_datagrams_blocking.hpp"
#include "echo/serve_async.hpp"
#include "echo/serve_blocking.hpp"
#include "echo/serve_fork.hpp"
#include "echo/serve_prefork.hpp"

namespace duet::apps::echo {

template <class Backend>
constexpr auto serve_of(model how) {
  switch (how) {
    case model::blocking: return &serve_blocking<Backend>;
    case model::fork: return &serve_fork<Backend>;
    case model::prefork: return &serve_prefork<Backend>;
    default: return &serve_async<Backend>;
  }
}

template <class Backend>
constexpr auto send_of(const send_options& options) {
  const bool async = options.model == model::async;
  if (options.to.is_stream()) return async ? &send_async<Backend> : &send_blocking<Backend>;
  return async ? &send_datagrams_async<Backend> : &send_datagrams_blocking<Backend>;
}

template <class Backend>
constexpr auto ping_of(const ping_options& options) {
  const bool async = options.model == model::async;
  if (options.to.is_stream()) return async ? &ping_async<Backend> : &ping_blocking<Backend>;
  return async ? &ping_datagrams_async<Backend> : &ping_datagrams_blocking<Backend>;
}

template <class Backend>
constexpr column column_of() {
  return {Backend::name,
          [](const serve_options& options, console& to) {
            return serve_of<Backend>(options.model)(options, to);
          },
          [](const send_options& options, console& to) {
            return send_of<Backend>(options)(options, to);
          },
          [](const ping_options& options, console& to) {
            return ping_of<Backend>(options)(options, to);
          },
          [](const connect_command_options& options, console& to) {
            return connect_async<Backend>(options, to);
          }};
}

}  // namespace duet::apps::echo
