// SPDX-License-Identifier: MIT
// operation: the link by which something finished waits in the loop's ready list for its handler to be called; and source: one
// descriptor that the loop watches. Both are intrusive, so that neither finishing nor watching allocates.
#pragma once

#include <cstdint>
#include <utility>

namespace duet::on_posix {
class loop;
}

namespace duet::on_posix::detail {

/// Something whose handler is due. `complete` calls the handler; `discard` destroys it uncalled, when the loop goes first.
class operation {
 public:
  virtual void complete() = 0;
  virtual void discard() noexcept = 0;

 protected:
  ~operation() = default;

 private:
  friend class operation_list;
  operation* next_ = nullptr;
};

/// First in, first out; owns nothing.
class operation_list {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

  void push(operation& last) noexcept {
    last.next_ = nullptr;
    (first_ == nullptr ? first_ : last_->next_) = &last;
    last_ = &last;
  }

  operation& pop() noexcept {
    operation& first = *first_;
    first_ = first.next_;
    return first;
  }

  /// Appends all of `other`, which is empty afterwards.
  void splice(operation_list& other) noexcept {
    if (other.empty()) return;
    (first_ == nullptr ? first_ : last_->next_) = other.first_;
    last_ = other.last_;
    other.first_ = nullptr;
  }

 private:
  operation* first_ = nullptr;
  operation* last_ = nullptr;
};

/// One descriptor under the loop's eyes, kept alive by its users and by the operations in flight. The loop deletes it when
/// the last reference has gone and no event of the current batch can name it any more.
class source {
 public:
  explicit source(loop& owner);
  source(const source&) = delete;
  source& operator=(const source&) = delete;

  [[nodiscard]] loop& owner() const noexcept { return *owner_; }

  void add_reference() noexcept { ++references_; }
  void drop_reference() noexcept;

 protected:
  virtual ~source();

 private:
  friend class on_posix::loop;

  /// The descriptor is ready for `events` (EPOLLIN, ...).
  virtual void on_ready(std::uint32_t events) = 0;
  /// The loop is going: destroy all handlers uncalled.
  virtual void abandon() noexcept = 0;

  loop* owner_;
  source* previous_ = nullptr;
  source* next_ = nullptr;
  int references_ = 0;
};

/// A counted reference to a source.
template <class Source>
class source_ref {
 public:
  source_ref() noexcept = default;
  explicit source_ref(Source* to) noexcept : to_(to) {
    if (to_ != nullptr) to_->add_reference();
  }
  source_ref(source_ref&& other) noexcept : to_(std::exchange(other.to_, nullptr)) {}
  source_ref& operator=(source_ref&& other) noexcept {
    if (this != &other) {
      reset();
      to_ = std::exchange(other.to_, nullptr);
    }
    return *this;
  }
  source_ref(const source_ref&) = delete;
  source_ref& operator=(const source_ref&) = delete;
  ~source_ref() { reset(); }

  Source* operator->() const noexcept { return to_; }
  Source& operator*() const noexcept { return *to_; }
  explicit operator bool() const noexcept { return to_ != nullptr; }

  void reset() noexcept {
    if (Source* const old = std::exchange(to_, nullptr)) old->drop_reference();
  }

 private:
  Source* to_ = nullptr;
};

}  // namespace duet::on_posix::detail
