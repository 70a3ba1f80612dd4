// SPDX-License-Identifier: MIT
// reconnecting_client: one connection that is made again when it is lost, after pauses that grow and differ. What is said on it is the
// caller's. Counterpart: on_posix/reconnecting_client.hpp.
#pragma once

#include <functional>
#include <memory>
#include <system_error>
#include <utility>

#include "duet/endpoint.hpp"
#include "duet/on_asio/detail/client_core.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/on_asio/stream.hpp"
#include "duet/reconnect_options.hpp"

namespace duet::on_asio {

/// @see contract::reconnecting_client for each member.
class reconnecting_client {
 public:
  reconnecting_client(loop& owner, const endpoint& to, const reconnect_options& options = {})
      : core_(std::make_shared<detail::client_core>(owner, to, options)) {}
  ~reconnecting_client() {
    if (!core_) return;
    core_->on_change({});
    core_->stop();
  }
  reconnecting_client(reconnecting_client&&) noexcept = default;
  reconnecting_client& operator=(reconnecting_client&&) = delete;

  void start(std::function<void(stream&)> handler) { core_->start(std::move(handler)); }
  void lost(std::error_code why = {}) { core_->lost(why); }
  void stop() { core_->stop(); }
  void on_change(std::function<void(const reconnect_change&)> handler) {
    core_->on_change(std::move(handler));
  }
  [[nodiscard]] reconnect_state state() const noexcept { return core_->state(); }
  [[nodiscard]] stream& connection() noexcept { return core_->connection(); }

 private:
  std::shared_ptr<detail::client_core> core_;
};

}  // namespace duet::on_asio
