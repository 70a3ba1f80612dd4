// SPDX-License-Identifier: MIT
// operation_handler: the user's completion handler on its way through an Asio operation of a stream. It lends a handler without a
// cancellation slot of its own the stream's, so that one direction can be cancelled, and tells the observer the outcome. Everything
// else that is associated with the handler (executor, allocator) stays as it is.
#pragma once

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associator.hpp>
#include <asio/error.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

#include "duet/error.hpp"
#include "duet/observer.hpp"
#include "duet/on_asio/detail/stream_state.hpp"
#include "duet/os/flow.hpp"

namespace duet::on_asio::detail {

/// What is told when the operation is over; nobody is told anything by default.
struct told_operation {
  observer* watcher = nullptr;
  const char* call = "";
  const char* asio = "";
  int fd = -1;
  std::size_t asked = 0;
  std::size_t before = 0;  ///< moved already, and told

  /// Precondition: there is a watcher.
  void tell(std::error_code error, std::size_t moved) const {
    // The end of the stream is recv's 0, which Asio makes an error of.
    if (error == condition::end_of_stream) error.clear();
    const long result = error ? -1 : static_cast<long>(moved - before);
    watcher->on_step({call, os::describe_transfer(fd, asked), result, error, asio});
  }
};

template <class Handler, class Executor, operation_kind Kind>
class operation_handler {
 public:
  /// `keep` owns the signal behind `slot`: composed operations keep their own cancellation state in the signal's memory, so it has
  /// to outlive them, also when the stream goes first.
  operation_handler(Handler handler, asio::cancellation_slot slot, told_operation told,
                    std::shared_ptr<stream_state<Executor>> keep)
      : handler_(std::move(handler)), slot_(slot), told_(told), keep_(std::move(keep)) {}

  void operator()(std::error_code error) { std::move(handler_)(error); }

  void operator()(std::error_code error, std::size_t moved) {
    if (told_.watcher != nullptr) told_.tell(error, moved);
    if constexpr (Kind == operation_kind::read) {
      keep_->has_read(moved);
      if (error == asio::error::eof) keep_->ended = true;
    }
    if constexpr (Kind == operation_kind::write_some) keep_->has_written(moved);
    std::move(handler_)(error, moved);
  }

  void operator()(std::error_code error, std::span<const std::byte> frame) {
    std::move(handler_)(error, frame);
  }

  [[nodiscard]] const Handler& inner() const noexcept { return handler_; }

  [[nodiscard]] asio::cancellation_slot slot() const noexcept {
    const asio::cancellation_slot own = asio::get_associated_cancellation_slot(handler_);
    return own.is_connected() ? own : slot_;
  }

 private:
  Handler handler_;
  asio::cancellation_slot slot_;
  told_operation told_;
  std::shared_ptr<stream_state<Executor>> keep_;
};

}  // namespace duet::on_asio::detail

/// Executor and allocator are the inner handler's.
template <template <class, class> class Associator, class Handler, class Executor,
          duet::on_asio::detail::operation_kind Kind, class Default>
struct asio::associator<Associator,
                        duet::on_asio::detail::operation_handler<Handler, Executor, Kind>, Default>
    : Associator<Handler, Default> {
  static typename Associator<Handler, Default>::type get(
      const duet::on_asio::detail::operation_handler<Handler, Executor, Kind>& handler) noexcept {
    return Associator<Handler, Default>::get(handler.inner());
  }
  static auto get(const duet::on_asio::detail::operation_handler<Handler, Executor, Kind>& handler,
                  const Default& fallback) noexcept {
    return Associator<Handler, Default>::get(handler.inner(), fallback);
  }
};

/// The cancellation slot is the inner handler's if it has one, else the stream's.
template <class Handler, class Executor, duet::on_asio::detail::operation_kind Kind, class Default>
struct asio::associated_cancellation_slot<
    duet::on_asio::detail::operation_handler<Handler, Executor, Kind>, Default> {
  using type = asio::cancellation_slot;
  static type get(const duet::on_asio::detail::operation_handler<Handler, Executor, Kind>& handler,
                  const Default& = Default()) noexcept {
    return handler.slot();
  }
};
