// SPDX-License-Identifier: MIT
// What is associated with a handler or a context: allocator, executor, outstanding work, and the handler's life itself.
#include <asio/any_io_executor.hpp>
#include <asio/bind_executor.hpp>
#include <asio/read.hpp>
#include <asio/strand.hpp>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "parked.hpp"

using namespace duet;
using namespace duet::test;

namespace {

struct heap {
  std::size_t allocations = 0;
  std::size_t live = 0;
};

template <class T>
class counting_allocator {
 public:
  using value_type = T;
  explicit counting_allocator(heap& of) noexcept : of_(&of) {}
  template <class U>
  counting_allocator(const counting_allocator<U>& other) noexcept : of_(other.of_) {}

  T* allocate(std::size_t count) {
    ++of_->allocations;
    ++of_->live;
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* memory, std::size_t count) {
    --of_->live;
    std::allocator<T>().deallocate(memory, count);
  }
  template <class U>
  bool operator==(const counting_allocator<U>& other) const noexcept {
    return of_ == other.of_;
  }

 private:
  template <class>
  friend class counting_allocator;
  heap* of_;
};

/// A handler with an allocator, that notes what of the allocator's memory was in use when it was called.
class allocating_probe : public probe {
 public:
  using allocator_type = counting_allocator<std::byte>;
  allocating_probe(fate& of, heap& from, std::size_t& live_when_called)
      : probe(of), heap_(&from), live_when_called_(&live_when_called) {}

  [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(*heap_); }

  template <class... Args>
  void operator()(Args&&... args) {
    *live_when_called_ = heap_->live;
    probe::operator()(std::forward<Args>(args)...);
  }

 private:
  heap* heap_;
  std::size_t* live_when_called_;
};

}  // namespace

TEST_CASE_TEMPLATE("association: the allocator is used and has its memory back before the call of",
                   Op, DUET_PARKED) {
  heap memory;
  world w;
  Op op(w);
  fate& end = w.expect();
  std::size_t live_when_called = 99;
  op.start(allocating_probe(end, memory, live_when_called));
  w.context.poll();
  REQUIRE(end.called == 0);
  op.cancel();
  w.until(end);
  CHECK(memory.allocations > 0);
  CHECK(live_when_called == 0);
  CHECK(memory.live == 0);
}

TEST_CASE("association: the allocator is used through Asio's composed operations") {
  heap memory;
  world w;
  auto [a, b] = w.pair();
  std::array<std::byte, 4> to{};
  std::size_t live_when_called = 99;
  fate& end = w.expect();
  asio::async_read(a, asio::buffer(to), allocating_probe(end, memory, live_when_called));
  std::error_code ec;
  for (const char* piece : {"ab", "cd"}) {
    b.try_write_some(as_bytes(piece), ec);
    w.context.poll();
  }
  CHECK(end.called == 1);
  CHECK(memory.allocations > 0);
  CHECK(live_when_called == 0);
}

TEST_CASE_TEMPLATE("association: the executor runs the handler and has work meanwhile of", Op,
                   DUET_PARKED) {
  world w;
  Op op(w);
  fate& end = w.expect();
  w.other.poll();
  CHECK(w.other.stopped());
  w.other.restart();
  op.start(asio::bind_executor(w.other.get_executor(), probe(end)));
  w.settle();
  CHECK_FALSE(w.other.stopped());
  op.cancel();
  w.context.poll();
  CHECK(end.called == 0);  // what is left is the other context's to do
  w.settle();
  CHECK(end.called == 1);
  CHECK(w.other.stopped());
}

TEST_CASE_TEMPLATE("association: run() has work until the handler was called of", Op, DUET_PARKED) {
  world w;
  Op op(w);
  w.settle();
  w.context.restart();
  w.context.poll();
  CHECK(w.context.stopped());
  w.context.restart();
  fate& end = w.expect();
  op.start(probe(end));
  w.context.poll();
  CHECK_FALSE(w.context.stopped());
  op.cancel();
  w.context.run();
  CHECK(end.called == 1);
}

// The handler owns all that its operation is made of, as a session does.
TEST_CASE_TEMPLATE(
    "association: a context that goes destroys once and does not call the handler of", Op,
    DUET_PARKED) {
  for (const bool polled : {false, true}) {
    CAPTURE(polled);
    const descriptor_check descriptors;
    fate end;
    {
      world w;
      auto op = std::make_shared<Op>(w);
      Op& it = *op;
      it.start([op = std::move(op), last = probe(end)](std::error_code ec, auto&&...) mutable {
        last(ec);
      });
      if (polled) w.context.poll();
      CHECK(end.destroyed == 0);
      w.abandon();
    }
    CHECK(end.called == 0);
    CHECK(end.destroyed == 1);
  }
}

TEST_CASE("association: a context goes while the thread of a lookup waits") {
  const name_hold hold;
  fate end;
  {
    world w;
    auto client = std::make_shared<stream>(w.context);
    on_asio::async_connect(*client, endpoint::named(transport::tcp, held_name, "80"), {},
                           [client, last = probe(end)](std::error_code ec) mutable { last(ec); });
    client.reset();
    name_hold::await_lookup();
    w.abandon();
  }
  CHECK(end.called == 0);
  CHECK(end.destroyed == 1);
}

TEST_CASE("association: an answer nobody waits for any more is dropped") {
  world w;
  fate& end = w.expect();
  {
    parked_lookup op(w);
    op.start(probe(end));
    name_hold::await_lookup();
    op.cancel();
  }
  w.until(end);
  CHECK(end.error == asio::error::operation_aborted);
}

