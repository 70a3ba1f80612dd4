// SPDX-License-Identifier: MIT
// What the cases about names share: a lookup's end as one line of text, so that a table of expectations reads as one, and lookups in
// every way there is: asynchronous and blocking.
#pragma once

#include <chrono>
#include <future>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "duet/error.hpp"
#include "duet/resolve_options.hpp"
#include "duet/resolve_result.hpp"
#include "fixture.hpp"
#include "private_host.hpp"
#include "scripted_dns.hpp"
#include "skip.hpp"

/// Ends the case as skipped where there are no namespaces.
#define DUET_NEED(host) \
  if (!(host).refusal().empty()) DUET_SKIP((host).refusal().c_str())

namespace duet::test {

/// Texts of resolv.conf: with the first glibc asks on for minutes, with the second it gives up after a second.
inline constexpr const char* patient = "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n";
inline constexpr const char* short_lived = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n";

struct answer {
  bool done = false;
  std::error_code ec;
  resolve_result result;
};

/// "name_no_data"; "" for success; what the code says of itself for what is no condition.
inline std::string word_of(std::error_code ec) {
  const std::pair<condition, const char*> words[] = {
      {condition::name_not_found, "name_not_found"},
      {condition::name_no_data, "name_no_data"},
      {condition::name_try_again, "name_try_again"},
      {condition::name_no_recovery, "name_no_recovery"},
      {condition::bad_name, "bad_name"},
      {condition::bad_endpoint, "bad_endpoint"},
      {condition::timed_out, "timed_out"},
      {condition::operation_canceled, "operation_canceled"},
  };
  if (!ec) return {};
  for (const auto& [what, word] : words) {
    if (ec == what) return word;
  }
  return ec.message();
}

/// "www.test (alias.test) 192.0.2.1 2001:db8::1", or the error's word. Of many addresses the first, the last and how many there are.
inline std::string text_of(const answer& got) {
  if (got.ec) return word_of(got.ec);
  const host_entry& host = got.result.host();
  std::string text = host.official_name;
  for (const std::string& each : host.aliases) text += " (" + each + ")";
  constexpr std::size_t few = 4;
  const auto& all = host.addresses;
  if (all.size() > few) {
    return text + " " + all.front().to_string() + " to " + all.back().to_string() + " #" +
           std::to_string(all.size());
  }
  for (const address& each : all) text += " " + each.to_string();
  return text;
}

inline resolve_options wanting(resolve_views views, std::optional<address::family> family = {}) {
  resolve_options options;
  options.views = views;
  options.family = family;
  return options;
}

/// The three ways of the facts' table.
inline const resolve_options any_family = wanting(resolve_views::addrinfo);
inline const resolve_options inet_only = wanting(resolve_views::addrinfo, address::family::v4);
inline const resolve_options inet6_only = wanting(resolve_views::addrinfo, address::family::v6);
inline const resolve_options by_hostent = wanting(resolve_views::hostent);

inline resolve_options within(std::chrono::milliseconds deadline, resolve_options options = {}) {
  options.deadline = deadline;
  return options;
}

struct lookup_case {
  std::string host;
  resolve_options options;
};

/// Enough threads that no lookup of a case waits for another.
inline lookup_pool_options roomy() {
  lookup_pool_options options;
  options.threads = 64;
  return options;
}

/// All of them, at once; the answers in their order.
template <class Backend>
std::vector<answer> look_up_async(fixture<Backend>& f, const std::vector<lookup_case>& wanted) {
  f.lookups = true;
  typename Backend::resolver names(f.loop(), roomy());
  std::vector<answer> answers(wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    names.async_resolve(
        wanted[i].host, "", wanted[i].options,
        f.once("resolve " + wanted[i].host,
               [&to = answers[i]](std::error_code ec, const resolve_result& result) {
                 to = {true, ec, result};
               }));
  }
  f.run_until_all_called();
  return answers;
}

/// The same with the blocking calls, each on a thread of its own.
template <class Backend>
std::vector<answer> look_up_blocking(const std::vector<lookup_case>& wanted) {
  std::vector<std::future<answer>> running;
  for (const lookup_case& each : wanted) {
    running.push_back(std::async(std::launch::async, [each] {
      typename Backend::loop loop;
      typename Backend::resolver names(loop, roomy());
      answer got{true, {}, {}};
      got.result = names.resolve(each.host, "", each.options, got.ec);
      return got;
    }));
  }
  std::vector<answer> answers;
  for (auto& each : running) answers.push_back(each.get());
  return answers;
}

/// Checks a lookup in both ways.
template <class Backend>
void check_lookup(fixture<Backend>& f, const std::string& host, const resolve_options& options,
                  const std::string& expected) {
  CAPTURE(host);
  CHECK(text_of(look_up_async(f, {{host, options}}).front()) == expected);
  CHECK(text_of(look_up_blocking<Backend>({{host, options}}).front()) == expected);
}

}  // namespace duet::test
