// SPDX-License-Identifier: MIT
// endpoint: where a socket is or shall be (a transport with an address, a wildcard, a name or a
// UNIX path), and its URI text. A value without I/O: turning it into a sockaddr is os/sockaddr.hpp,
// names are resolved by the columns. Text follows RFC 3986 (authority), RFC 6874 (scopes), RFC 5952
// (IPv6), unix(7) (paths).
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "duet/address.hpp"

namespace duet {

/// What carries the bytes: SOCK_STREAM or SOCK_DGRAM, in AF_INET/AF_INET6 or in AF_UNIX.
enum class transport : std::uint8_t { tcp, udp, unix_stream, unix_datagram };

/// The scheme of a transport as URIs print it: "tcp", "udp", "unix", "unixgram".
constexpr std::string_view scheme(transport kind) noexcept {
  switch (kind) {
    case transport::tcp: return "tcp";
    case transport::udp: return "udp";
    case transport::unix_stream: return "unix";
    case transport::unix_datagram: return "unixgram";
  }
  return "";
}

/// A regular value. Every endpoint made by parse prints a canonical text that parses to an equal
/// endpoint.
///
/// Texts: `tcp://127.0.0.1:9000` `udp://[::1]:53` `tcp://[fe80::1%eth0]:80` `tcp://localhost:echo`
/// `tcp://*:9000` (or `tcp://:9000`: both families) `unix:/run/x.sock` `unix:@abstract`
/// `unixgram:x.sock`, and `HOST:PORT`, which means tcp. In detail:
/// * Schemes are read in any case and printed in lower case.
/// * IPv6 stands in brackets, a scope behind it as `%eth0` or `%25eth0`. `%25` alone is the scope
///   "25"; a scope that is "25" and more prints as `%2525...`.
/// * A port that is empty or begins with a digit, a sign or a blank is wholly a number from 0 to
///   65535. Anything else is the name of a service: letters, digits, `-`, `_`, `.`, at most 63.
/// * A host whose labels are all numbers (decimal or 0x...) is a strict dotted quad or an error:
///   "127.1" is never passed on as a name, because resolvers would read it as an address.
/// * A host name has at most 253 bytes, and perhaps a dot behind them; labels of 1 to 63; no
///   leading `-`; and only characters that RFC 3986 3.2.2 allows unescaped, less `;`.
/// * After `unix:` and `unixgram:` everything is the path, byte for byte, relative allowed, 1 to
///   107 bytes, no NUL. `unix:///p` is `/p`: a path that begins with `///` loses two of them.
///   `@name` is an abstract name of 1 to 107 bytes; a path that begins with `@` is `./@...`.
///
/// Errors: functions that take text throw std::system_error with error::bad_endpoint, whose what()
/// names the text and the reason: "endpoint 'tcp://h:65543': port '65543' is not a number from 0 to
/// 65535" (bytes that do not print escaped, long texts cut). Their overloads with an error_code
/// report error::bad_endpoint and nullopt, clear it on success, and throw std::bad_alloc only.
/// Threads: a value; distinct objects may be used at the same time.
class endpoint {
 public:
  /// tcp 0.0.0.0:0.
  endpoint() noexcept = default;

  /// An IP address and a port. Precondition: `kind` is tcp or udp, else error::bad_endpoint.
  endpoint(duet::transport kind, const duet::address& where, std::uint16_t port);

  /// Every address of both families, `tcp://*:9000`. Precondition: as above.
  static endpoint wildcard(duet::transport kind, std::uint16_t port);

  /// A host and a service as text, checked as parse does: what is numeric becomes an address or a
  /// port number, "" and "*" the wildcard, the rest needs resolving. IPv6 in brackets as in a URI,
  /// or without them as address::parse reads it. Precondition: as above.
  static endpoint named(duet::transport kind, std::string_view host, std::string_view service);
  static std::optional<endpoint> named(duet::transport kind, std::string_view host,
                                       std::string_view service, std::error_code& ec);

  /// A UNIX socket's path; with a leading NUL byte an abstract name; empty an unnamed socket (what
  /// a client's peer sees). An abstract name may hold further NUL bytes, as other programs' names
  /// do (unix(7)). Precondition: `kind` is unix_stream or unix_datagram, else error::bad_endpoint.
  static endpoint local(duet::transport kind, std::string path);
  static std::optional<endpoint> local(duet::transport kind, std::string path, std::error_code& ec);

  /// The endpoint of a text, see above. The whole text is read; nothing is resolved.
  static endpoint parse(std::string_view text);
  static std::optional<endpoint> parse(std::string_view text, std::error_code& ec);

  duet::transport transport() const noexcept { return transport_; }
  bool is_ip() const noexcept { return transport_ <= duet::transport::udp; }
  bool is_unix() const noexcept { return !is_ip(); }
  bool is_stream() const noexcept {
    return transport_ == duet::transport::tcp || transport_ == duet::transport::unix_stream;
  }

  /// The dual-stack wildcard; `0.0.0.0` and `[::]` are their family's and not this one.
  bool is_wildcard() const noexcept { return host_kind_ == host_kind::wildcard; }

  /// Can become a sockaddr without resolving: UNIX; an address or the wildcard with a port number.
  bool is_numeric() const noexcept { return host_kind_ != host_kind::name && service_.empty(); }

  /// The address; `::` for the wildcard, 0.0.0.0 if the endpoint has none (a name, a UNIX path).
  const duet::address& address() const noexcept { return address_; }

  /// The port; 0 when it is a service name or the endpoint a UNIX one.
  std::uint16_t port() const noexcept { return port_; }

  /// The host name; empty when the host is an address or the wildcard.
  const std::string& host() const noexcept;

  /// The service name; empty when the port is a number.
  const std::string& service() const noexcept { return service_; }

  /// The UNIX path as it goes into sun_path: NUL first if abstract, empty if unnamed.
  const std::string& path() const noexcept;

  /// A UNIX endpoint in the abstract namespace.
  bool is_abstract() const noexcept { return !path().empty() && path().front() == '\0'; }

  /// The same with this port number, in place of a service name too. UNIX endpoints stay the same.
  endpoint with_port(std::uint16_t port) const;

  /// The same with this address, in place of a wildcard or a name too: what resolving does. UNIX
  /// endpoints stay the same.
  endpoint with_address(const duet::address& where) const;

  /// The canonical URI. Byte for byte, so a UNIX path may hold bytes that do not print: see
  /// escape.hpp for logs. Reads back as an equal endpoint unless it is unnamed (`unix:`), an
  /// abstract name with NUL bytes, or a path that begins with `@`, which prints as "unix:./@x" (the
  /// same file).
  std::string to_string() const;

  bool operator==(const endpoint&) const noexcept = default;

 private:
  struct reader;  // src/endpoint_text.cpp: fills one in from text
  enum class host_kind : std::uint8_t { address, wildcard, name };

  duet::transport transport_ = duet::transport::tcp;
  host_kind host_kind_ = host_kind::address;
  std::uint16_t port_ = 0;
  duet::address address_;
  std::string name_;  // the host name, or the UNIX path
  std::string service_;
};

std::string to_string(const endpoint& where);

/// Writes to_string(where).
std::ostream& operator<<(std::ostream& out, const endpoint& where);

}  // namespace duet
