// SPDX-License-Identifier: MIT
// The main of every doctest program: doctest's own, and four things that it lacks.
// Exit 77 when a case asked for a skip and nothing failed (ctest's SKIP_RETURN_CODE);
// exit 1 when the filter matched no case, which doctest would call a success;
// --each-apart runs every case in a child of its own;
// exit 1 when a case has started a thread and its file is not one of DUET_TEST_THREADS.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "each_apart.hpp"
#include "skip.hpp"
#include "thread_watch.hpp"

namespace {

bool skipped = false;
unsigned cases_run = 0;
std::vector<std::string> cases_listed;
bool threads_unlisted = false;

// Counts the cases that ran, and keeps the names of those that were asked for; doctest::Context does not tell.
struct case_counter : doctest::IReporter {
  explicit case_counter(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData& query) override {
    for (unsigned each = 0; each < query.num_data; ++each)
      cases_listed.emplace_back(query.data[each]->m_name);
  }
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_start(const doctest::TestCaseData& next) override {
    ++cases_run;
    threads_before_ = duet::test::threads_started();
    file_ = next.m_file.c_str();
  }
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {
    if (duet::test::threads_started() == threads_before_ || duet::test::may_start_threads(file_))
      return;
    threads_unlisted = true;
    std::fprintf(stderr, "%s starts a thread: add it to THREADS of its suite\n", file_.c_str());
  }
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

 private:
  unsigned threads_before_ = 0;
  std::string file_;
};

}  // namespace

REGISTER_LISTENER("case_counter", 1, case_counter);

void duet::test::mark_skipped(const char* reason) {
  skipped = true;
  std::printf("SKIPPED: %s\n", reason);
  std::fflush(stdout);
}

namespace {

int run(doctest::Context& context) {
  const int result = context.run();
  if (context.shouldExit() || result != 0)
    return result;  // a query such as --list-test-cases, or a failure
  if (cases_run == 0) {
    std::fputs("no test case matched\n", stderr);
    return 1;
  }
  if (threads_unlisted) return 1;
  return skipped ? duet::test::exit_skipped : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto limit = duet::test::each_apart_limit(argc, argv);
  if (!limit) {
    doctest::Context context(argc, argv);
    return run(context);
  }
  // The list is for case_counter: no reporter prints it.
  std::vector<const char*> arguments(argv, argv + argc);
  arguments.insert(arguments.end(), {"--list-test-cases", "--reporters=none"});
  doctest::Context(static_cast<int>(arguments.size()), arguments.data()).run();
  if (cases_listed.empty()) {
    std::fputs("no test case matched\n", stderr);
    return 1;
  }
  return duet::test::run_each_apart(cases_listed, *limit, [](const std::string& name) {
    doctest::Context one;
    one.addFilter("test-case", name.c_str());
    one.setOption("no-intro", true);
    return run(one);
  });
}
