// SPDX-License-Identifier: MIT
// The main of every doctest program: doctest's own, and two things that it lacks.
// Exit 77 when a case asked for a skip and nothing failed (ctest's SKIP_RETURN_CODE);
// exit 1 when the filter matched no case, which doctest would call a success.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "skip.hpp"

namespace {

constexpr int exit_skipped = 77;

bool skipped = false;
unsigned cases_run = 0;

// Counts the cases that ran; doctest::Context does not tell.
struct case_counter : doctest::IReporter {
  explicit case_counter(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_start(const doctest::TestCaseData&) override { ++cases_run; }
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

}  // namespace

REGISTER_LISTENER("case_counter", 1, case_counter);

void duet::test::mark_skipped(const char* reason) {
  skipped = true;
  std::printf("SKIPPED: %s\n", reason);
  std::fflush(stdout);
}

int main(int argc, char** argv) {
  doctest::Context context(argc, argv);
  const int result = context.run();
  if (context.shouldExit() || result != 0)
    return result;  // a query such as --list-test-cases, or a failure
  if (cases_run == 0) {
    std::fputs("no test case matched\n", stderr);
    return 1;
  }
  return skipped ? exit_skipped : 0;
}
