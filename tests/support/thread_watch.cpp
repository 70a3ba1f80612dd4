// SPDX-License-Identifier: MIT
#include "thread_watch.hpp"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <string>
#include <system_error>

namespace {

using counter = std::atomic<unsigned>;

/// Shared with forked children, whose threads count, too.
counter& started() {
  static counter& count = []() -> counter& {
    void* const page =
        ::mmap(nullptr, sizeof(counter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) throw std::system_error(errno, std::system_category(), "mmap");
    return *new (page) counter(0);
  }();
  return count;
}

}  // namespace

#if !defined(DUET_TEST_SANITIZED)
// Stands before libc's, for libstdc++ too.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*run)(void*), void* argument) {
  using create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto real = reinterpret_cast<create>(::dlsym(RTLD_NEXT, "pthread_create"));
  ++started();
  return real(thread, attributes, run, argument);
}
#endif

unsigned duet::test::threads_started() { return started(); }

bool duet::test::may_start_threads(std::string_view file) {
  const char* const listed = std::getenv("DUET_TEST_THREADS");
  if (listed == nullptr) return true;
  const std::string_view name = file.substr(file.rfind('/') + 1);
  const std::string all = '|' + std::string(listed) + '|';
  return all.find('|' + std::string(name) + '|') != std::string::npos;
}
