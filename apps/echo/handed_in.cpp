// SPDX-License-Identifier: MIT
#include "echo/handed_in.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <string>
#include <system_error>
#include <utility>

#include "duet/os/bound_socket.hpp"
#include "duet/os/service_manager.hpp"
#include "duet/os/sys.hpp"
#include "support/arguments.hpp"
#include "support/printable.hpp"

namespace duet::apps::echo {
namespace {

std::string name_of(const os::handed_socket& given) {
  return fmt::format("descriptor {} ({})", given.fd.get(), printable(given.name));
}

/// --rcvbuf is for datagrams that wait, whoever has bound their socket.
void set_receive_buffer(const os::handed_socket& given, int bytes) {
  if (os::sys::setsockopt(given.fd.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) == 0)
    return;
  throw std::system_error(os::sys::last_error(), "--rcvbuf: " + name_of(given));
}

}  // namespace

handed_in take_handed_in(const serve_options& options) {
  handed_in all;
  if (!options.handed_in) return all;
  std::error_code ec;
  std::vector<os::handed_socket> given = os::handed_sockets(ec);
  if (ec) throw std::system_error(ec, "LISTEN_FDS");
  for (os::handed_socket& each : given) {
    const os::inherited_socket what = os::inspect_socket(each.fd.get(), ec);
    if (ec) throw std::system_error(ec, name_of(each));
    if (options.receive_buffer_bytes && !what.at.is_stream())
      set_receive_buffer(each, *options.receive_buffer_bytes);
    auto& where = each.name == "metrics" && what.at.is_stream() ? all.metrics : all.served;
    where.push_back({std::move(each.fd), what.at});
  }
  if (all.served.empty() && options.endpoints.empty())
    throw usage_error(
        "--handed-in: nobody hands in a socket (LISTEN_FDS), and no ENDPOINT is given");
  return all;
}

}  // namespace duet::apps::echo
