// SPDX-License-Identifier: MIT
// endpoint as a value, and its canonical text. Reading text is src/endpoint_text.cpp.
#include "duet/endpoint.hpp"

#include <ostream>

#include "duet/error.hpp"

namespace duet {
namespace {

const std::string& no_text() {
  static const std::string empty;  // not at namespace scope: endpoints may be used before main
  return empty;
}

void require_ip(transport kind) {
  if (kind == transport::tcp || kind == transport::udp) return;
  throw_error(error::bad_endpoint, "an address and a port with a transport other than tcp and udp");
}

// The inverse of what endpoint::parse does to the text behind `unix:`.
std::string path_text(const endpoint& where) {
  const std::string& path = where.path();
  if (where.is_abstract()) return std::string("@").append(path, 1);
  if (path.starts_with("///")) return "//" + path;
  if (path.starts_with('@')) return "./" + path;
  return path;
}

// RFC 6874: the URI's escaped `%`, written only where the scope would be mistaken for having one.
std::string bracketed(const address& where) {
  const std::string_view scope = where.scope();
  std::string text = where.to_string();
  if (scope.starts_with("25") && scope.size() > 2) text.insert(text.size() - scope.size(), "25");
  return "[" + text + "]";
}

std::string host_text(const endpoint& where) {
  if (where.is_wildcard()) return "*";
  if (!where.host().empty()) return where.host();
  return where.address().is_v6() ? bracketed(where.address()) : where.address().to_string();
}

}  // namespace

endpoint::endpoint(duet::transport kind, const duet::address& where, std::uint16_t port)
    : transport_(kind), port_(port), address_(where) {
  require_ip(kind);
}

endpoint endpoint::wildcard(duet::transport kind, std::uint16_t port) {
  endpoint result(kind, address::any_v6(), port);
  result.host_kind_ = host_kind::wildcard;
  return result;
}

const std::string& endpoint::host() const noexcept {
  return host_kind_ == host_kind::name ? name_ : no_text();
}

const std::string& endpoint::path() const noexcept { return is_unix() ? name_ : no_text(); }

endpoint endpoint::with_port(std::uint16_t port) const {
  endpoint result = *this;
  if (is_unix()) return result;
  result.port_ = port;
  result.service_.clear();
  return result;
}

endpoint endpoint::with_address(const duet::address& where) const {
  endpoint result = *this;
  if (is_unix()) return result;
  result.host_kind_ = host_kind::address;
  result.address_ = where;
  result.name_.clear();
  return result;
}

std::string endpoint::to_string() const {
  std::string text(scheme(transport_));
  if (is_unix()) return text + ":" + path_text(*this);
  text += "://" + host_text(*this) + ":";
  return text + (service_.empty() ? std::to_string(port_) : service_);
}

std::string to_string(const endpoint& where) { return where.to_string(); }

std::ostream& operator<<(std::ostream& out, const endpoint& where) {
  return out << where.to_string();
}

}  // namespace duet
