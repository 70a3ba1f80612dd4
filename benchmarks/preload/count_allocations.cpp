// SPDX-License-Identifier: MIT
// A library for LD_PRELOAD that counts the allocations of the program it is loaded into, and lets the C library serve them. The count is in
// the file that DUET_BENCH_ALLOCATIONS names, shared with whoever reads it: see harness/allocation_counter.hpp. Without
// that variable it counts for nobody. @see ld.so(8), malloc(3), mmap(2) MAP_SHARED
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

// glibc's own, which are there for replacements to call.
extern "C" {
void* libc_malloc(std::size_t size) __asm__("__libc_malloc");
void* libc_calloc(std::size_t count, std::size_t size) __asm__("__libc_calloc");
void* libc_realloc(void* old, std::size_t size) __asm__("__libc_realloc");
void* libc_memalign(std::size_t alignment, std::size_t size) __asm__("__libc_memalign");
}

namespace {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

std::atomic<std::uint64_t> nobodys{0};
std::atomic<std::uint64_t>* allocations = &nobodys;

void count() noexcept { allocations->fetch_add(1, std::memory_order_relaxed); }

/// Two words: the count, and that somebody counts.
[[gnu::constructor]] void begin() {
  const char* const path = std::getenv("DUET_BENCH_ALLOCATIONS");
  if (path == nullptr) return;
  const int fd = ::open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* const memory =
      ::mmap(nullptr, 2 * sizeof nobodys, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (memory == MAP_FAILED) return;
  auto* const words = static_cast<std::atomic<std::uint64_t>*>(memory);
  words[1].store(1, std::memory_order_relaxed);
  allocations = words;
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  count();
  return libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) {
  count();
  return libc_calloc(number, size);
}

void* realloc(void* old, std::size_t size) {
  count();
  return libc_realloc(old, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count();
  return libc_memalign(alignment, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  count();
  return libc_memalign(alignment, size);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
  count();
  if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0)
    return EINVAL;
  void* const memory = libc_memalign(alignment, size);
  if (memory == nullptr) return ENOMEM;
  *result = memory;
  return 0;
}
}
