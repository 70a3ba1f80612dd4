// SPDX-License-Identifier: MIT
// reconnecting_client: one connection that is made again when it is lost, after pauses that grow and differ. What is said on it is the
// caller's. Counterpart: on_asio/reconnecting_client.hpp.
#pragma once

#include <functional>
#include <memory>
#include <system_error>

#include "duet/endpoint.hpp"
#include "duet/on_posix/loop.hpp"
#include "duet/on_posix/stream.hpp"
#include "duet/reconnect_options.hpp"

namespace duet::on_posix {
namespace detail {
class client_core;
}

/// @see contract::reconnecting_client for each member.
class reconnecting_client {
 public:
  reconnecting_client(loop& owner, const endpoint& to, const reconnect_options& options = {});
  ~reconnecting_client();
  reconnecting_client(reconnecting_client&&) noexcept = default;
  reconnecting_client& operator=(reconnecting_client&&) = delete;

  void start(std::function<void(stream&)> handler);
  void lost(std::error_code why = {});
  void stop();
  void on_change(std::function<void(const reconnect_change&)> handler);
  [[nodiscard]] reconnect_state state() const noexcept;
  [[nodiscard]] stream& connection() noexcept;

 private:
  std::shared_ptr<detail::client_core> core_;
};

}  // namespace duet::on_posix
