// SPDX-License-Identifier: MIT
// prefork_sockets: what the supervisor of `serve --model prefork` binds, and which of it the worker of a place has.
#pragma once

#include <cstddef>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/observer.hpp"
#include "duet/os/bound_socket.hpp"
#include "echo/handed_in.hpp"
#include "echo/options.hpp"

namespace duet::apps::echo {

class prefork_sockets {
 public:
  prefork_sockets(const serve_options& options, std::size_t workers, observer* watcher);

  /// A stream socket is shared by all, or with --reuse-port one for each; of UDP each has one, for whoever reads a shared one first would take
  /// what another was woken for, and the kernel keeps a peer at one. UNIX datagram sockets have no such option: one, shared.
  /// Throws std::system_error that names the step.
  endpoint bind(const endpoint& at);
  /// Each of those that were handed in is one for all.
  endpoint share(handed_in::socket given);
  /// Those of metrics, after all others: any worker answers for all.
  endpoint bind_metrics(const endpoint& at);
  endpoint share_metrics(handed_in::socket given);

  /// Of the worker at that place; the first served() are to be served, the others are the metrics'.
  [[nodiscard]] std::vector<int> of_place(std::size_t place) const;
  [[nodiscard]] std::size_t served() const noexcept { return groups_.size() - metrics_; }
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
  std::size_t metrics_ = 0;  ///< the last of them
};

}  // namespace duet::apps::echo
