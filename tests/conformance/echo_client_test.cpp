// SPDX-License-Identifier: MIT
// echo_client: from one descriptor through a server to another, both ways at once; and what it makes of servers that do not echo.
#include <fcntl.h>

#include <csignal>
#include <functional>
#include <optional>
#include <string>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;

namespace {

struct client_result {
  bool done = false;
  std::error_code ec;
  echo_result moved;
};

auto put_down(client_result& to) {
  return [&to](std::error_code ec, echo_result moved) { to = {true, ec, moved}; };
}

/// An open file without a name that holds these bytes and is read from its start.
raw_socket file_of(const temporary_folder& folder, std::span<const std::byte> bytes) {
  const std::string path = folder.fresh_path();
  raw_socket file(
      static_cast<int>(checked(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600), "open")));
  checked(::unlink(path.c_str()), "unlink");
  while (!bytes.empty()) {
    const ssize_t size = checked(::write(file.fd(), bytes.data(), bytes.size()), "write");
    bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
  checked(::lseek(file.fd(), 0, SEEK_SET), "lseek");
  return file;
}

digest digest_of_file(const raw_socket& file) {
  digest all;
  byte_vector buffer(65536);
  checked(::lseek(file.fd(), 0, SEEK_SET), "lseek");
  while (const ssize_t size = checked(::read(file.fd(), buffer.data(), buffer.size()), "read"))
    all.add(std::span(buffer).first(static_cast<std::size_t>(size)));
  return all;
}

void set_nonblocking(const raw_socket& end) {
  checked(::fcntl(end.fd(), F_SETFL, fcntl(end.fd(), F_GETFL) | O_NONBLOCK), "fcntl");
}

/// A server that sends back what `change` makes of what it received, until its peer has ended.
template <class Fixture>
class changing_server {
 public:
  using change_function = std::function<byte_vector(byte_vector)>;

  changing_server(Fixture& f, change_function change)
      : f_(f), door_(f.loop()), peer_(f.loop()), buffer_(4096), change_(std::move(change)) {
    door_.listen(f.anywhere());
    door_.async_accept([this](std::error_code ec, typename Fixture::stream accepted) {
      if (ec) return;
      peer_ = std::move(accepted);
      read();
    });
  }
  [[nodiscard]] endpoint where() const { return door_.local_endpoint(); }

 private:
  void read() {
    peer_.async_read_some(buffer_, [this](std::error_code ec, std::size_t size) {
      if (ec) return peer_.close();
      answer_ = change_(byte_vector(buffer_.data(), buffer_.data() + size));
      peer_.async_write(answer_, [this](std::error_code failed, std::size_t) {
        if (!failed) read();
      });
    });
  }

  Fixture& f_;
  typename Fixture::listener door_;
  typename Fixture::stream peer_;
  byte_vector buffer_;
  byte_vector answer_;
  change_function change_;
};

template <class Row>
typename Row::backend::stream connected_to(fixture_of<Row>& f, const endpoint& where) {
  typename Row::backend::stream stream(f.loop());
  result connect;
  Row::backend::async_connect(stream, where, {}, f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });
  CHECK_FALSE(connect.ec);
  return stream;
}

echo_client_options verifying(std::size_t buffer = 65536, std::size_t window = 1 << 20) {
  echo_client_options options;
  options.verify = true;
  options.buffer_bytes = buffer;
  options.window_bytes = window;
  return options;
}

}  // namespace

TEST_CASE_TEMPLATE("echo client: from a file to a file", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::echo_server server(f.loop());
  const endpoint where = server.listen(f.anywhere());
  server.start();
  const byte_vector bytes = some_bytes(16 << 20);
  digest sent;
  sent.add(bytes);
  const raw_socket input = file_of(f.folder, bytes);
  const raw_socket output = file_of(f.folder, {});
  client_result run;
  typename Row::backend::echo_client client(f.loop(), verifying());
  client.async_run(connected_to<Row>(f, where), input.fd(), output.fd(),
                   f.once("run", put_down(run)));
  f.run_until([&] { return run.done; });
  CHECK_FALSE(run.ec);
  CHECK(run.moved.sent == bytes.size());
  CHECK(run.moved.received == bytes.size());
  CHECK_FALSE(run.moved.mismatch_at);
  CHECK(client.progress().received == bytes.size());
  CHECK(digest_of_file(output) == sent);
  server.stop();
}

