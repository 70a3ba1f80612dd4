// SPDX-License-Identifier: MIT
// error: codes, conditions, what is equal to what (Asio's codes by their categories' names), and
// the texts of throw_error.
#include "duet/error.hpp"

#include <doctest/doctest.h>
#include <netdb.h>

#include <cerrno>
#include <ostream>  // doctest prints error codes
#include <string>
#include <utility>
#include <vector>

#include "duet/endpoint.hpp"

using duet::condition;
using duet::endpoint;
using duet::error;

namespace {

static_assert(std::is_error_code_enum_v<error> && !std::is_error_condition_enum_v<error>);
static_assert(std::is_error_condition_enum_v<condition> && !std::is_error_code_enum_v<condition>);

const std::vector<std::pair<error, condition>> pairs = {
    {error::end_of_stream, condition::end_of_stream},
    {error::timed_out, condition::timed_out},
    {error::name_not_found, condition::name_not_found},
    {error::name_no_data, condition::name_no_data},
    {error::name_try_again, condition::name_try_again},
    {error::name_no_recovery, condition::name_no_recovery},
    {error::bad_name, condition::bad_name},
    {error::bad_endpoint, condition::bad_endpoint},
    {error::resolve_timed_out, condition::resolve_timed_out},
    {error::attempt_timed_out, condition::attempt_timed_out},
    {error::unexpected_end, condition::unexpected_end},
    {error::frame_too_long, condition::frame_too_long},
    {error::bad_frame, condition::bad_frame},
};

// A category that only looks like one of Asio's: what counts is its name.
class named_category final : public std::error_category {
 public:
  explicit named_category(const char* name) : name_(name) {}
  const char* name() const noexcept override { return name_; }
  std::string message(int) const override { return "a message"; }

 private:
  const char* name_;
};

const named_category misc("asio.misc");
const named_category netdb("asio.netdb");
const named_category addrinfo_category("asio.addrinfo");
const named_category tls_stream("asio.ssl.stream");
const named_category other("asio.misc.not");

// How many conditions a code equals, and whether `expected` is among them. Every deadline of
// duet's is condition::timed_out besides.
bool equals_only(const std::error_code& code, condition expected) {
  int count = 0;
  for (const auto& [unused, each] : pairs) {
    if (each == condition::timed_out && expected != each && code == std::errc::timed_out) continue;
    count += code == each ? 1 : 0;
  }
  return count == 1 && code == expected;
}

bool equals_none(const std::error_code& code) {
  for (const auto& [unused, each] : pairs) {
    if (code == each) return false;
  }
  return true;
}

template <class F>
std::string what_of(F f, std::error_code expected) {
  try {
    f();
  } catch (const std::system_error& thrown) {
    CHECK(thrown.code() == expected);
    return thrown.what();
  }
  FAIL("no exception");
  return {};
}

}  // namespace

TEST_CASE("error: each code equals the condition of its name and no other") {
  for (const auto& [code, expected] : pairs) {
    const std::error_code ec = code;
    CAPTURE(ec.message());
    CHECK(static_cast<bool>(ec));
    CHECK(equals_only(ec, expected));
    CHECK(std::string(ec.category().name()) == "duet");
    CHECK(ec.message() == std::error_condition(expected).message());
    CHECK(ec.message() != "unknown duet error");
  }
  CHECK(std::string(std::error_condition(condition::bad_name).category().name()) ==
        "duet.condition");
  CHECK(std::error_code(99, duet::duet_category()).message() == "unknown duet error");
}

TEST_CASE("error: success equals no condition") {
  CHECK(equals_none({}));
  CHECK(equals_none({0, duet::duet_category()}));
  CHECK(equals_none({0, misc}));
}

TEST_CASE("error: a passed deadline is also std errc timed_out but the reverse does not hold") {
  for (const error each : {error::timed_out, error::resolve_timed_out, error::attempt_timed_out}) {
    CHECK(std::error_code(each) == std::errc::timed_out);
    CHECK(std::error_code(each) == condition::timed_out);
  }
  CHECK(std::error_code(error::timed_out) != condition::attempt_timed_out);
  CHECK(equals_none({ETIMEDOUT, std::system_category()}));
  CHECK(equals_none({ETIMEDOUT, std::generic_category()}));
  CHECK(std::error_code(error::bad_name) != std::errc::timed_out);
}

TEST_CASE("error: system errors whose values are the same as ours stay apart") {
  for (int value = 1; value <= 133; ++value) {
    CHECK(equals_none({value, std::system_category()}));
    CHECK(equals_none({value, std::generic_category()}));
  }
}

TEST_CASE("error: Asio's codes equal the conditions that mean the same") {
  CHECK(equals_only({2, misc}, condition::end_of_stream));
  CHECK(equals_only({HOST_NOT_FOUND, netdb}, condition::name_not_found));
  CHECK(equals_only({TRY_AGAIN, netdb}, condition::name_try_again));
  CHECK(equals_only({NO_RECOVERY, netdb}, condition::name_no_recovery));
  CHECK(equals_only({NO_DATA, netdb}, condition::name_no_data));
  CHECK(equals_only({EAI_SERVICE, addrinfo_category}, condition::name_not_found));
}

TEST_CASE("error: Asio's other codes equal none of the conditions") {
  for (const int value : {1, 3, 4, 5, -1}) CHECK(equals_none({value, misc}));
  for (const int value : {0, 5, -1}) CHECK(equals_none({value, netdb}));
  CHECK(equals_none({EAI_SOCKTYPE, addrinfo_category}));
  // A TLS stream that was cut is not the end of a stream.
  for (int value = 0; value < 10; ++value) {
    CHECK(equals_none({value, tls_stream}));
    CHECK(equals_none({value, other}));
  }
}

TEST_CASE("error: throw_error names operation and endpoint and reason") {
  const std::error_code denied(EACCES, std::system_category());
  const endpoint where = endpoint::parse("tcp://127.0.0.1:80");
  CHECK(what_of([&] { duet::throw_error(denied, "listen", &where); }, denied) ==
        "listen tcp://127.0.0.1:80: Permission denied");
  CHECK(what_of([&] { duet::throw_error(denied, "epoll_wait"); }, denied) ==
        "epoll_wait: Permission denied");
  CHECK(what_of([&] { duet::throw_error(error::timed_out, "connect", &where); },
                error::timed_out) == "connect tcp://127.0.0.1:80: timed out");
}

TEST_CASE("error: throw_error escapes what does not print") {
  const endpoint where = endpoint::local(duet::transport::unix_stream, "/tmp/a\n\x1b[2Jb");
  CHECK(what_of([&] { duet::throw_error(error::timed_out, "connect", &where); },
                error::timed_out) == "connect unix:/tmp/a\\x0a\\x1b[2Jb: timed out");
}
