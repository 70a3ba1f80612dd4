// SPDX-License-Identifier: MIT
#include "echo/prefork_sockets.hpp"

#include <system_error>
#include <utility>

#include "duet/error.hpp"
#include "duet/os/datagram_answers.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sockaddr.hpp"
#include "echo/server_setup.hpp"

namespace duet::apps::echo {

prefork_sockets::prefork_sockets(const serve_options& options, std::size_t workers,
                                 observer* watcher)
    : options_(options), workers_(workers), watcher_(watcher) {}

os::bound_socket prefork_sockets::open(const endpoint& at, bool reuse_port) const {
  os::flow steps(watcher_);
  os::bound_socket made;
  if (at.is_stream()) {
    socket_options socket = server_socket_options(options_);
    if (reuse_port) socket.reuse_port = true;
    made = os::open_listener(steps, at, socket);
  } else {
    datagram_options socket = os::echo_socket_options(datagram_server_options(options_, watcher_));
    if (reuse_port) socket.socket.reuse_port = true;
    made = os::open_bound_datagram(steps, at, socket);
  }
  if (steps.error()) throw_error(steps.error(), steps.failed_step(), &at);
  return made;
}

endpoint prefork_sockets::bind(const endpoint& at, bool one_each) {
  group made;
  made.push_back(open(at, one_each));
  std::error_code ec;
  endpoint bound = os::local_endpoint(made.front().fd.get(), os::type_of(at), ec);
  if (ec) throw_error(ec, "getsockname", &at);
  while (one_each && made.size() < workers_) made.push_back(open(bound, true));
  groups_.push_back(std::move(made));
  return bound;
}

endpoint prefork_sockets::bind(const endpoint& at) {
  const bool each_of_streams = at.is_stream() && options_.reuse_port && at.is_ip();
  const bool udp = at.transport() == transport::udp;
  return bind(at, workers_ > 1 && (each_of_streams || udp));
}

endpoint prefork_sockets::share(handed_in::socket given) {
  group made(1);
  made.front().fd = std::move(given.fd);
  groups_.push_back(std::move(made));
  return given.at;
}

endpoint prefork_sockets::bind_metrics(const endpoint& at) {
  endpoint bound = bind(at, false);
  ++metrics_;
  return bound;
}

endpoint prefork_sockets::share_metrics(handed_in::socket given) {
  ++metrics_;
  return share(std::move(given));
}

std::vector<int> prefork_sockets::of_place(std::size_t place) const {
  std::vector<int> all;
  for (const group& each : groups_)
    all.push_back((each.size() > 1 ? each[place] : each.front()).fd.get());
  return all;
}

}  // namespace duet::apps::echo
