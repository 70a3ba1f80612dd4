// SPDX-License-Identifier: MIT
#include "duet/os/lookup.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include "duet/error.hpp"
#include "duet/os/flow.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/sys.hpp"
#include "duet/policy/host_name.hpp"

namespace duet::os {
namespace {

using direction = lookup_question::direction;

/// gethostbyname_r's buffer: grown as long as it says ERANGE. A thousand addresses need over 16 KiB, and DNS has messages of 64 KiB.
constexpr std::size_t first_buffer_bytes = 2048;
constexpr std::size_t largest_buffer_bytes = std::size_t{4} << 20;

std::error_code addrinfo_error(int status) {
  switch (status) {
    case 0: return {};
    case EAI_NONAME:
    case EAI_SERVICE: return error::name_not_found;
    case EAI_NODATA:
    case EAI_ADDRFAMILY: return error::name_no_data;
    case EAI_AGAIN: return error::name_try_again;
    case EAI_MEMORY: return std::make_error_code(std::errc::not_enough_memory);
    case EAI_SYSTEM: return sys::last_error();
    default: return error::name_no_recovery;
  }
}

std::error_code hostent_error(int host_error) {
  switch (host_error) {
    case HOST_NOT_FOUND: return error::name_not_found;
    case NO_DATA: return error::name_no_data;
    case TRY_AGAIN: return error::name_try_again;
    case NETDB_INTERNAL: return sys::last_error();
    default: return error::name_no_recovery;
  }
}

int socket_type(const lookup_question& about) {
  return about.transport == transport::tcp ? SOCK_STREAM : SOCK_DGRAM;
}

int family_number(const std::optional<address::family>& family, int otherwise) {
  return family ? constant_value(*family) : otherwise;
}

bool wants(const lookup_question& about, resolve_views view) {
  return about.views == view || about.views == resolve_views::both;
}

using addrinfo_list = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

addrinfo_list get_addrinfo(const char* host, const char* service, const addrinfo& hints,
                           std::error_code& ec) {
  addrinfo* list = nullptr;
  ec = addrinfo_error(sys::getaddrinfo(host, service, &hints, &list));
  return {list, freeaddrinfo};
}

endpoint to_endpoint(const addrinfo& found) {
  socket_address where;
  std::memcpy(&where.local, found.ai_addr, found.ai_addrlen);
  where.size = found.ai_addrlen;
  return os::to_endpoint(where, found.ai_socktype);
}

/// Not the name of a service: what begins so is a port number or an error.
bool is_number(std::string_view service) {
  return service.empty() || service.find_first_of("+- 0123456789") == 0;
}

/// By from_chars: getaddrinfo takes "65543" for port 7, and "+80" for 80.
std::optional<std::uint16_t> port_number(std::string_view service) {
  std::uint16_t port = 0;
  if (service.empty()) return port;
  const char* const end = service.data() + service.size();
  const auto [rest, error] = std::from_chars(service.data(), end, port);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return port;
}

std::uint16_t look_up_port(const lookup_question& about, std::error_code& ec) {
  if (is_number(about.service)) return port_number(about.service).value_or(0);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = socket_type(about);
  const char* const no_host = nullptr;
  const addrinfo_list list = get_addrinfo(no_host, about.service.c_str(), hints, ec);
  return ec ? std::uint16_t{0} : to_endpoint(*list).port();
}

/// AI_CANONNAME always: without it, and with a search list, glibc reports failing servers as "no such host". AI_ADDRCONFIG never: with
/// it "127.0.0.1" does not resolve on a host that has but its loopback.
resolve_answer ask_addrinfo(const lookup_question& about) {
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  hints.ai_family = family_number(about.family, AF_UNSPEC);
  hints.ai_socktype = socket_type(about);
  resolve_answer answer;
  const char* const no_service = nullptr;
  const addrinfo_list list = get_addrinfo(about.host.c_str(), no_service, hints, answer.error);
  if (answer.error) return answer;
  answer.host.official_name = list->ai_canonname != nullptr ? list->ai_canonname : about.host;
  for (const addrinfo* each = list.get(); each != nullptr; each = each->ai_next)
    answer.host.addresses.push_back(to_endpoint(*each).address());
  return answer;
}

address to_address(int family, const char* bytes) {
  if (family == AF_INET) {
    std::array<std::uint8_t, 4> v4{};
    std::memcpy(v4.data(), bytes, v4.size());
    return address::v4(v4);
  }
  std::array<std::uint8_t, 16> v6{};
  std::memcpy(v6.data(), bytes, v6.size());
  return address::v6(v6);
}

host_entry to_host_entry(const hostent& found) {
  host_entry host;
  if (found.h_name != nullptr) host.official_name = found.h_name;
  for (char** alias = found.h_aliases; alias != nullptr && *alias != nullptr; ++alias)
    host.aliases.emplace_back(*alias);
  for (char** where = found.h_addr_list; where != nullptr && *where != nullptr; ++where)
    host.addresses.push_back(to_address(found.h_addrtype, *where));
  return host;
}

/// Runs one of the _r calls with a buffer that is large enough.
template <class Call>
resolve_answer ask_hostent(Call&& call) {
  resolve_answer answer;
  for (std::size_t size = first_buffer_bytes;; size *= 4) {
    const auto buffer = std::make_unique<char[]>(size);
    hostent memory{};
    hostent* found = nullptr;
    int host_error = NETDB_SUCCESS;
    const int status = call(&memory, buffer.get(), size, &found, &host_error);
    if (status == ERANGE && size < largest_buffer_bytes) continue;
    if (found != nullptr) {
      answer.host = to_host_entry(*found);
    } else {
      if (host_error == NETDB_INTERNAL) errno = status;
      answer.error = hostent_error(host_error);
    }
    return answer;
  }
}

resolve_answer ask_hostent_by_name(const lookup_question& about) {
  return ask_hostent(
      [&](hostent* memory, char* buffer, std::size_t size, hostent** found, int* host_error) {
        return sys::gethostbyname2_r(about.host.c_str(), family_number(about.family, AF_INET),
                                     memory, buffer, size, found, host_error);
      });
}

resolve_answer ask_hostent_by_address(const address& where) {
  return ask_hostent(
      [&](hostent* memory, char* buffer, std::size_t size, hostent** found, int* host_error) {
        const auto bytes = where.bytes();
        const socklen_t length = where.is_v4() ? 4 : 16;
        return sys::gethostbyaddr_r(bytes.data(), length, constant_value(where.get_family()),
                                    memory, buffer, size, found, host_error);
      });
}

resolve_answer ask_nameinfo(const address& where) {
  resolve_answer answer;
  const socket_address at = to_socket_address(endpoint(transport::tcp, where, 0), answer.error);
  if (answer.error) return answer;
  char name[NI_MAXHOST] = {};
  answer.error =
      addrinfo_error(sys::getnameinfo(&at.generic, at.size, name, sizeof name, NI_NAMEREQD));
  if (!answer.error) answer.host = {name, {}, {where}};
  return answer;
}

/// As libc says it: a literal of the other family is no data to getaddrinfo, and not found to gethostbyname2.
resolve_answer answer_literal(const address& literal, const std::string& text,
                              std::optional<address::family> family, std::error_code other) {
  if (family && *family != literal.get_family()) return {other, {}};
  return {{}, {text, {}, {literal}}};
}

lookup_outcome outcome_of(const lookup_question& about, resolve_result result, std::uint16_t port) {
  lookup_outcome outcome{{}, std::move(result)};
  const auto& [by_addrinfo, by_hostent, none] = outcome.result;
  const bool known = (by_addrinfo && !by_addrinfo->error) || (by_hostent && !by_hostent->error);
  if (!known) outcome.error = by_addrinfo ? by_addrinfo->error : by_hostent->error;
  if (about.way == direction::forward) {
    for (const address& where : outcome.result.host().addresses)
      outcome.result.endpoints.emplace_back(about.transport, where, port);
  }
  return outcome;
}

lookup_outcome refused(const lookup_question& about, std::error_code why) {
  lookup_outcome outcome{why, {}};
  if (wants(about, resolve_views::addrinfo)) outcome.result.addrinfo = {why, {}};
  if (wants(about, resolve_views::hostent)) outcome.result.hostent = {why, {}};
  return outcome;
}

/// The outcome of a literal, its port known.
lookup_outcome literal_outcome(const lookup_question& about, const address& literal,
                               std::uint16_t port) {
  resolve_result result;
  if (wants(about, resolve_views::addrinfo))
    result.addrinfo = answer_literal(literal, about.host, about.family, error::name_no_data);
  if (wants(about, resolve_views::hostent)) {
    result.hostent = answer_literal(literal, about.host, about.family.value_or(address::family::v4),
                                    error::name_not_found);
  }
  return outcome_of(about, std::move(result), port);
}

lookup_outcome look_up_name(const lookup_question& about, std::uint16_t port) {
  resolve_result result;
  if (wants(about, resolve_views::addrinfo)) result.addrinfo = ask_addrinfo(about);
  if (wants(about, resolve_views::hostent)) result.hostent = ask_hostent_by_name(about);
  return outcome_of(about, std::move(result), port);
}

lookup_outcome look_up_reverse(const lookup_question& about) {
  resolve_result result;
  if (wants(about, resolve_views::addrinfo)) result.addrinfo = ask_nameinfo(about.where);
  if (wants(about, resolve_views::hostent)) result.hostent = ask_hostent_by_address(about.where);
  return outcome_of(about, std::move(result), 0);
}

}  // namespace

lookup_question forward_question(std::string_view host, std::string_view service,
                                 const resolve_options& options) {
  lookup_question about;
  about.views = options.views;
  about.family = options.family;
  about.transport = options.transport;
  about.host = host;
  about.service = service;
  return about;
}

lookup_question reverse_question(const address& where, const resolve_options& options) {
  lookup_question about;
  about.way = direction::reverse;
  about.views = options.views;
  about.where = where;
  return about;
}

lookup_question endpoint_question(const endpoint& named) {
  resolve_options options;
  options.transport = named.transport();
  const std::string service =
      named.service().empty() ? std::to_string(named.port()) : named.service();
  lookup_question about = forward_question(named.host(), service, options);
  about.service_only = named.host().empty();
  return about;
}

std::vector<endpoint> endpoints_of(const endpoint& named, const lookup_outcome& outcome) {
  if (outcome.error || outcome.result.endpoints.empty()) return {};
  if (named.host().empty()) return {named.with_port(outcome.result.endpoints.front().port())};
  return outcome.result.endpoints;
}

std::optional<lookup_outcome> answer_at_once(const lookup_question& about) {
  if (about.way == direction::reverse) return std::nullopt;
  // A NUL would end the name early for libc: "good.example\0.evil".
  const bool has_nul = about.service.find('\0') != std::string::npos;
  const bool number = is_number(about.service);
  if (has_nul || (number && !port_number(about.service)))
    return refused(about, error::bad_endpoint);
  if (about.service_only) return std::nullopt;
  if (const auto literal = address::parse(about.host)) {
    if (!number) return std::nullopt;
    return literal_outcome(about, *literal, port_number(about.service).value_or(0));
  }
  if (!policy::is_host_name(about.host)) return refused(about, error::bad_name);
  return std::nullopt;
}

lookup_outcome look_up(const lookup_question& about) {
  if (auto known = answer_at_once(about)) return *std::move(known);
  if (about.way == direction::reverse) return look_up_reverse(about);
  std::error_code ec;
  const std::uint16_t port = look_up_port(about, ec);
  if (ec) return refused(about, ec);
  if (about.service_only) return {{}, {{}, {}, {endpoint::wildcard(about.transport, port)}}};
  if (const auto literal = address::parse(about.host))
    return literal_outcome(about, *literal, port);
  return look_up_name(about, port);
}

void tell(observer* watcher, const lookup_question& about, const lookup_outcome& outcome) {
  const bool reverse = about.way == direction::reverse;
  const auto text = [&] {
    if (reverse) return about.where.to_string();
    std::string asked = about.service.empty() ? about.host : about.host + " " + about.service;
    if (about.family) asked += *about.family == address::family::v6 ? " AF_INET6" : " AF_INET";
    return asked;
  };
  const auto told = [&](const char* call, std::error_code ec, std::size_t found) {
    flow(watcher).took(call, ec ? -1 : static_cast<long>(found), ec, text);
  };
  const auto& [by_addrinfo, by_hostent, endpoints] = outcome.result;
  if (!by_addrinfo && !by_hostent) told("getaddrinfo", outcome.error, endpoints.size());
  if (by_addrinfo) {
    told(reverse ? "getnameinfo" : "getaddrinfo", by_addrinfo->error,
         by_addrinfo->host.addresses.size());
  }
  if (by_hostent) {
    told(reverse ? "gethostbyaddr_r" : "gethostbyname2_r", by_hostent->error,
         by_hostent->host.addresses.size());
  }
}

std::vector<endpoint> resolve(const endpoint& name, std::error_code& ec) {
  ec.clear();
  if (name.is_numeric()) return {name};
  const lookup_outcome outcome = look_up(endpoint_question(name));
  ec = outcome.error;
  return endpoints_of(name, outcome);
}

}  // namespace duet::os
