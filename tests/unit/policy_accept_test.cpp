// SPDX-License-Identifier: MIT
// accept_policy: the table of what each error of accept(2) asks for, and the pauses.
#include <doctest/doctest.h>

#include <cerrno>
#include <system_error>

#include "duet/policy/accept_policy.hpp"

namespace duet::policy {
namespace {

using std::chrono::milliseconds;

std::error_code system(int value) { return {value, std::system_category()}; }

TEST_CASE("accept_policy: each error of accept has its answer") {
  for (const int nothing_queued : {EAGAIN, EWOULDBLOCK}) {
    CHECK(judge_accept_error(system(nothing_queued)) == accept_action::wait);
  }
  for (const int gone : {EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET,
                         EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH}) {
    CAPTURE(gone);
    CHECK(judge_accept_error(system(gone)) == accept_action::retry);
  }
  for (const int scarce : {EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSPC, EPERM}) {
    CAPTURE(scarce);
    CHECK(judge_accept_error(system(scarce)) == accept_action::pause);
  }
  for (const int broken : {EBADF, ENOTSOCK, EFAULT, EINVAL, EACCES}) {
    CAPTURE(broken);
    CHECK(judge_accept_error(system(broken)) == accept_action::fatal);
  }
}

TEST_CASE("accept_policy: pauses double from 50 ms to a second and start over after an accept") {
  accept_policy policy;
  for (const int expected : {50, 100, 200, 400, 800, 1000, 1000}) {
    const auto now = policy.failed(system(EMFILE));
    CHECK(now.action == accept_action::pause);
    CHECK(now.pause == milliseconds(expected));
  }
  policy.accepted();
  CHECK(policy.failed(system(ENFILE)).pause == milliseconds(50));
}

TEST_CASE("accept_policy: only the first pause of an episode is worth a line") {
  accept_policy policy;
  CHECK(policy.failed(system(EMFILE)).first);
  CHECK_FALSE(policy.failed(system(EMFILE)).first);
  policy.accepted();
  CHECK(policy.failed(system(EMFILE)).first);
}

TEST_CASE("accept_policy: a flood of aborted connections is paused after 16 in a row") {
  accept_policy policy;
  for (int each = 0; each < accept_policy::retries_in_a_row; ++each) {
    CHECK(policy.failed(system(ECONNABORTED)).action == accept_action::retry);
  }
  CHECK(policy.failed(system(ECONNABORTED)).action == accept_action::pause);
  CHECK(policy.failed(system(ECONNABORTED)).action == accept_action::retry);
}

TEST_CASE("accept_policy: an accept in between starts the row anew") {
  accept_policy policy;
  for (int each = 0; each < 10 * accept_policy::retries_in_a_row; ++each) {
    CHECK(policy.failed(system(ECONNABORTED)).action == accept_action::retry);
    policy.accepted();
  }
}

}  // namespace
}  // namespace duet::policy