TEST_CASE_TEMPLATE("echo client: through pipes whose flags it leaves alone", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::echo_server server(f.loop());
  const endpoint where = server.listen(f.anywhere());
  server.start();
  raw_pipe input;
  raw_pipe output;
  const int input_flags = fcntl(input.out.fd(), F_GETFL);
  const int output_flags = fcntl(output.in.fd(), F_GETFL);
  set_nonblocking(input.in);
  set_nonblocking(output.out);
  client_result run;
  typename Row::backend::echo_client client(f.loop(), verifying());
  client.async_run(connected_to<Row>(f, where), input.out.fd(), output.in.fd(),
                   f.once("run", put_down(run)));

  // More than everything between the two ends can hold: it only passes if both directions move at the same time.
  constexpr std::uint64_t total = 24 << 20;
  pattern source;
  digest sent;
  digest got;
  byte_vector block;
  byte_vector buffer(65536);
  std::size_t written = 0;
  while (got.size() < total) {
    if (written == block.size() && sent.size() < total) {
      block.resize(65536);
      source.fill(block);
      sent.add(block);
      written = 0;
    }
    if (written < block.size()) {
      const ssize_t size = ::write(input.in.fd(), block.data() + written, block.size() - written);
      written += size > 0 ? static_cast<std::size_t>(size) : 0;
    }
    f.loop().restart();
    f.loop().poll();
    const ssize_t size = ::read(output.out.fd(), buffer.data(), buffer.size());
    if (size > 0) got.add(std::span(buffer).first(static_cast<std::size_t>(size)));
    if (run.done) FAIL("over before the end of its input");
  }
  CHECK(fcntl(input.out.fd(), F_GETFL) == input_flags);
  CHECK(fcntl(output.in.fd(), F_GETFL) == output_flags);
  input.in.close();
  f.run_until([&] { return run.done; });
  CHECK_FALSE(run.ec);
  CHECK(got == sent);
  CHECK(run.moved.sent == total);
  CHECK_FALSE(run.moved.mismatch_at);
}

TEST_CASE_TEMPLATE("echo client: an empty input is an empty run", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::echo_server server(f.loop());
  const endpoint where = server.listen(f.anywhere());
  server.start();
  raw_pipe input;
  const raw_pipe output;
  input.in.close();
  client_result run;
  typename Row::backend::echo_client client(f.loop());
  client.async_run(connected_to<Row>(f, where), input.out.fd(), output.in.fd(),
                   f.once("run", put_down(run)));
  f.run_until([&] { return run.done; });
  CHECK_FALSE(run.ec);
  CHECK(run.moved.sent == 0);
  CHECK(run.moved.received == 0);
}

