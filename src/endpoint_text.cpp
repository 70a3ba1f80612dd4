// SPDX-License-Identifier: MIT
// Reading endpoints: the grammar that include/duet/endpoint.hpp documents, and the reason when a
// text breaks it. RFC 3986 3.2 (authority), RFC 6874 (scopes), unix(7) (paths). Ports are read here
// and never by getaddrinfo, which takes "65543" for 7 and " 80" for 80.
#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "duet/endpoint.hpp"
#include "duet/error.hpp"
#include "duet/escape.hpp"

namespace duet {
namespace {

using detail::hex_value;
using detail::is_digit;

constexpr std::size_t max_host_bytes = 253;  // RFC 1035 2.3.4, less the root's length byte
constexpr std::size_t max_label_bytes = 63;  // RFC 1035 2.3.4
constexpr std::size_t max_service_bytes = 63;
constexpr std::size_t max_path_bytes = 107;  // sizeof(sockaddr_un::sun_path) - 1, unix(7)
constexpr std::size_t max_quoted_bytes =
    300;  // every valid part fits; an error text stays readable

// std::system_error puts the code's message behind the text. The reason says it better already, so
// what() is the text alone; whoever copies the base gets the longer text.
class bad_endpoint_error final : public std::system_error {
 public:
  explicit bad_endpoint_error(const std::string& text)
      : std::system_error(error::bad_endpoint, text), text_(text) {}
  const char* what() const noexcept override { return text_.what(); }

