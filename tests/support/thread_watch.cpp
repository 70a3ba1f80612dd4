// SPDX-License-Identifier: MIT
#include "thread_watch.hpp"

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <string>

namespace {

std::atomic<unsigned> started{0};

}  // namespace

#if !defined(DUET_TEST_SANITIZED)
// Stands before libc's, for libstdc++ too.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*run)(void*), void* argument) {
  using create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto real = reinterpret_cast<create>(::dlsym(RTLD_NEXT, "pthread_create"));
  ++started;
  return real(thread, attributes, run, argument);
}
#endif

unsigned duet::test::threads_started() noexcept { return started; }

bool duet::test::may_start_threads(std::string_view file) {
  const char* const listed = std::getenv("DUET_TEST_THREADS");
  if (listed == nullptr) return true;
  const std::string_view name = file.substr(file.rfind('/') + 1);
  const std::string all = '|' + std::string(listed) + '|';
  return all.find('|' + std::string(name) + '|') != std::string::npos;
}
