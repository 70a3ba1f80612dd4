// SPDX-License-Identifier: MIT
// What the tests of endpoint share: reading a text in both forms, and the reason of a refusal.
#pragma once

#include <doctest/doctest.h>

#include <cerrno>
#include <ostream>  // doctest prints error codes
#include <string>
#include <system_error>

#include "duet/endpoint.hpp"
#include "duet/error.hpp"

namespace endpoint_cases {

/// What a refused call throws; checks that its two forms agree.
template <class Throwing, class Reporting>
std::string refusal(Throwing throwing, Reporting reporting) {
  std::error_code ec;
  CHECK_FALSE(reporting(ec));
  CHECK(ec == duet::error::bad_endpoint);
  CHECK(ec == duet::condition::bad_endpoint);
  try {
    (void)throwing();
  } catch (const std::system_error& thrown) {
    CHECK(thrown.code() == duet::error::bad_endpoint);
    return thrown.what();
  }
  FAIL("no exception");
  return {};
}

inline std::string refusal_of(const std::string& text) {
  return refusal([&] { return duet::endpoint::parse(text); },
                 [&](std::error_code& ec) { return duet::endpoint::parse(text, ec); });
}

/// The endpoint of a good text.
inline duet::endpoint parsed(const std::string& text) {
  std::error_code ec(EACCES, std::system_category());
  const auto read = duet::endpoint::parse(text, ec);
  CHECK_FALSE(ec);  // cleared
  REQUIRE(read);
  CHECK(*read == duet::endpoint::parse(text));
  return *read;
}

inline const std::string not_a_quad =
    "is not an IPv4 address of four numbers from 0 to 255 without leading zeros";

}  // namespace endpoint_cases
