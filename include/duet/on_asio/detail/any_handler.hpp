// SPDX-License-Identifier: MIT
// any_handler: a completion handler of any type behind one type, called on its own executor. Asio 1.22 has no any_completion_handler.
#pragma once

#include <asio/associated_executor.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <memory>
#include <utility>

#include "duet/on_asio/detail/completion.hpp"

namespace duet::on_asio::detail {

template <class... Args>
class any_handler {
 public:
  any_handler() noexcept = default;
  template <class Handler>
  any_handler(Handler handler, const asio::io_context::executor_type& fallback)
      : holder_(std::make_unique<holder<Handler>>(std::move(handler), fallback)) {}

  explicit operator bool() const noexcept { return holder_ != nullptr; }

  /// Posts the call; the handler is gone afterwards.
  void complete(Args... args) { std::exchange(holder_, nullptr)->complete(std::move(args)...); }

 private:
  struct base {
    virtual ~base() = default;
    virtual void complete(Args... args) = 0;
  };

  template <class Handler>
  struct holder final : base {
    using executor_type = asio::associated_executor_t<Handler, asio::io_context::executor_type>;

    holder(Handler what, const asio::io_context::executor_type& of)
        : loop(of), work(asio::get_associated_executor(what, of)), handler(std::move(what)) {}

    void complete(Args... args) override {
      // Through the loop's executor: the handler's own may belong to no loop that is run (a future's belongs to threads of Asio's).
      asio::post(loop.get_executor(),
                 completion<Handler, Args...>(std::move(handler), std::move(args)...));
    }

    asio::executor_work_guard<asio::io_context::executor_type> loop;
    asio::executor_work_guard<executor_type> work;
    Handler handler;
  };

  std::unique_ptr<base> holder_;
};

}  // namespace duet::on_asio::detail
