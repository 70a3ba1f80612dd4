// SPDX-License-Identifier: MIT
// policy: what each error of receiving and sending a datagram asks for, and how it is counted.
#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include "duet/error.hpp"
#include "duet/policy/datagram_errors.hpp"

using namespace duet;
using policy::datagram_action;
using policy::judge_receive_error;
using policy::kind_of;
using policy::send_attempt;

namespace {

std::error_code system_error(int number) { return {number, std::system_category()}; }

struct row {
  int number;
  datagram_failure kind;
  bool may_be_earlier;
};

const std::vector<row> table = {
    {ECONNREFUSED, datagram_failure::refused, true},
    {ECONNRESET, datagram_failure::refused, true},
    {ENOENT, datagram_failure::refused, false},
    {ENETUNREACH, datagram_failure::unreachable, true},
    {EHOSTUNREACH, datagram_failure::unreachable, true},
    {ENETDOWN, datagram_failure::unreachable, true},
    {EHOSTDOWN, datagram_failure::unreachable, true},
    {ENONET, datagram_failure::unreachable, true},
    {EPERM, datagram_failure::forbidden, false},
    {EACCES, datagram_failure::forbidden, false},
    {ENOBUFS, datagram_failure::no_room, false},
    {ENOMEM, datagram_failure::no_room, false},
    {EMSGSIZE, datagram_failure::too_long, true},
    {EINVAL, datagram_failure::bad_address, false},
    {EADDRNOTAVAIL, datagram_failure::bad_address, false},
    {EAFNOSUPPORT, datagram_failure::bad_address, false},
    {EDESTADDRREQ, datagram_failure::bad_address, false},
    {ENOTCONN, datagram_failure::bad_address, false},
    {EPROTOTYPE, datagram_failure::bad_address, false},
    {EPROTO, datagram_failure::other, true},
    {ENOPROTOOPT, datagram_failure::other, true},
    {EOPNOTSUPP, datagram_failure::other, true},
    {EPIPE, datagram_failure::other, false},
    {EIO, datagram_failure::other, false},
};

}  // namespace

TEST_CASE("policy: datagram errors are counted by kind") {
  for (const row& each : table) {
    CAPTURE(each.number);
    CHECK(kind_of(system_error(each.number)) == each.kind);
  }
  CHECK(kind_of(system_error(EAGAIN)) == datagram_failure::no_room);
  CHECK(kind_of(error::bad_endpoint) == datagram_failure::other);
}

TEST_CASE("policy: only the end of the socket ends receiving") {
  for (const row& each : table) {
    CAPTURE(each.number);
    CHECK(judge_receive_error(system_error(each.number)) == datagram_action::drop);
  }
  CHECK(judge_receive_error(system_error(EINTR)) == datagram_action::repeat);
  CHECK(judge_receive_error(system_error(EAGAIN)) == datagram_action::wait);
  CHECK(judge_receive_error(system_error(EBADF)) == datagram_action::fatal);
  CHECK(judge_receive_error(system_error(ENOTSOCK)) == datagram_action::fatal);
}

TEST_CASE("policy: a send is made again once if the error may be an earlier datagram's") {
  for (const row& each : table) {
    CAPTURE(each.number);
    const std::error_code error = system_error(each.number);
    send_attempt attempt;
    CHECK(attempt.failed(error) ==
          (each.may_be_earlier ? datagram_action::retry : datagram_action::drop));
    CHECK(attempt.failed(error) == datagram_action::drop);
  }
}

TEST_CASE("policy: neither signals nor waiting use up the one retry") {
  send_attempt attempt;
  for (int times = 0; times < 3; ++times) {
    CHECK(attempt.failed(system_error(EINTR)) == datagram_action::repeat);
    CHECK(attempt.failed(system_error(EAGAIN)) == datagram_action::wait);
  }
  CHECK(attempt.failed(system_error(ECONNREFUSED)) == datagram_action::retry);
  CHECK(attempt.failed(system_error(EINTR)) == datagram_action::repeat);
  CHECK(attempt.failed(system_error(EHOSTUNREACH)) == datagram_action::drop);
  CHECK(attempt.failed(system_error(EBADF)) == datagram_action::fatal);
}

TEST_CASE("policy: of a UNIX socket only a reset is an earlier datagram's error") {
  for (const row& each : table) {
    CAPTURE(each.number);
    send_attempt attempt(true);
    CHECK(attempt.failed(system_error(each.number)) ==
          (each.number == ECONNRESET ? datagram_action::retry : datagram_action::drop));
  }
}

TEST_CASE("datagram_errors: Asio's category counts as the system's") {
  struct category final : std::error_category {
    [[nodiscard]] const char* name() const noexcept override { return "asio.system"; }
    [[nodiscard]] std::string message(int) const override { return {}; }
  };
  static const category asio;
  CHECK(kind_of({ECONNREFUSED, asio}) == datagram_failure::refused);
  CHECK(kind_of({ENOENT, asio}) == datagram_failure::refused);
  CHECK(kind_of({EMSGSIZE, asio}) == datagram_failure::too_long);
  CHECK(policy::is_fatal_for_datagrams({EBADF, asio}));
  CHECK_FALSE(policy::is_fatal_for_datagrams({ENOENT, asio}));
}

namespace {

/// As Asio's own category of system errors: its codes equal no std::errc.
struct asio_like final : std::error_category {
  [[nodiscard]] const char* name() const noexcept override { return "asio.system"; }
  [[nodiscard]] std::string message(int) const override { return {}; }
};

}  // namespace

TEST_CASE("datagram_errors: codes of Asio mean what the system's mean") {
  static const asio_like category;
  const auto code = [](int value) { return std::error_code(value, category); };
  CHECK(kind_of(code(ECONNREFUSED)) == datagram_failure::refused);
  CHECK(kind_of(code(EMSGSIZE)) == datagram_failure::too_long);
  CHECK(judge_receive_error(code(EAGAIN)) == datagram_action::wait);
  CHECK(judge_receive_error(code(EBADF)) == datagram_action::fatal);
  CHECK(send_attempt().failed(code(EINTR)) == datagram_action::repeat);
  CHECK(send_attempt().failed(code(ECONNREFUSED)) == datagram_action::retry);
}
