// SPDX-License-Identifier: MIT
// duet-echo send: bytes of any number go round, and every way in which they do not has its message and its exit code.
#include <doctest/doctest.h>
#include <poll.h>

#include <array>

#include "echo_app.hpp"
#include "raw_socket.hpp"
#include "scripted_peer.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;

namespace {

/// Writes `total` pattern bytes to a program's input and compares its output. The output is read only when the input takes nothing
/// more, in small pieces: every buffer between is full most of the time.
void pass_through(child& program, std::uint64_t total) {
  duet::os::unique_fd in = program.take_in();
  const duet::os::unique_fd out = program.take_out();
  pattern outgoing;
  digest sent;
  digest received;
  byte_vector piece(65536);
  std::span<const std::byte> rest;
  std::array<std::byte, 4096> back;
  for (;;) {
    if (in && rest.empty()) {
      const auto size =
          static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), total - sent.size()));
      if (size == 0) in.reset();
      outgoing.fill(std::span(piece).first(size));
      rest = std::span<const std::byte>(piece).first(size);
      sent.add(rest);
    }
    if (!rest.empty()) {
      const auto size = ::write(in.get(), rest.data(), rest.size());
      if (size > 0) {
        rest = rest.subspan(static_cast<std::size_t>(size));
        continue;
      }
      REQUIRE(errno == EAGAIN);
    }
    std::array<pollfd, 2> ready{pollfd{out.get(), POLLIN, 0}, pollfd{in.get(), POLLOUT, 0}};
    REQUIRE(::poll(ready.data(), ready.size(), static_cast<int>(patience().count()) * 1000) > 0);
    if (ready[0].revents == 0) continue;
    const auto size = ::read(out.get(), back.data(), back.size());
    if (size == 0) break;
    if (size > 0) received.add(std::span(back).first(static_cast<std::size_t>(size)));
  }
  CHECK(received.size() == total);
  CHECK(received == sent);
}

}  // namespace

