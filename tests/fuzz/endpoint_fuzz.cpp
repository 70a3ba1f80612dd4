// SPDX-License-Identifier: MIT
// Fuzz target of endpoint: any text is read or refused with a reason that prints; what is read
// prints canonically and reads back; no name is one that inet_aton(3) would take for an address.
#include <arpa/inet.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "fuzz.hpp"

namespace {

using duet::endpoint;
using fuzz::require;

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// The form that throws agrees with the one that reports, and says why in a text fit to print.
void try_throwing(const std::string& text, const std::optional<endpoint>& read) {
  try {
    const endpoint thrown = endpoint::parse(text);
    require(read == thrown, "both forms read the same", text);
  } catch (const std::system_error& refused) {
    const std::string_view what = refused.what();
    require(!read, "both forms refuse the same", text);
    require(refused.code() == duet::error::bad_endpoint, "the code is bad_endpoint", text);
    require(what.starts_with("endpoint '"), "the text is named", text);
    const std::size_t reason =
        std::min(what.find("': "), what.find("'...: "));  // long texts are cut
    require(reason < what.size() - 6, "a reason follows", text);
    require(is_printable(what) && what.size() < 4000, "the reason prints", text);
  }
}

void try_ip(const endpoint& read, const std::string& canonical) {
  in_addr unused{};
  require(::inet_aton(read.host().c_str(), &unused) == 0, "no name is a number", canonical);
  require(read.host().size() <= 254 && is_printable(read.host()), "a name is plain", canonical);
  require(read.service().empty() || read.port() == 0, "a port or a service", canonical);

  std::string host = read.host();
  if (host.empty()) host = read.is_wildcard() ? "*" : read.address().to_string();
  const std::string port = read.service().empty() ? std::to_string(read.port()) : read.service();
  require(endpoint::named(read.transport(), host, port) == read, "its parts make it", canonical);
  require(read.is_numeric() == (read.host().empty() && read.service().empty()),
          "numeric means neither name", canonical);
}

void try_unix(const endpoint& read, const std::string& canonical) {
  const std::string& path = read.path();
  require(!path.empty(), "a path is there", canonical);
  require(path.size() <= (read.is_abstract() ? 108U : 107U), "a path fits", canonical);
  require(path.find('\0', 1) == std::string::npos, "a path has no NUL inside", canonical);
  require(endpoint::local(read.transport(), path) == read, "its path makes it", canonical);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = fuzz::text_of(data, size);
  std::error_code ec;
  const auto read = endpoint::parse(text, ec);
  require(read.has_value() == !ec, "an endpoint or an error", text);
  try_throwing(text, read);
  if (!read) return 0;

  const std::string canonical = read->to_string();
  const auto again = endpoint::parse(canonical, ec);
  require(again == read, "an endpoint that is printed reads back", text);
  require(again->to_string() == canonical, "the canonical text is its own", text);
  require(canonical.starts_with(duet::scheme(read->transport())), "the scheme is printed", text);
  if (read->is_ip()) try_ip(*read, canonical);
  if (read->is_unix()) try_unix(*read, canonical);
  return 0;
}
