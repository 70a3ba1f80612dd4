// SPDX-License-Identifier: MIT
// A whole echo flow in which every system call fails once, each in its turn: nothing may crash, hang or stay open, and the error has to
// be told with the step that failed, or not to matter. What Asio itself calls does not pass the seam and is not struck.
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fault_plan.hpp"
#include "fixture.hpp"

using namespace duet;
using namespace duet::test;

namespace {

/// How a flow ended.
struct flow_result {
  bool whole = false;  ///< the message came back and both sides ended
  std::error_code ec;  ///< what an operation reported
  std::string thrown;  ///< what an exception said
};

/// A server and a client on one loop: connect, send a message, half-close, read it back to the end.
template <class Row>
class echo_flow {
  using backend = typename Row::backend;

 public:
  echo_flow(const temporary_folder& folder, error_log& log) : folder_(folder), log_(log) {}

  flow_result run() {
    try {
      typename backend::loop loop;
      echo_server_options options;
      options.watcher = &log_;
      options.socket.send_buffer_bytes = 65536;
      typename backend::echo_server server(loop, options);
      const endpoint where = server.listen(Row::transport::anywhere(folder_));
      server.start();
      typename backend::stream client(loop);
      client_ = &client;
      connect_options how;
      how.watcher = &log_;
      how.socket = options.socket;
      backend::async_connect(client, where, how,
                             [this](std::error_code ec) { ec ? end(ec) : send(); });
      const auto until = std::chrono::steady_clock::now() + cap;
      while (!over_ && std::chrono::steady_clock::now() < until) {
        if (loop.run_one_for(cap) == 0 && loop.stopped()) break;
        if (log_.count("accept failed") > 0) over_ = true;  // nobody will serve the client any more
      }
      CHECK_MESSAGE(over_, "hangs");
      server.stop();
      client.close();
      loop.restart();
      loop.run_for(cap);
      CHECK_MESSAGE(loop.stopped(), "work is left");
    } catch (const std::system_error& error) {
      result_.ec = error.code();
      result_.thrown = error.what();
    }
    return result_;
  }

 private:
  void send() {
    client_->async_write(as_bytes(message), [this](std::error_code ec, std::size_t) {
      if (ec) return end(ec);
      client_->shutdown(shutdown_type::send, ec);
      if (ec) return end(ec);
      receive();
    });
  }
  void receive() {
    client_->async_read_some(buffer_, [this](std::error_code ec, std::size_t size) {
      got_ += as_text(std::span(buffer_).first(size));
      if (!ec) return receive();
      result_.whole = ec == condition::end_of_stream && got_ == message;
      end(ec == condition::end_of_stream ? std::error_code() : ec);
    });
  }
  void end(std::error_code ec) {
    result_.ec = ec;
    over_ = true;
  }

  static constexpr std::string_view message = "a message that fits everywhere";

  const temporary_folder& folder_;
  error_log& log_;
  typename backend::stream* client_ = nullptr;
  byte_vector buffer_ = byte_vector(64);
  std::string got_;
  bool over_ = false;
  flow_result result_;
};

/// Whether somebody was told the error, by name of the step or as the end of an operation.
bool told(const flow_result& result, const error_log& log, std::string_view call, int error) {
  const auto wanted = static_cast<std::errc>(error);
  if (errc_of(result.ec) == wanted) return true;
  for (const auto& each : log.steps) {
    if (errc_of(each.error) == wanted && each.what.starts_with(call)) return true;
  }
  for (const auto& each : log.events) {
    if (errc_of(each.error) == wanted) return true;
  }
  return false;
}

/// Runs the flow with one plan; returns whether the plan struck.
template <class Row>
bool strike(const call_name& call, std::uint64_t n, int error, bool must_be_whole) {
  INFO(call.name, " number ", n, " fails with errno ", error);
  const descriptor_map before = open_descriptors();
  const temporary_folder folder;
  error_log log;
  const planned fault(call.which, nth(n, error));
  const flow_result result = echo_flow<Row>(folder, log).run();
  const bool struck = fault.calls() >= n;
  INFO("operation: ", result.ec.message(), "; thrown: ", result.thrown);
  CHECK(opened_since(before) == "");
  if (!struck || must_be_whole) {
    CHECK(result.whole);
  } else {
    CHECK((result.whole || told(result, log, call.name, error)));
  }
  // An exception says the step's name and goes on with the endpoint's or the reason.
  if (struck && !result.thrown.empty() && errc_of(result.ec) == static_cast<std::errc>(error)) {
    const bool named = result.thrown.starts_with(call.name) ||
                       result.thrown.starts_with("local_endpoint");  // which is getsockname
    CHECK(named);
  }
  const bool file_is_known = call.which != os::call::fstatat && call.which != os::call::unlink;
  if (file_is_known) CHECK(folder.files().empty());
  return struck;
}

}  // namespace

TEST_CASE_TEMPLATE("each step: fails once in its turn", Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  int strikes = 0;
  for (const call_name& call : flow_calls) {
    std::uint64_t n = 1;
    while (n < 100 && strike<Row>(call, n, fitting_error(call.which), false)) ++n;
    CHECK(n < 100);
    strikes += static_cast<int>(n) - 1;
  }
  CHECK(strikes >= 14);
}

TEST_CASE_TEMPLATE("each step: an interrupted call is made again", Row, DUET_ROWS) {
  DUET_NEEDS_SEAM();
  // connect is not among them: the kernel goes on with an interrupted one, the seam cannot.
  int strikes = 0;
  for (const call_name& call : flow_calls) {
    const bool can_be = call.which == os::call::accept4 || call.which == os::call::recv ||
                        call.which == os::call::send || call.which == os::call::epoll_wait ||
                        call.which == os::call::read || call.which == os::call::close;
    if (!can_be) continue;
    std::uint64_t n = 1;
    while (n < 100 && strike<Row>(call, n, EINTR, true)) ++n;
    strikes += static_cast<int>(n) - 1;
  }
  CHECK(strikes >= 4);
}

TEST_CASE_TEMPLATE("each step: without a fault the flow is whole", Row, DUET_ROWS) {
  const temporary_folder folder;
  error_log log;
  const flow_result result = echo_flow<Row>(folder, log).run();
  CHECK(result.whole);
  CHECK(log.steps.empty());
  CHECK(log.events.empty());
}
