// SPDX-License-Identifier: MIT
// Numbers, sizes and durations of the command line.
#include "support/quantity.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using duet::apps::format_duration;
using duet::apps::format_size;
using duet::apps::never;
using duet::apps::parse_duration;
using duet::apps::parse_number;
using duet::apps::parse_size;

TEST_CASE("numbers: decimal digits and nothing else") {
  CHECK(parse_number("0") == 0U);
  CHECK(parse_number("010") == 10U);
  CHECK(parse_number("18446744073709551615") == 18446744073709551615U);
  for (const char* const bad :
       {"", " 1", "1 ", "+1", "-1", "0x10", "1e3", "1.0", "18446744073709551616"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_number(bad));
  }
}

TEST_CASE("sizes: bytes alone or with Ki Mi Gi") {
  CHECK(parse_size("64") == 64U);
  CHECK(parse_size("16Ki") == 16384U);
  CHECK(parse_size("1Mi") == 1048576U);
  CHECK(parse_size("2Gi") == 2147483648U);
  CHECK(parse_size("17179869183Gi") == 17179869183U << 30);
  for (const char* const bad :
       {"", "Ki", "1K", "1ki", "1KiB", "1 Ki", "1.5Ki", "-1Ki", "17179869184Gi"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad));
  }
}

TEST_CASE("sizes: print as they read") {
  CHECK(format_size(0) == "0");
  CHECK(format_size(64) == "64");
  CHECK(format_size(16384) == "16Ki");
  CHECK(format_size(16385) == "16385");
  CHECK(format_size(3U << 20) == "3Mi");
  CHECK(format_size(1U << 30) == "1Gi");
}

TEST_CASE("durations: a number with its unit or off or 0") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("5s") == 5s);
  CHECK(parse_duration("2m") == 2min);
  CHECK(parse_duration("1h") == 1h);
  CHECK(parse_duration("50us") == 50us);
  CHECK(parse_duration("0.5s") == 500ms);
  CHECK(parse_duration("0") == 0s);
  CHECK(parse_duration("0ms") == 0s);
  CHECK(parse_duration("off") == never);
  for (const char* const bad :
       {"", "5", "s", "-1s", "+1s", " 1s", "1 s", "1S", "1sec", "1s ", "1e3s", "infs", "nans",
        ".5s", "0x10s", "8761h", "99999999999999999999s", "OFF", "never"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad));
  }
}

TEST_CASE("durations: print with three digits in the unit that suits") {
  CHECK(format_duration(0ns) == "0 ns");
  CHECK(format_duration(812ns) == "812 ns");
  CHECK(format_duration(1us) == "1.00 us");
  CHECK(format_duration(81240ns) == "81.2 us");
  CHECK(format_duration(99960ns) == "100 us");
  CHECK(format_duration(999499ns) == "999 us");
  CHECK(format_duration(999500ns) == "1.00 ms");
  CHECK(format_duration(1200ms) == "1.20 s");
  CHECK(format_duration(3600s) == "3600 s");
}
