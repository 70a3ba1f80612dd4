// SPDX-License-Identifier: MIT
// completion: a handler together with what it will be called with, ready to be posted. What is associated with the handler (allocator,
// executor, cancellation slot) is associated with the completion.
#pragma once

#include <asio/associator.hpp>
#include <tuple>
#include <utility>

namespace duet::on_asio::detail {

template <class Handler, class... Args>
class completion {
 public:
  explicit completion(Handler handler, Args... args)
      : handler_(std::move(handler)), args_(std::move(args)...) {}

  void operator()() { std::apply(std::move(handler_), std::move(args_)); }

  [[nodiscard]] const Handler& inner() const noexcept { return handler_; }

 private:
  Handler handler_;
  std::tuple<Args...> args_;
};

}  // namespace duet::on_asio::detail

template <template <class, class> class Associator, class Handler, class... Args, class Default>
struct asio::associator<Associator, duet::on_asio::detail::completion<Handler, Args...>, Default>
    : Associator<Handler, Default> {
  static typename Associator<Handler, Default>::type get(
      const duet::on_asio::detail::completion<Handler, Args...>& of) noexcept {
    return Associator<Handler, Default>::get(of.inner());
  }
  static auto get(const duet::on_asio::detail::completion<Handler, Args...>& of,
                  const Default& fallback) noexcept {
    return Associator<Handler, Default>::get(of.inner(), fallback);
  }
};
