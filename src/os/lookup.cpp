// SPDX-License-Identifier: MIT
#include "duet/os/lookup.hpp"

#include <csignal>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "duet/error.hpp"
#include "duet/os/sockaddr.hpp"
#include "duet/os/sys.hpp"

namespace duet::os {
namespace {

std::error_code name_error(int status) {
  switch (status) {
    case 0: return {};
    case EAI_NONAME:
    case EAI_SERVICE: return error::name_not_found;
    case EAI_NODATA:
    case EAI_ADDRFAMILY: return error::name_no_data;
    case EAI_AGAIN: return error::name_try_again;
    case EAI_MEMORY: return std::make_error_code(std::errc::not_enough_memory);
    case EAI_SYSTEM: return sys::last_error();
    default: return error::name_no_recovery;
  }
}

endpoint to_endpoint(const addrinfo& found) {
  socket_address address;
  std::memcpy(&address.local, found.ai_addr, found.ai_addrlen);
  address.size = found.ai_addrlen;
  return os::to_endpoint(address, found.ai_socktype);
}

/// Signals are the application's; blocking them keeps a handler from running on a thread it does not know of.
class no_signals {
 public:
  no_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former_);
  }
  ~no_signals() { pthread_sigmask(SIG_SETMASK, &former_, nullptr); }
  no_signals(const no_signals&) = delete;

 private:
  sigset_t former_{};
};

}  // namespace

struct lookup::state {
  std::mutex mutex;
  handler done;
};

lookup::lookup(const endpoint& name, handler done) : state_(std::make_shared<state>()) {
  state_->done = std::move(done);
  const no_signals inherited;
  std::thread([state = state_, name] {
    std::error_code ec;
    std::vector<endpoint> found = resolve(name, ec);
    const std::lock_guard lock(state->mutex);
    if (const handler due = std::exchange(state->done, nullptr)) due(ec, std::move(found));
  }).detach();
}

lookup::~lookup() { cancel(); }

void lookup::cancel() noexcept {
  if (!state_) return;
  handler gone;  // destroyed outside the lock: what it holds may cancel in its turn
  const std::lock_guard lock(state_->mutex);
  gone.swap(state_->done);
}

std::vector<endpoint> resolve(const endpoint& name, std::error_code& ec) {
  ec.clear();
  if (name.is_numeric()) return {name};
  addrinfo hints{};
  hints.ai_socktype = type_of(name);
  // Only the service is a name: the address stays what it is, the wildcard too.
  const bool service_only = name.host().empty();
  if (service_only) hints.ai_flags = AI_PASSIVE;
  const std::string service = name.service().empty() ? std::to_string(name.port()) : name.service();
  addrinfo* list = nullptr;
  ec = name_error(sys::getaddrinfo(service_only ? nullptr : name.host().c_str(), service.c_str(),
                                   &hints, &list));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(list, freeaddrinfo);
  if (ec) return {};
  if (service_only) return {name.with_port(to_endpoint(*list).port())};
  std::vector<endpoint> found;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next)
    found.push_back(to_endpoint(*each));
  return found;
}

}  // namespace duet::os
