// SPDX-License-Identifier: MIT
// handler: a move-only function object that keeps small callables inside itself, so that starting an operation allocates nothing.
// C++20 has no std::move_only_function, and std::function wants copies.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace duet::on_posix::detail {

template <class Signature>
class handler;

/// Callables of up to `inline_bytes` whose move cannot throw live inside; larger ones cost one allocation.
template <class Result, class... Args>
class handler<Result(Args...)> {
 public:
  static constexpr std::size_t inline_bytes = 56;

  handler() noexcept = default;

  template <class Callable>
    requires(!std::is_same_v<std::remove_cvref_t<Callable>, handler> &&
             std::is_invocable_r_v<Result, std::decay_t<Callable>&, Args...>)
  handler(Callable&& callable) {
    using stored = std::decay_t<Callable>;
    if constexpr (fits<stored>) {
      ::new (static_cast<void*>(storage_)) stored(std::forward<Callable>(callable));
      table_ = &inline_table<stored>;
    } else {
      ::new (static_cast<void*>(storage_)) stored*(new stored(std::forward<Callable>(callable)));
      table_ = &heap_table<stored>;
    }
  }

  handler(handler&& other) noexcept { take(other); }
  handler& operator=(handler&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  handler(const handler&) = delete;
  handler& operator=(const handler&) = delete;
  ~handler() { reset(); }

  explicit operator bool() const noexcept { return table_ != nullptr; }

  /// Precondition: not empty.
  Result operator()(Args... args) { return table_->call(storage_, std::forward<Args>(args)...); }

  /// Destroys the callable.
  void reset() noexcept {
    if (const table* const old = std::exchange(table_, nullptr)) old->destroy(storage_);
  }

 private:
  struct table {
    Result (*call)(void*, Args&&...);
    void (*move)(void* from, void* to) noexcept;
    void (*destroy)(void*) noexcept;
  };

  template <class Stored>
  static constexpr bool fits =
      sizeof(Stored) <= inline_bytes && alignof(Stored) <= alignof(void*) &&
      std::is_nothrow_move_constructible_v<Stored>;

  template <class Stored>
  static Stored* at(void* storage) noexcept {
    return std::launder(static_cast<Stored*>(storage));
  }

  template <class Stored>
  static constexpr table inline_table{
      [](void* storage, Args&&... args) -> Result {
        return (*at<Stored>(storage))(std::forward<Args>(args)...);
      },
      [](void* from, void* to) noexcept {
        ::new (to) Stored(std::move(*at<Stored>(from)));
        std::destroy_at(at<Stored>(from));
      },
      [](void* storage) noexcept { std::destroy_at(at<Stored>(storage)); }};

  template <class Stored>
  static constexpr table heap_table{
      [](void* storage, Args&&... args) -> Result {
        return (**at<Stored*>(storage))(std::forward<Args>(args)...);
      },
      [](void* from, void* to) noexcept { ::new (to) Stored*(*at<Stored*>(from)); },
      [](void* storage) noexcept { delete *at<Stored*>(storage); }};

  void take(handler& other) noexcept {
    table_ = std::exchange(other.table_, nullptr);
    if (table_ != nullptr) table_->move(other.storage_, storage_);
  }

  const table* table_ = nullptr;
  alignas(void*) std::byte storage_[inline_bytes];
};

}  // namespace duet::on_posix::detail
