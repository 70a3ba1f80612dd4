// SPDX-License-Identifier: MIT
#include "duet/os/fork_desk.hpp"

#include <algorithm>

#include "duet/error.hpp"
#include "duet/os/process.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/sys.hpp"
#include "duet/server_options.hpp"

namespace duet::os {
namespace {

/// poll(2)'s, rounded up: a wait that ends a little early would be one in vain.
int milliseconds(std::chrono::nanoseconds time) {
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(time).count();
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(whole, 0, 60'000));
}

std::optional<endpoint> peer_of(int connection) {
  std::error_code ec;
  endpoint peer = remote_endpoint(connection, SOCK_STREAM, ec);
  if (ec) return std::nullopt;  // it has reset the connection meanwhile
  return peer;
}

}  // namespace

fork_desk::fork_desk(const fork_options& options)
    : options_(options),
      door_(options.max_children),
      children_(observer_of_steps(options.watcher)) {}

void fork_desk::prepare_listener(int fd) {
  const int flags = sys::fcntl(fd, F_GETFL, 0);
  if (flags < 0 || sys::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
    throw_error(sys::last_error(), "fcntl");
}

/// The longest wait, as poll(2) has it.
int fork_desk::patience(clock::time_point now) const {
  std::optional<std::chrono::nanoseconds> most = door_.opens_in(now);
  if (const auto look = children_.look_again_in())
    most = std::min<std::chrono::nanoseconds>(most.value_or(*look), *look);
  return most ? milliseconds(*most) : -1;
}

fork_turn fork_desk::wait(std::span<const int> listeners, int stop) {
  const clock::time_point now = clock::now();
  // Behind a closed door nobody is waited for: poll passes over negative numbers.
  const bool accepts = door_.open(now);
  std::vector<pollfd> waiting;
  waiting.reserve(listeners.size() + 2);
  for (const int each : listeners) waiting.push_back({accepts ? each : -1, POLLIN, 0});
  waiting.push_back({children_.descriptor(), POLLIN, 0});
  waiting.push_back({stop, POLLIN, 0});
  const int ready = sys::poll(waiting.data(), waiting.size(), patience(now));
  if (ready < 0) return {fork_turn::kind::nothing};
  if (waiting.back().revents != 0) return {fork_turn::kind::stop};
  if (waiting[listeners.size()].revents != 0 || children_.look_again_in()) reap();
  for (std::size_t each = 0; each < listeners.size(); ++each) {
    const std::size_t turn = (next_ + each) % listeners.size();
    if (waiting[turn].revents == 0) continue;
    next_ = turn + 1;
    return {fork_turn::kind::client, turn};
  }
  return {fork_turn::kind::nothing};
}

bool fork_desk::somebody_waits(int listener) const {
  pollfd client{listener, POLLIN, 0};
  return door_.open(clock::now()) && sys::poll(&client, 1, 0) > 0;
}

void fork_desk::accept_failed(std::error_code ec) {
  const auto verdict = door_.accept_failed(ec, clock::now());
  if (verdict.action == policy::accept_action::fatal) throw_error(ec, "accept");
  if (verdict.action != policy::accept_action::pause) return;
  ++counters_.accept_pauses;
  if (verdict.first) tell("accept paused", std::nullopt, ec);
}

void fork_desk::check_alone() {
  if (thread_count() <= 1) return;
  throw_error(std::make_error_code(std::errc::operation_not_permitted),
              "fork while other threads run");
}

pid_t fork_desk::start(int connection, flow& steps, std::string_view asio) {
  const std::optional<endpoint> client = peer_of(connection);
  const child_setup setup{options_.end_signal, true, options_.blocked_signals};
  const pid_t pid = children_.start(setup, client, steps, asio);
  if (pid == 0) return pid;
  if (pid < 0) {
    reset_on_close(connection);
    ++counters_.refused;
    tell("refused: shortage", client, steps.error());
    ++counters_.accept_pauses;
    if (door_.fork_failed(clock::now())) tell("accept paused", std::nullopt, steps.error());
    return pid;
  }
  door_.entered();
  ++counters_.accepted;
  counters_.active = door_.active();
  tell("accepted", client, {});
  return pid;
}

void fork_desk::reap() {
  children_.reap([this](const auto& client, const wait_status& how) { ended(client, how); });
}

void fork_desk::ended(const std::optional<endpoint>& client, const wait_status& how) {
  door_.left();
  counters_.active = door_.active();
  if (how.signal != 0) {
    ++counters_.killed;
    return tell("closed: killed", client, {});
  }
  const bool well = how.well() || how.unknown;
  if (!well) ++counters_.failed;
  tell(close_event(well ? close_reason::end_of_stream : close_reason::failed), client, {});
}

void fork_desk::tell(std::string_view event, const std::optional<endpoint>& client,
                     std::error_code ec) const {
  if (options_.watcher != nullptr)
    options_.watcher->on_event(event, client ? &*client : nullptr, ec);
}

std::size_t fork_desk::end_all(clock::time_point deadline, int stop) {
  if (options_.end_signal != 0) children_.signal_all(options_.end_signal);
  while (children_.size() > 0) {
    const clock::time_point now = clock::now();
    if (now >= deadline) break;
    std::chrono::nanoseconds most = deadline - now;
    if (const auto look = children_.look_again_in())
      most = std::min<std::chrono::nanoseconds>(most, *look);
    pollfd waiting[] = {{children_.descriptor(), POLLIN, 0}, {stop, POLLIN, 0}};
    sys::poll(waiting, 2, milliseconds(most));
    if (waiting[1].revents != 0) break;
    reap();
  }
  reap();  // who has ended by itself meanwhile is not one of the killed
  return kill_all();
}

std::size_t fork_desk::kill_all() {
  return children_.kill_all(
      [this](const auto& client, const wait_status& how) { ended(client, how); });
}

void keep_only(int connection, const fork_options& options) {
  std::vector<int> kept = options.kept_descriptors;
  kept.push_back(connection);
  close_all_but(kept);
}

}  // namespace duet::os
