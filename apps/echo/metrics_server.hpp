// SPDX-License-Identifier: MIT
// metrics_server: `serve --metrics`, on a backend's server: each session reads a request, is answered, and ends.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "duet/endpoint.hpp"
#include "duet/os/unique_fd.hpp"
#include "duet/server_options.hpp"
#include "echo/metrics_http.hpp"

namespace duet::apps::echo {

template <class Backend>
class metrics_server {
 public:
  /// `metrics`: what there is to tell now.
  metrics_server(typename Backend::loop& owner, std::function<std::string()> metrics)
      : server_(owner, bounds()), metrics_(std::move(metrics)) {}

  endpoint listen(const endpoint& at) { return server_.listen(at); }
  endpoint listen(os::unique_fd listening) { return server_.listen(std::move(listening)); }
  void start() {
    server_.start([this](const session_ptr& client) { read(std::make_shared<exchange>(client)); });
  }
  void stop() { server_.stop(); }

 private:
  using session_ptr = std::shared_ptr<typename Backend::session>;

  struct exchange {
    explicit exchange(session_ptr with) : client(std::move(with)) {}
    session_ptr client;
    std::string text;
    std::vector<std::byte> piece = std::vector<std::byte>(1024);
  };

  /// A scraper that dawdles is not waited for.
  static server_options bounds() {
    server_options options;
    options.max_connections = 16;
    options.limits.age = std::chrono::seconds(10);
    options.limits.age_jitter = 0;
    return options;
  }

  void read(const std::shared_ptr<exchange>& of) {
    of->client->connection().async_read_some(
        of->piece, of->client->guard([this, of](std::error_code ec, std::size_t size) {
          if (ec) return of->client->close(close_reason::failed, ec);
          of->text.append(reinterpret_cast<const char*>(of->piece.data()), size);
          is_whole_request(of->text) ? answer(of) : read(of);
        }));
  }

  void answer(const std::shared_ptr<exchange>& of) {
    of->text = metrics_response(of->text, metrics_());
    of->client->connection().async_write(std::as_bytes(std::span(of->text)),
                                         of->client->guard([of](std::error_code ec, std::size_t) {
                                           ec ? of->client->close(close_reason::failed, ec)
                                              : of->client->finish();
                                         }));
  }

  typename Backend::server server_;
  std::function<std::string()> metrics_;
};

}  // namespace duet::apps::echo
