// SPDX-License-Identifier: MIT
// Lookups that are given up: at random moments ten thousand times, with their resolver, with its pool, with the process.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "duet/os/lookup_pool.hpp"
#include "names.hpp"

using namespace duet;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

constexpr const char* cancel_zone =
    "*.mute.test * silence\n"
    "*.slow.test A delay=2 answer 192.0.2.2\n"
    "*.gone.test * nxdomain\n"
    "*.test A answer 192.0.2.1\n";

std::uint64_t chosen_seed() {
  const char* const given = std::getenv("DUET_TEST_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  MESSAGE("DUET_TEST_SEED=", seed);
  return seed;
}

std::size_t thread_count() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/task"))
    ++count;
  return count;
}

/// Lookups of several resolvers on one pool, started and given up at random.
template <class Backend>
class storm {
 public:
  static constexpr std::size_t resolvers = 4;

  storm(fixture<Backend>& on, std::uint64_t seed) : f_(on), random_(seed) {
    f_.lookups = true;
    for (auto& each : names_) each.emplace(f_.loop());
  }

  void step() {
    const std::size_t which = below(resolvers);
    if (below(10) > 0) start(*names_[which]);
    wait_a_little();
    switch (below(8)) {
      case 0:
      case 1:
      case 2: names_[which]->cancel(); break;
      case 3: names_[which].emplace(f_.loop()); break;
      case 4: std::swap(*names_[which], *names_[below(resolvers)]); break;
      default: break;
    }
  }

  /// How many ended how.
  std::map<std::string, int> ends;

 private:
  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
  }

  /// Few names of each kind, so that some are joined.
  std::string name() {
    const std::size_t kind = below(200);
    const std::string host = std::to_string(below(20));
    if (kind == 0) return host + ".mute.test";
    if (kind < 60) return host + ".slow.test";
    if (kind < 80) return host + ".gone.test";
    if (kind < 90) return "192.0.2." + host;
    if (kind < 100) return "-" + host;
    return host + ".test";
  }

  void start(typename Backend::resolver& names) {
    const std::string host = name();
    const bool hasty = below(10) == 0;
    names.async_resolve(
        host, "", within(hasty ? 1ms : 15s, inet_only),
        f_.once(host, [this, host](std::error_code ec, const resolve_result& result) {
          const std::string text = text_of({true, ec, result});
          ++ends[ec ? text : "answered"];
          if (!ec) CHECK(text.starts_with(host + " 192.0.2."));
        }));
  }

  /// Some moment up to 200 us later, the loop running or not. Not a wait for something: any moment is a good one.
  void wait_a_little() {
    const bool running = below(2) == 0;
    const auto until = clock_type::now() + std::chrono::microseconds(below(200));
    do {
      if (running) f_.run_ready();
    } while (clock_type::now() < until);
  }

  fixture<Backend>& f_;
  std::mt19937_64 random_;
  std::optional<typename Backend::resolver> names_[resolvers];
};

}  // namespace

TEST_CASE_TEMPLATE("cancel: at random moments", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = short_lived});
  DUET_NEED(host);
  scripted_dns dns(cancel_zone);
  fixture<Backend> f;
  {
    storm<Backend> lookups(f, chosen_seed());
    for (int i = 0; i < 10'000; ++i) lookups.step();
    f.run_until_all_called();
    std::string summary;
    for (const auto& [how, count] : lookups.ends)
      summary += how + " " + std::to_string(count) + "; ";
    MESSAGE(summary);
    // None of the ways may be missing, or the rest has not been tried.
    for (const char* how : {"answered", "operation_canceled", "name_not_found", "bad_name"})
      CHECK(lookups.ends[how] > 10);
  }
}

// A pool may be asked from any thread; the columns ask it from one each.
TEST_CASE("cancel: from several threads at once") {
  const private_host host({.resolv_conf = short_lived});
  DUET_NEED(host);
  scripted_dns dns(cancel_zone);
  os::lookup_pool pool;
  std::atomic<int> wrong{0};
  const auto ask_and_cancel = [&](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < 1000; ++i) {
      const std::string name =
          std::to_string(random() % 10) + (random() % 2 == 0 ? ".test" : ".slow.test");
      std::atomic<int> calls{0};
      const auto mine = pool.start(os::forward_question(name, "", inet_only),
                                   [&calls](const os::lookup_outcome&) { ++calls; });
      const auto until = clock_type::now() + std::chrono::microseconds(random() % 300);
      while (clock_type::now() < until && calls == 0) std::this_thread::yield();
      pool.cancel(mine);
      // It has been called or never will be: what it refers to ends here.
      if (calls > 1) ++wrong;
    }
  };
  const std::uint64_t seed = chosen_seed();
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 4; ++i) threads.emplace_back(ask_and_cancel, seed + i);
  for (auto& each : threads) each.join();
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("cancel: a resolver that goes takes its lookups with it", Backend,
                   DUET_BACKENDS) {
  const private_host host({.resolv_conf = short_lived});
  DUET_NEED(host);
  scripted_dns dns(cancel_zone);
  std::thread([] {}).join();  // with a process's first thread ThreadSanitizer starts one of its own
  const std::size_t threads = thread_count();
  {
    fixture<Backend> f;
    f.lookups = true;
    for (int round = 0; round < 20; ++round) {
      std::vector<answer> all(12);
      {
        // Its own pool goes with it: with lookups that run, that wait for a thread, and that are answered just now.
        lookup_pool_options options;
        options.threads = 4;
        typename Backend::resolver names(f.loop(), options);
        for (std::size_t i = 0; i < all.size(); ++i) {
          const char* const zones[] = {".mute.test", ".slow.test", ".test"};
          names.async_resolve(
              std::to_string(i) + zones[i % 3], "", inet_only,
              f.once("resolve", [&to = all[i]](std::error_code ec, const resolve_result&) {
                to = {true, ec, {}};
              }));
        }
        if (round % 2 == 1) f.run_ready();
      }
      f.run_until_all_called();
      for (const answer& each : all) CHECK((!each.ec || each.ec == condition::operation_canceled));
      CHECK(word_of(all.front().ec) == "operation_canceled");
    }
  }
  // Threads that were stuck end when libc lets them.
  const auto until = clock_type::now() + cap;
  while (thread_count() > threads && clock_type::now() < until) std::this_thread::yield();
  CHECK(thread_count() == threads);
}

TEST_CASE_TEMPLATE("cancel: a process ends at once whatever is stuck", Backend, DUET_BACKENDS) {
  const private_host host({.resolv_conf = patient});
  DUET_NEED(host);
  scripted_dns dns(cancel_zone);
  for (const char* end : {"return", "exit", "loop"}) {
    CAPTURE(std::string(end));
    child program({DUET_TEST_STUCK, std::string(Backend::name), "8", end});
    CHECK(program.read_line() == "started");
    const auto until = clock_type::now() + cap;
    for (int i = 0; i < 8; ++i) {
      const std::string name = std::to_string(i) + ".mute.test";
      while (dns.count(name, "A") == 0) REQUIRE(clock_type::now() < until);
    }
    program.write_in("end\n");
    CHECK(program.wait() == 0);
    CHECK(program.err().empty());
  }
}
