// SPDX-License-Identifier: MIT
// The reconnecting client of the POSIX column: policy::reconnect decides when to try and when to give up.
#include "duet/on_posix/reconnecting_client.hpp"

#include <chrono>
#include <cstdint>
#include <random>
#include <utility>

#include "duet/on_posix/connect.hpp"
#include "duet/policy/reconnect.hpp"

namespace duet::on_posix {
namespace detail {

/// What the client and what is in flight share.
class client_core : public std::enable_shared_from_this<client_core> {
 public:
  client_core(loop& owner, const endpoint& to, const reconnect_options& options)
      : to_(to),
        options_(options),
        policy_(options),
        loop_(owner),
        pause_(owner),
        connection_(owner) {}

  void start(std::function<void(stream&)> handler);
  void lost(std::error_code why);
  void stop();
  void on_change(std::function<void(const reconnect_change&)> handler) {
    on_change_ = std::move(handler);
  }
  [[nodiscard]] reconnect_state state() const noexcept { return policy_.state(); }
  [[nodiscard]] stream& connection() noexcept { return connection_; }

 private:
  void attempt();
  void connected();
  void wait(std::error_code why);
  /// False: the handler of a change has changed it again.
  bool tell(const reconnect_change& change);

  endpoint to_;
  reconnect_options options_;
  policy::reconnect policy_;
  loop& loop_;
  timer pause_;
  stream connection_;
  std::function<void(stream&)> on_connected_;
  std::function<void(const reconnect_change&)> on_change_;
  std::minstd_rand random_{std::random_device{}()};
  std::uint64_t turn_ = 0;  ///< what an earlier one began does not count any more
};

bool client_core::tell(const reconnect_change& change) {
  const std::uint64_t now = turn_;
  const auto keep = shared_from_this();
  // A copy: it may be replaced while it is told.
  if (const auto told = on_change_) told(change);
  return now == turn_;
}

void client_core::start(std::function<void(stream&)> handler) {
  stop();
  on_connected_ = std::move(handler);
  loop_.post([self = shared_from_this(), now = turn_] {
    if (now == self->turn_) self->attempt();
  });
}

void client_core::attempt() {
  if (!tell(policy_.attempt())) return;
  async_connect(connection_, to_, options_.connect,
                [self = shared_from_this(), now = turn_](std::error_code ec) {
                  if (now != self->turn_) return;
                  ec ? self->wait(ec) : self->connected();
                });
}

void client_core::connected() {
  if (!tell(policy_.connected(std::chrono::steady_clock::now()))) return;
  const auto keep = shared_from_this();
  if (const auto handler = on_connected_) handler(connection_);
}

void client_core::lost(std::error_code why) {
  if (state() == reconnect_state::connected) wait(why);
}

void client_core::wait(std::error_code why) {
  ++turn_;
  connection_.close();
  const double random = std::uniform_real_distribution<double>()(random_);
  const reconnect_change next = policy_.lost(why, std::chrono::steady_clock::now(), random);
  if (!tell(next) || next.state != reconnect_state::waiting) return;
  pause_.expires_after(next.pause);
  pause_.async_wait([self = shared_from_this(), now = turn_](std::error_code cancelled) {
    if (!cancelled && now == self->turn_) self->attempt();
  });
}

void client_core::stop() {
  ++turn_;
  pause_.cancel();
  connection_.close();
  const bool ran = state() != reconnect_state::stopped;
  const reconnect_change stopped = policy_.stop();
  if (ran) tell(stopped);
}

}  // namespace detail

reconnecting_client::reconnecting_client(loop& owner, const endpoint& to,
                                         const reconnect_options& options)
    : core_(std::make_shared<detail::client_core>(owner, to, options)) {}

reconnecting_client::~reconnecting_client() {
  if (!core_) return;
  core_->on_change({});
  core_->stop();
}

void reconnecting_client::start(std::function<void(stream&)> handler) {
  core_->start(std::move(handler));
}

void reconnecting_client::lost(std::error_code why) { core_->lost(why); }

void reconnecting_client::stop() { core_->stop(); }

void reconnecting_client::on_change(std::function<void(const reconnect_change&)> handler) {
  core_->on_change(std::move(handler));
}

reconnect_state reconnecting_client::state() const noexcept { return core_->state(); }

stream& reconnecting_client::connection() noexcept { return core_->connection(); }

}  // namespace duet::on_posix
