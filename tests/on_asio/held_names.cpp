// SPDX-License-Identifier: MIT
// The linker takes a program's own getaddrinfo before the C library's, also for the libraries that are linked into it.
#include "held_names.hpp"

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <mutex>
#include <string_view>

namespace {

struct gate_type {
  std::mutex mutex;
  std::condition_variable changed;
  int holds = 0;
  int waiting = 0;
};

// Never destroyed: a lookup's thread may outlive main.
gate_type& gate() {
  static gate_type* const instance = new gate_type;
  return *instance;
}

void pass_gate() {
  gate_type& it = gate();
  std::unique_lock lock(it.mutex);
  ++it.waiting;
  it.changed.notify_all();
  it.changed.wait(lock, [&] { return it.holds == 0; });
  --it.waiting;
  it.changed.notify_all();
}

using getaddrinfo_type = int(const char*, const char*, const addrinfo*, addrinfo**);

}  // namespace

extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  static auto* const next = reinterpret_cast<getaddrinfo_type*>(dlsym(RTLD_NEXT, "getaddrinfo"));
  const std::string_view name = host != nullptr ? host : "";
  if (name == duet::test::missing_name) return EAI_NONAME;
  if (name == duet::test::held_name) pass_gate();
  const bool ours = name == duet::test::held_name || name == duet::test::known_name;
  return next(ours ? "127.0.0.1" : host, service, hints, result);
}

namespace duet::test {

name_hold::name_hold() {
  const std::lock_guard lock(gate().mutex);
  ++gate().holds;
}

name_hold::~name_hold() {
  std::unique_lock lock(gate().mutex);
  --gate().holds;
  gate().changed.notify_all();
  gate().changed.wait(lock, [] { return gate().waiting == 0; });
}

void name_hold::await_lookup() {
  std::unique_lock lock(gate().mutex);
  gate().changed.wait(lock, [] { return gate().waiting > 0; });
}

}  // namespace duet::test