 private:
  std::runtime_error text_;  // not a std::string: copying an exception must not throw
};

// Texts are appended, not put in front of temporaries: at -O3 g++ 12 warns of an overlap in that (GCC bug 105651).
std::string quote(std::string_view text) {
  const char* const end = text.size() <= max_quoted_bytes ? "'" : "'...";
  return std::string("'").append(escape(text.substr(0, max_quoted_bytes))).append(end);
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_letter(char c) { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }

bool starts_with_no_case(std::string_view text, std::string_view lower_prefix) {
  return text.size() >= lower_prefix.size() &&
         std::equal(lower_prefix.begin(), lower_prefix.end(), text.begin(),
                    [](char a, char b) { return a == to_lower(b); });
}

bool is_service_character(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
}

// RFC 3986 3.2.2 reg-name: unreserved and sub-delims. Less `;`, which glibc refuses, and less
// percent-encoding, which no resolver undoes.
bool is_host_character(char c) {
  return is_letter(c) || is_digit(c) ||
         std::string_view("-._~!$&'()*+,=").find(c) != std::string_view::npos;
}

// Decimal digits, or 0x and hexadecimal ones, or nothing.
bool is_number_label(std::string_view label) {
  if (starts_with_no_case(label, "0x")) {
    return std::all_of(label.begin() + 2, label.end(), [](char c) { return hex_value(c) >= 0; });
  }
  return std::all_of(label.begin(), label.end(), is_digit);
}

// Whether all labels satisfy a predicate.
template <class Predicate>
bool all_labels(std::string_view host, Predicate predicate) {
  for (;;) {
    const std::size_t dot = host.find('.');
    if (!predicate(host.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

// Why a text is no host name, or "".
std::string problem_of_host(std::string_view host) {
  // inet_aton(3), and with it getaddrinfo, takes numbers for addresses: 127.1, 0x7f.1, 2130706433.
  if (all_labels(host, is_number_label)) {
    return "is not an IPv4 address of four numbers from 0 to 255 without leading zeros";
  }
  const auto bad = std::find_if_not(host.begin(), host.end(), is_host_character);
  if (bad != host.end()) return "has the character " + quote({&*bad, 1});
  if (host.starts_with('-')) return "begins with '-'";
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() > max_host_bytes) return "is longer than 253 bytes";
  if (!all_labels(host, [](std::string_view label) { return !label.empty(); })) {
    return "has an empty label";
  }
  if (!all_labels(host, [](std::string_view label) { return label.size() <= max_label_bytes; })) {
    return "has a label longer than 63 bytes";
  }
  return {};
}

bool is_v6_text(std::string_view text) {
  const auto numeric = address::parse(text);
  return numeric && numeric->is_v6();
}

// An authority without brackets that was meant to be an IPv6 address and perhaps a port.
bool is_bare_v6(std::string_view authority) {
  return authority.find("::") != std::string_view::npos || is_v6_text(authority) ||
         is_v6_text(authority.substr(0, authority.rfind(':')));
}

}  // namespace

// Reads one endpoint. The functions return whether the text is good; if not, `reason` says why.
struct endpoint::reader {
  endpoint result;
  std::string reason;

  bool refuse(std::string why) {
    reason = std::move(why);
    return false;
  }

  bool read(std::string_view text) {
    using enum duet::transport;
    for (const auto kind : {unix_stream, unix_datagram}) {
      const std::string prefix = std::string(scheme(kind)) + ":";
      if (starts_with_no_case(text, prefix)) return read_path(kind, text.substr(prefix.size()));
    }
    for (const auto kind : {tcp, udp}) {
      const std::string prefix = std::string(scheme(kind)) + "://";
      if (starts_with_no_case(text, prefix))
        return read_authority(kind, text.substr(prefix.size()));
    }
    if (const std::size_t end = text.find("://"); end != std::string_view::npos) {
      return refuse("scheme " + quote(text.substr(0, end)) + " is not tcp, udp, unix or unixgram");
    }
    return read_authority(tcp, text);
  }

  bool read_authority(duet::transport kind, std::string_view text) {
    if (!text.starts_with('[') && is_bare_v6(text)) {
      return refuse("an IPv6 address needs brackets, as in tcp://[::1]:80");
    }
    std::size_t host_size = text.find(':');
    if (text.starts_with('[')) {
      const std::size_t close = text.find(']');
      if (close == std::string_view::npos) return refuse(quote(text) + " has no closing ']'");
      host_size = close + 1;
    }
    const std::string_view host = text.substr(0, host_size);
    const std::string_view rest = text.substr(host.size());
    if (rest.empty()) return refuse("port is missing: HOST:PORT or unix:PATH is needed");
    if (rest.front() != ':') return refuse(quote(rest) + " stands where ':PORT' is needed");
    return read_parts(kind, host, rest.substr(1));
  }

  bool read_parts(duet::transport kind, std::string_view host, std::string_view service) {
    result.transport_ = kind;
    if (!result.is_ip()) return refuse("a host and a service need the transport tcp or udp");
    return read_host(host) && read_service(service);
  }

  bool read_host(std::string_view host) {
    if (host.empty() || host == "*") {
      result.host_kind_ = host_kind::wildcard;
      result.address_ = address::any_v6();
      return true;
    }
    if (host.starts_with('[') && host.ends_with(']')) {
      return read_bracketed(host.substr(1, host.size() - 2));
    }
    if (const auto numeric = address::parse(host)) {
      result.address_ = *numeric;
      return true;
    }
    const std::string problem = problem_of_host(host);
    if (!problem.empty()) return refuse("host " + quote(host) + " " + problem);
    result.host_kind_ = host_kind::name;
    result.name_ = host;
    return true;
  }

  bool read_bracketed(std::string_view text) {
    const std::size_t percent = text.find('%');
    const auto numeric = address::parse(text.substr(0, percent));
    if (!numeric || !numeric->is_v6()) return refuse(quote(text) + " is not an IPv6 address");
    result.address_ = *numeric;
    if (percent == std::string_view::npos) return true;
    std::string_view scope = text.substr(percent + 1);
    if (scope.starts_with("25") && scope.size() > 2) scope.remove_prefix(2);  // RFC 6874's `%`
    if (!address::is_scope(scope)) {
      return refuse("scope " + quote(scope) + " is not the name or number of an interface");
    }
    result.address_ = address::v6(numeric->bytes(), scope);
    return true;
  }

  bool read_service(std::string_view text) {
    const char first = text.empty() ? ' ' : text.front();
    if (is_digit(first) ||
        std::string_view("+- \t\n\v\f\r").find(first) != std::string_view::npos) {
      const char* const end = text.data() + text.size();
      const auto read = std::from_chars(text.data(), end, result.port_);
      if (read.ec == std::errc{} && read.ptr == end) return true;
      return refuse("port " + quote(text) + " is not a number from 0 to 65535");
    }
    if (!std::all_of(text.begin(), text.end(), is_service_character)) {
      return refuse("service " + quote(text) +
                    " has a character other than letters, digits, '-', '_' and '.'");
    }
    if (text.size() > max_service_bytes) {
      return refuse("service " + quote(text) + " is longer than 63 bytes");
    }
    result.service_ = text;
    return true;
  }

  // The text behind `unix:` or `unixgram:`.
  bool read_path(duet::transport kind, std::string_view text) {
    if (text.starts_with("///")) text.remove_prefix(2);
    if (text.empty()) return refuse("path is empty");
    if (text.find('\0') != std::string_view::npos) return refuse("path has a NUL byte");
    std::string path(text);
    if (path.front() == '@') path.front() = '\0';
    return take_path(kind, std::move(path));
  }

  // A path as it goes into sun_path.
  bool take_path(duet::transport kind, std::string path) {
    result.transport_ = kind;
    if (!result.is_unix()) return refuse("a path needs the transport unix or unixgram");
    const bool is_abstract = path.starts_with('\0');
    const std::size_t size = path.size() - (is_abstract ? 1 : 0);
    if (is_abstract && size == 0) return refuse("abstract name is empty");
    if (!is_abstract && path.find('\0') != std::string::npos) return refuse("path has a NUL byte");
    if (size > max_path_bytes) {
      return refuse((is_abstract ? "abstract name has " : "path has ") + std::to_string(size) +
                    " bytes, a socket address holds 107");
    }
    result.name_ = std::move(path);
    return true;
  }

  // How the functions of `endpoint` end: `good` is what reading returned, `text` what was read.
  endpoint take(bool good, std::string_view text) {
    if (!good) throw bad_endpoint_error("endpoint " + quote(text) + ": " + reason);
    return std::move(result);
  }
  std::optional<endpoint> take(bool good, std::error_code& ec) {
    ec = good ? std::error_code() : error::bad_endpoint;
    return good ? std::optional(std::move(result)) : std::nullopt;
  }
};

endpoint endpoint::parse(std::string_view text) {
  reader in;
  return in.take(in.read(text), text);
}

std::optional<endpoint> endpoint::parse(std::string_view text, std::error_code& ec) {
  reader in;
  return in.take(in.read(text), ec);
}

endpoint endpoint::named(duet::transport kind, std::string_view host, std::string_view service) {
  reader in;
  std::string text(scheme(kind));
  text.append("://").append(host).append(":").append(service);
  return in.take(in.read_parts(kind, host, service), text);
}

std::optional<endpoint> endpoint::named(duet::transport kind, std::string_view host,
                                        std::string_view service, std::error_code& ec) {
  reader in;
  return in.take(in.read_parts(kind, host, service), ec);
}

endpoint endpoint::local(duet::transport kind, std::string path) {
  reader in;
  const std::string text = std::string(scheme(kind)) + ":" + path;
  return in.take(in.take_path(kind, std::move(path)), text);
}

std::optional<endpoint> endpoint::local(duet::transport kind, std::string path,
                                        std::error_code& ec) {
  reader in;
  return in.take(in.take_path(kind, std::move(path)), ec);
}

}  // namespace duet
