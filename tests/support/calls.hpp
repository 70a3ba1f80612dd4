// SPDX-License-Identifier: MIT
// Completion handlers that keep books: each has to be called exactly once, and never from inside the function that it was handed to.
#pragma once

#include <doctest/doctest.h>

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace duet::test {

struct call_record {
  std::string what;
  bool initiated = false;  ///< the function that took the handler has returned
  int calls = 0;
};

/// How a function is kept: behind one type if its parameters are known, so that a column's operations are compiled once for them all and not
/// again for each lambda of each row; as it is if they are the caller's to choose (auto, overloads), or if it can only be moved.
template <class Function>
struct kept_function {
  using type = Function;
};
template <class Function>
  requires std::copy_constructible<Function> && requires { &Function::operator(); }
struct kept_function<Function> {
  using type = decltype(std::function(std::declval<Function>()));
};

/// A handler around `Function`. The object that calls::once returns lives to the end of the statement that hands it over; what the
/// library keeps was moved from it. So its destruction tells that the initiating function has returned.
template <class Function>
class counted_handler {
 public:
  counted_handler(std::shared_ptr<call_record> record, Function function)
      : record_(std::move(record)), function_(std::move(function)), original_(true) {}
  counted_handler(counted_handler&& other) noexcept
      : record_(other.record_), function_(std::move(other.function_)) {}
  counted_handler& operator=(counted_handler&&) = delete;
  ~counted_handler() {
    if (original_) record_->initiated = true;
  }

  template <class... Args>
  void operator()(Args... args) {
    INFO("handler: ", record_->what);
    CHECK_MESSAGE(record_->initiated, "called from inside the initiating function");
    ++record_->calls;
    CHECK_MESSAGE(record_->calls == 1, "called more than once");
    function_(std::move(args)...);
  }

 private:
  std::shared_ptr<call_record> record_;
  Function function_;
  bool original_ = false;
};

/// The handlers of one test case.
class call_book {
 public:
  /// Hand the result over in the statement that makes it.
  template <class Function>
  [[nodiscard]] auto once(std::string what, Function function) {
    using kept = typename kept_function<Function>::type;
    records_.push_back(std::make_shared<call_record>(call_record{std::move(what)}));
    return counted_handler<kept>(records_.back(), kept(std::move(function)));
  }

  /// How many have not been called so far.
  [[nodiscard]] std::size_t open() const {
    std::size_t count = 0;
    for (const auto& each : records_) count += each->calls == 0 ? 1 : 0;
    return count;
  }

  void check_all_called_once() const {
    for (const auto& each : records_) {
      INFO("handler: ", each->what);
      CHECK(each->calls == 1);
    }
  }

  /// For a loop that goes with work pending: none of those still open may be called any more.
  void check_never_called() const {
    for (const auto& each : records_) {
      INFO("handler: ", each->what);
      CHECK(each->calls == 0);
    }
  }
  void forget() { records_.clear(); }

 private:
  std::vector<std::shared_ptr<call_record>> records_;
};

}  // namespace duet::test
