// SPDX-License-Identifier: MIT
// scripted_peer: a server of the tests that treats the program's connections as it is told to, on a thread of its own.
#pragma once

#include <functional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "bytes.hpp"
#include "duet/endpoint.hpp"
#include "raw_socket.hpp"

namespace duet::test {

/// Treats one connection after another, `connections` of them; its end waits for them. A client that has gone ends a treatment: the test sees
/// by its exit code why.
class scripted_peer {
 public:
  scripted_peer(int connections, std::function<void(raw_socket&, int)> serve)
      : listener_(raw_socket::listening(endpoint::parse("127.0.0.1:0"))),
        thread_([this, connections, serve = std::move(serve)] {
          for (int each = 0; each < connections; ++each) {
            raw_socket client = listener_.accept();
            try {
              serve(client, each);
            } catch (const std::system_error&) {  // it has gone
            }
          }
        }) {}
  explicit scripted_peer(std::function<void(raw_socket&)> serve)
      : scripted_peer(1, [serve = std::move(serve)](raw_socket& client, int) { serve(client); }) {}
  ~scripted_peer() { thread_.join(); }

  [[nodiscard]] std::string uri() const { return listener_.local_endpoint().to_string(); }

 private:
  raw_socket listener_;
  std::thread thread_;
};

/// Until so many bytes have come, or the end: what they are does not matter.
inline void wait_for(const raw_socket& client, std::size_t bytes) {
  [[maybe_unused]] const byte_vector ignored = client.receive(bytes);
}

}  // namespace duet::test
