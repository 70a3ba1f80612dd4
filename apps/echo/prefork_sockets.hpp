// SPDX-License-Identifier: MIT
// prefork_sockets: what the supervisor of `serve --model prefork` binds, and which of it the worker of a place has.
#pragma once

#include <cstddef>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/observer.hpp"
#include "duet/os/bound_socket.hpp"
#include "echo/options.hpp"

namespace duet::apps::echo {

class prefork_sockets {
 public:
  prefork_sockets(const serve_options& options, std::size_t workers, observer* watcher);

  /// A stream socket is shared by all, or with --reuse-port one for each; of UDP each has one, for whoever reads a shared one first would take
  /// what another was woken for, and the kernel keeps a peer at one. UNIX datagram sockets have no such option: one, shared.
  /// Throws std::system_error that names the step.
  endpoint bind(const endpoint& at);
  /// The one of --metrics, which any worker answers for all.
  endpoint bind_metrics(const endpoint& at);

  /// Of the worker at that place; the metrics' last.
  [[nodiscard]] std::vector<int> of_place(std::size_t place) const;
  /// The supervisor's copies go, and socket files with them.
  void close() noexcept { groups_.clear(); }

 private:
  using group = std::vector<os::bound_socket>;  ///< one for all, or one for each
  os::bound_socket open(const endpoint& at, bool reuse_port) const;
  endpoint bind(const endpoint& at, bool one_each);

  const serve_options& options_;
  std::size_t workers_;
  observer* watcher_;
  std::vector<group> groups_;
};

}  // namespace duet::apps::echo