TEST_CASE_TEMPLATE("send: copies the input to the server and its echo to the output", Row,
                   DUET_APP_ROWS) {
  tcp_server<Row> server;
  const std::string bytes(as_text(some_bytes(300'000)));
  for (const std::string& text :
       {std::string(), std::string("\0", 1), std::string("hello\n"), bytes}) {
    for (const arguments& more : {arguments{}, arguments{"--verify"}, arguments{"-s", "1000"}}) {
      const outcome sent = send<Row>(server.uri(), more, text);
      CHECK(sent.result == 0);
      CHECK((sent.out == text));
      CHECK(sent.err.empty());
    }
  }
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("send: 64 MiB through a slow reader come back the same", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  child program(command_line<Row>("send", {server.uri(), "--verify"}));
  pass_through(program, 64U << 20);
  CHECK(program.wait() == 0);
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("send: input from a file and over a UNIX socket", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  running_server server(command_line<Row>("serve", {"unix:" + folder.fresh_path()}), 1);
  const duet::os::unique_fd file(::open(DUET_ECHO, O_RDONLY | O_CLOEXEC));
  REQUIRE(static_cast<bool>(file));
  const outcome sent =
      run(command_line<Row>("send", {server.uri(), "--verify"}), {}, {{}, file.get()});
  CHECK(sent.result == 0);
  CHECK(sent.out.size() == static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)));
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("send: shows both pairs of calls", Row, asio_blocking, posix_blocking) {
  tcp_server<Row> server({"--io", "sendrecv"});
  const outcome rw = send<Row>(server.uri(), {"--trace"}, "hello");
  CHECK(rw.out == "hello");
  CHECK(contains(rw.err, "\nwrite "));
  CHECK(contains(rw.err, "\nread "));
  CHECK_FALSE(contains(rw.err, "\nrecv "));
  for (const char* const flags : {"peek", "waitall", "peek,waitall"}) {
    const outcome sr = send<Row>(
        server.uri(), {"--trace", "--io", "sendrecv", "--recv-flags", flags, "--verify"}, "hello");
    CHECK(sr.result == 0);
    CHECK(sr.out == "hello");
    CHECK(contains(sr.err, "\nsend "));
    CHECK(contains(sr.err, "\nrecv "));
    CHECK_FALSE(contains(sr.err, "\nwrite "));
  }
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("send: verify says at which byte the echo differs", Row, DUET_APP_ROWS) {
  const scripted_peer corrupting([](raw_socket& client) {
    byte_vector bytes = client.receive(5000);
    bytes[1234] ^= std::byte{1};
    client.send_all(bytes);
    wait_for(client, 1);
  });
  const outcome sent = send<Row>(corrupting.uri(), {"--verify"}, as_text(some_bytes(5000)));
  CHECK(sent.result == 6);
  CHECK(sent.err ==
        "duet-echo: send " + corrupting.uri() + ": what came back differs at byte 1234\n");
}

TEST_CASE_TEMPLATE("send: verify notices bytes that were never sent", Row, DUET_APP_ROWS) {
  const scripted_peer talkative([](raw_socket& client) {
    client.send_all(client.receive(3));
    wait_for(client, 1);
    client.send_all(as_bytes("more"));
  });
  const outcome sent = send<Row>(talkative.uri(), {"--verify"}, "abc");
  CHECK(sent.result == 6);
  CHECK(contains(sent.err, "differs at byte 3"));
}

TEST_CASE_TEMPLATE("send: an echo that ends early is no success", Row, DUET_APP_ROWS) {
  const auto serve = [](raw_socket& client) {
    const byte_vector bytes = client.receive(5000);
    client.send_all(std::span(bytes).first(100));
    client.shut_down(SHUT_WR);
    wait_for(client, 1);
  };
  const std::string bytes(as_text(some_bytes(5000)));
  {
    const scripted_peer early(serve);
    const outcome sent = send<Row>(early.uri(), {}, bytes);
    CHECK(sent.result == 1);
    CHECK((sent.out == bytes.substr(0, 100)));
    CHECK(contains(sent.err, "the server ended after 100 of 5000 bytes"));
  }
  const scripted_peer early(serve);
  CHECK(send<Row>(early.uri(), {"--verify"}, bytes).result == 6);
}

TEST_CASE_TEMPLATE("send: a connection that is reset is a failure at run time", Row,
                   DUET_APP_ROWS) {
  const scripted_peer resetting([](raw_socket& client) {
    wait_for(client, 1);
    client.reset();
  });
  const outcome sent = send<Row>(resetting.uri(), {}, as_text(some_bytes(5000)));
  CHECK(sent.result == 1);
  CHECK(contains(sent.err, "duet-echo: send " + resetting.uri() + ": "));
}

TEST_CASE_TEMPLATE("send: a server that never answers times out when asked to", Row,
                   DUET_APP_ROWS) {
  const raw_socket silent = raw_socket::listening(duet::endpoint::parse("127.0.0.1:0"));
  const outcome sent = send<Row>(silent.local_endpoint().to_string(), {"-W", "200ms"}, "hello");
  CHECK(sent.result == 5);
  CHECK(contains(sent.err, "timed out: no echo for 200 ms after 0 of 5 bytes"));
}

TEST_CASE_TEMPLATE("send: a closed output ends it by SIGPIPE", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  child program(command_line<Row>("send", {server.uri()}));
  program.write_in("hello\n");
  CHECK(program.read_line() == "hello");
  program.close_out();
  program.write_in(std::string(100'000, 'x'));
  program.close_in();
  CHECK(program.wait() == -SIGPIPE);
  CHECK(program.err().empty());
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("send: a full disk as output is an error", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  const outcome sent = run({"sh", "-c", "exec \"$@\" > /dev/full", "sh", DUET_ECHO, "send",
                            server.uri(), "--backend", Row::backend, "--model", Row::model},
                           "hello");
  CHECK(sent.result == 1);
  CHECK(contains(sent.err, "No space left on device"));
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("send: closed standard descriptors harm nobody", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  const auto with = [&](const char* redirection) {
    return run({"sh", "-c", std::string("exec \"$@\" ") + redirection, "sh", DUET_ECHO, "send",
                server.uri(), "--backend", Row::backend, "--model", Row::model},
               "hello");
  };
  CHECK(with("<&-").result == 1);
  CHECK(with(">&-").result == 1);
  CHECK(with("2>&-").out == "hello");
  CHECK(server.stop() == 0);
}
