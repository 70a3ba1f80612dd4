// SPDX-License-Identifier: MIT
// Which files have cases with several threads. The suites' THREADS list them (DuetTestSuite.cmake), because a ThreadSanitizer build has
// those alone; this keeps the lists true: where DUET_TEST_THREADS names the files, a case of another one that starts a thread fails.
#pragma once

#include <string_view>

namespace duet::test {

/// How many threads this process has started, and those forked from it since the first call. Always 0 under a sanitizer, which watches
/// pthread_create itself.
unsigned threads_started();

/// Whether cases of this source may start threads: DUET_TEST_THREADS, names with `|` between them, is not set or has its name.
bool may_start_threads(std::string_view file);

}  // namespace duet::test