TEST_CASE_TEMPLATE("echo client: finds the byte that comes back wrong", Row, DUET_ROWS) {
  fixture_of<Row> f;
  std::size_t passed = 0;
  constexpr std::size_t wrong = 70'001;
  changing_server<fixture_of<Row>> server(f, [&](byte_vector bytes) {
    if (passed <= wrong && wrong < passed + bytes.size()) bytes[wrong - passed] ^= std::byte{1};
    passed += bytes.size();
    return bytes;
  });
  const byte_vector bytes = some_bytes(200'000);
  const raw_socket input = file_of(f.folder, bytes);
  const raw_socket output = file_of(f.folder, {});
  client_result run;
  typename Row::backend::echo_client client(f.loop(), verifying(1024, 8192));
  client.async_run(connected_to<Row>(f, server.where()), input.fd(), output.fd(),
                   f.once("run", put_down(run)));
  f.run_until([&] { return run.done; });
  CHECK_FALSE(run.ec);
  CHECK(run.moved.mismatch_at == wrong);
  CHECK(run.moved.received == bytes.size());
  CHECK(digest_of_file(output).size() == bytes.size());
}

TEST_CASE_TEMPLATE("echo client: bytes that were never sent are a mismatch", Row, DUET_ROWS) {
  fixture_of<Row> f;
  bool added = false;
  changing_server<fixture_of<Row>> server(f, [&](byte_vector bytes) {
    if (!std::exchange(added, true)) bytes.resize(bytes.size() + 3);
    return bytes;
  });
  const raw_socket input = file_of(f.folder, as_bytes("twelve bytes"));
  const raw_socket output = file_of(f.folder, {});
  client_result run;
  typename Row::backend::echo_client client(f.loop(), verifying());
  client.async_run(connected_to<Row>(f, server.where()), input.fd(), output.fd(),
                   f.once("run", put_down(run)));
  f.run_until([&] { return run.done; });
  CHECK(run.moved.sent == 12);
  CHECK(run.moved.received == 15);
  CHECK(run.moved.mismatch_at == 12);
}

TEST_CASE_TEMPLATE("echo client: a server that ends too early is no echo", Row, DUET_ROWS) {
  fixture_of<Row> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  raw_pipe input;
  const raw_pipe output;
  client_result run;
  typename Row::backend::echo_client client(f.loop());
  client.async_run(connected_to<Row>(f, door.local_endpoint()), input.out.fd(), output.in.fd(),
                   f.once("run", put_down(run)));
  const raw_socket peer = door.accept();
  peer.shut_down(SHUT_WR);
  f.run_until([&] { return run.done; });
  CHECK(run.ec == condition::end_of_stream);
  CHECK(input.out.fd() >= 0);
  CHECK(fcntl(input.out.fd(), F_GETFD) == FD_CLOEXEC);  // its owner's still
}

TEST_CASE_TEMPLATE("echo client: a server that resets is an error", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  raw_pipe input;
  const raw_pipe output;
  typename Backend::stream stream(f.loop());
  result connect;
  Backend::async_connect(stream, door.local_endpoint(), {}, f.into(connect, "connect"));
  f.run_until([&] { return connect.done; });
  client_result run;
  typename Backend::echo_client client(f.loop());
  client.async_run(std::move(stream), input.out.fd(), output.in.fd(), f.once("run", put_down(run)));
  f.run_ready();
  door.accept().reset();
  f.run_until([&] { return run.done; });
  CHECK(errc_of(run.ec) == std::errc::connection_reset);
}

TEST_CASE_TEMPLATE("echo client: an output that nobody reads any more is an error", Row,
                   DUET_ROWS) {
  fixture_of<Row> f;
  std::signal(SIGPIPE,
              SIG_IGN);  // write(2) to a pipe raises it; that is the application's business
  typename Row::backend::echo_server server(f.loop());
  const endpoint where = server.listen(f.anywhere());
  server.start();
  raw_pipe input;
  raw_pipe output;
  checked(::write(input.in.fd(), "x", 1), "write");
  output.out.close();
  client_result run;
  typename Row::backend::echo_client client(f.loop());
  client.async_run(connected_to<Row>(f, where), input.out.fd(), output.in.fd(),
                   f.once("run", put_down(run)));
  f.run_until([&] { return run.done; });
  CHECK(errc_of(run.ec) == std::errc::broken_pipe);
  std::signal(SIGPIPE, SIG_DFL);
}

TEST_CASE_TEMPLATE("echo client: cancel and destruction end a run", Row, DUET_ROWS) {
  fixture_of<Row> f;
  const raw_socket door = raw_socket::listening(f.anywhere());
  const raw_pipe input;
  const raw_pipe output;
  client_result cancelled;
  client_result destroyed;
  client_result late;
  {
    typename Row::backend::echo_client client(f.loop());
    client.async_run(connected_to<Row>(f, door.local_endpoint()), input.out.fd(), output.in.fd(),
                     f.once("cancelled", put_down(cancelled)));
    f.run_ready();
    client.cancel();
    f.run_until([&] { return cancelled.done; });
    CHECK(errc_of(cancelled.ec) == std::errc::operation_canceled);

    typename Row::backend::echo_client other(f.loop());
    other.async_run(connected_to<Row>(f, door.local_endpoint()), input.out.fd(), output.in.fd(),
                    f.once("destroyed", put_down(destroyed)));
    f.run_ready();

    // Cancelled before it began: it ends just so, but it ends.
    typename Row::backend::echo_client never(f.loop());
    never.cancel();
    never.async_run(connected_to<Row>(f, door.local_endpoint()), input.out.fd(), output.in.fd(),
                    f.once("late", put_down(late)));
    f.run_ready();
  }
  f.run_until([&] { return destroyed.done; });
  CHECK(errc_of(destroyed.ec) == std::errc::operation_canceled);
  CHECK(late.done);
}

TEST_CASE_TEMPLATE("echo client: runs again", Row, DUET_ROWS) {
  fixture_of<Row> f;
  typename Row::backend::echo_server server(f.loop());
  const endpoint where = server.listen(f.anywhere());
  server.start();
  typename Row::backend::echo_client client(f.loop(), verifying());
  for (const std::string_view text : {"first", "and second"}) {
    const raw_socket input = file_of(f.folder, as_bytes(text));
    const raw_socket output = file_of(f.folder, {});
    client_result run;
    client.async_run(connected_to<Row>(f, where), input.fd(), output.fd(),
                     f.once("run", put_down(run)));
    f.run_until([&] { return run.done; });
    CHECK_FALSE(run.ec);
    CHECK(run.moved.received == text.size());
    CHECK_FALSE(run.moved.mismatch_at);
  }
}