// Executors other than the context's own.

namespace {

using strand_type = asio::strand<asio::io_context::executor_type>;

constexpr int client_count = 64;
constexpr int round_count = 8;

/// Echoes one connection, on the strand of its stream.
template <class Executor>
class echo_session : public std::enable_shared_from_this<echo_session<Executor>> {
 public:
  echo_session(const Executor& on, os::unique_fd connected) : stream_(on) {
    stream_.assign(std::move(connected));
  }

  void start() {
    asio::dispatch(stream_.get_executor(), [self = this->shared_from_this()] { self->read(); });
  }

 private:
  void read() {
    stream_.async_read_some(std::span(buffer_), [self = this->shared_from_this()](
                                                    std::error_code ec, std::size_t size) {
      if (!ec) self->write(size);
    });
  }
  void write(std::size_t size) {
    stream_.async_write(std::span<const std::byte>(buffer_).first(size),
                        [self = this->shared_from_this()](std::error_code ec, std::size_t) {
                          if (!ec) self->read();
                        });
  }

  on_asio::basic_stream<Executor> stream_;
  std::array<std::byte, 4096> buffer_{};
};

template <class Executor>
void accept_next(on_asio::basic_listener<Executor>& server, asio::io_context& context) {
  server.async_accept([&](std::error_code ec, on_asio::basic_stream<Executor> accepted) {
    if (ec) return;
    const Executor own(asio::make_strand(context));
    std::make_shared<echo_session<Executor>>(own, accepted.release())->start();
    accept_next(server, context);
  });
}

/// Sends blocks and compares what returns, on a strand of its own.
template <class Executor>
class echo_caller : public std::enable_shared_from_this<echo_caller<Executor>> {
 public:
  echo_caller(const Executor& on, std::atomic<int>& good) : stream_(on), good_(&good) {}

  void start(const endpoint& at) {
    asio::dispatch(stream_.get_executor(), [self = this->shared_from_this(), at] {
      on_asio::async_connect(self->stream_, at, {}, [self](std::error_code ec) {
        if (!ec) self->round();
      });
    });
  }

 private:
  void round() {
    if (++rounds_ > round_count) return end();
    sent_.assign(10000, static_cast<std::byte>(rounds_));
    received_.assign(sent_.size(), std::byte{});
    pending_ = 2;
    stream_.async_write(std::span(std::as_const(sent_)), next());
    asio::async_read(stream_, asio::buffer(received_), next());
  }

  auto next() {
    return [self = this->shared_from_this()](std::error_code ec, std::size_t size) {
      if (ec || size != self->sent_.size() || --self->pending_ > 0) return;
      if (self->sent_ == self->received_) self->round();
    };
  }

  // A wait that a close ends: cancellation on strands, too.
  void end() {
    stream_.async_wait(wait_type::read, [self = this->shared_from_this()](std::error_code ec) {
      if (ec == asio::error::operation_aborted) ++*self->good_;
    });
    asio::post(stream_.get_executor(),
               [self = this->shared_from_this()] { self->stream_.close(); });
  }

  on_asio::basic_stream<Executor> stream_;
  std::atomic<int>* good_;
  std::vector<std::byte> sent_;
  std::vector<std::byte> received_;
  int rounds_ = 0;
  int pending_ = 0;
};

}  // namespace

TYPE_TO_STRING_AS("strand", strand_type);
TYPE_TO_STRING_AS("any_io_executor", asio::any_io_executor);

TEST_CASE_TEMPLATE("executors: 64 clients echo on strands of a context with two threads", Executor,
                   strand_type, asio::any_io_executor) {
  world w;
  std::atomic<int> good = 0;
  on_asio::basic_listener<Executor> server{Executor(asio::make_strand(w.context))};
  server.listen(any_port());
  accept_next(server, w.context);
  const endpoint at = server.local_endpoint();
  const auto by_name = endpoint::named(transport::tcp, known_name, std::to_string(at.port()));
  for (int each = 0; each < client_count; ++each) {
    const Executor own(asio::make_strand(w.context));
    std::make_shared<echo_caller<Executor>>(own, good)->start(each % 2 == 0 ? at : by_name);
  }
  const auto run = [&] {
    const auto cap = std::chrono::steady_clock::now() + std::chrono::seconds(15);
    while (good < client_count && w.context.run_one_until(cap) > 0) {
    }
    w.context.stop();
  };
  std::thread second(run);
  run();
  second.join();
  CHECK(good == client_count);
}

TEST_CASE("executors: a stream of any executor and one of the context's own are the same inside") {
  world w;
  on_asio::basic_stream<> erased(w.context);
  on_asio::basic_stream<> of_strand{asio::any_io_executor(asio::make_strand(w.context))};
  stream lean(w.context.get_executor());
  auto ends = descriptor_pair();
  lean.assign(std::move(ends.first));
  erased.assign(lean.release());
  CHECK_FALSE(lean.is_open());
  of_strand.assign(std::move(ends.second));

  std::array<std::byte, 8> to{};
  fate& read = w.expect();
  fate& written = w.expect();
  erased.async_read_some(std::span(to), probe(read));
  of_strand.async_write(as_bytes("erased"), probe(written));
  w.until(read);
  CHECK(as_text({to.data(), read.size}) == "erased");
  lean.assign(erased.release());
  CHECK(lean.is_open());
}
