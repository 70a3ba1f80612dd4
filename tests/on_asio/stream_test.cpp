// SPDX-License-Identifier: MIT
// What makes a stream one of Asio's: its composed operations and buffer sequences, sockets and descriptors handed in and taken out, the
// user's context, and Asio's codes against duet's conditions.
#include <netdb.h>

#include <asio/ip/tcp.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>
#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include "duet/on_asio/echo.hpp"
#include "parked.hpp"

using namespace duet;
using namespace duet::test;

static_assert(std::same_as<stream::executor_type, asio::io_context::executor_type>);
static_assert(std::same_as<on_asio::basic_stream<>::executor_type, asio::any_io_executor>);
static_assert(std::same_as<stream::lowest_layer_type,
                           asio::basic_stream_socket<asio::generic::stream_protocol,
                                                     asio::io_context::executor_type>>);

namespace {

/// Sends `line` from `from` to `to` and says what arrived.
std::string pass(world& w, stream& from, stream& to, std::string_view line) {
  std::array<std::byte, 64> buffer{};
  fate& read = w.expect();
  fate& written = w.expect();
  to.async_read_some(std::span(buffer), probe(read));
  from.async_write(as_bytes(line), probe(written));
  w.until(read);
  return std::string(as_text({buffer.data(), read.size}));
}

/// The same between any two things that Asio reads and writes, blocking.
template <class From, class To>
std::string pass_blocking(From& from, To& to, const std::string& line) {
  std::string back(line.size(), '\0');
  asio::write(from, asio::buffer(line));
  asio::read(to, asio::buffer(back));
  return back;
}

}  // namespace

TEST_CASE("stream: async_read and async_write of Asio move everything") {
  world w;
  auto [a, b] = w.pair();
  std::vector<std::byte> out(std::size_t{1} << 20);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(i * 31 >> 3);
  std::vector<std::byte> in(out.size());
  fate& written = w.expect();
  fate& read = w.expect();
  asio::async_write(a, asio::buffer(out), probe(written));
  asio::async_read(b, asio::buffer(in), probe(read));
  w.until(read);
  w.until(written);
  CHECK(written.size == out.size());
  CHECK(read.size == in.size());
  CHECK(in == out);
}

TEST_CASE("stream: async_read ends early at the end of the stream and by its condition") {
  world w;
  auto [a, b] = w.pair();
  std::array<char, 64> to{};
  fate& some = w.expect();
  fate& rest = w.expect();
  asio::async_read(a, asio::buffer(to), asio::transfer_at_least(3), probe(some));
  std::error_code ec;
  b.try_write_some(as_bytes("abc"), ec);
  w.until(some);
  CHECK_FALSE(some.error);
  CHECK(some.size == 3);
  asio::async_read(a, asio::buffer(to), probe(rest));
  b.try_write_some(as_bytes("de"), ec);
  b.shutdown(shutdown_type::send);
  w.until(rest);
  CHECK(rest.error == asio::error::eof);
  CHECK(rest.size == 2);
}

TEST_CASE("stream: async_read_until finds each line") {
  world w;
  auto [a, b] = w.pair();
  std::string lines;
  std::error_code ec;
  b.try_write_some(as_bytes("first\r\nsecond\r\nthi"), ec);
  for (const char* expected : {"first\r\n", "second\r\n"}) {
    fate& line = w.expect();
    asio::async_read_until(a, asio::dynamic_buffer(lines), "\r\n", probe(line));
    w.until(line);
    CHECK_FALSE(line.error);
    CHECK(lines.substr(0, line.size) == expected);
    lines.erase(0, line.size);
  }
  fate& line = w.expect();
  asio::streambuf unlimited;
  asio::async_read_until(a, unlimited, '\n', probe(line));
  b.try_write_some(as_bytes("rd\n"), ec);
  w.until(line);
  CHECK(lines + std::string(asio::buffers_begin(unlimited.data()),
                            asio::buffers_end(unlimited.data())) ==
        "third\n");
}

TEST_CASE("stream: buffer sequences scatter and gather") {
  world w;
  auto [a, b] = w.pair();
  const std::string one = "one,";
  const std::vector<char> two{'t', 'w', 'o', ','};
  const std::array<asio::const_buffer, 3> out{asio::buffer(one), asio::buffer(two),
                                              asio::buffer("three", 5)};
  fate& some = w.expect();
  fate& whole = w.expect();
  a.async_write_some(out, probe(some));
  w.until(some);
  CHECK(some.size == 13);
  a.async_write(std::vector<asio::const_buffer>(out.begin(), out.end()), probe(whole));
  w.until(whole);
  CHECK(whole.size == 13);

  std::array<char, 5> head{};
  std::array<char, 8> tail{};
  fate& scattered = w.expect();
  b.async_read_some(std::array{asio::buffer(head), asio::buffer(tail)}, probe(scattered));
  w.until(scattered);
  CHECK(scattered.size == 13);
  CHECK(std::string_view(head.data(), head.size()) == "one,t");
  CHECK(std::string_view(tail.data(), tail.size()) == "wo,three");
  fate& single = w.expect();
  std::string rest(13, ' ');
  b.async_read_some(asio::buffer(rest), probe(single));
  w.until(single);
  CHECK(rest == "one,two,three");
}

TEST_CASE("stream: more buffers than one system call takes are written whole and in order") {
  world w;
  auto [a, b] = w.pair();
  std::string out;
  for (int i = 0; i < 20000; ++i) out += std::to_string(i);
  std::vector<asio::const_buffer> pieces;
  for (std::size_t at = 0, size = 0; at < out.size(); at += size, size = (size + 1) % 97)
    pieces.emplace_back(out.data() + at, std::min(size, out.size() - at));
  REQUIRE(asio::buffer_size(pieces) == out.size());
  std::string in(out.size(), ' ');
  fate& written = w.expect();
  fate& read = w.expect();
  a.async_write(pieces, probe(written));
  asio::async_read(b, asio::buffer(in), probe(read));
  w.until(read);
  w.until(written);
  CHECK(written.size == out.size());
  CHECK(in == out);
}

TEST_CASE("stream: spans of what holds bytes are taken as they are") {
  world w;
  auto [a, b] = w.pair();
  const std::vector<std::byte> out(3, std::byte{1});
  std::array<std::byte, 3> in{};
  fate& written = w.expect();
  fate& read = w.expect();
  a.async_write(out, probe(written));
  b.async_read_some(in, probe(read));
  w.until(read);
  CHECK(read.size == 3);
  CHECK(in[2] == std::byte{1});
}

TEST_CASE("stream: a TCP socket of Asio goes in and comes out again") {
  world w;
  asio::ip::tcp::acceptor acceptor(w.context, {asio::ip::address_v4::loopback(), 0});
  asio::ip::tcp::socket client(w.context);
  client.connect(acceptor.local_endpoint());
  asio::ip::tcp::socket server = acceptor.accept();
  CHECK(pass_blocking(client, server, "before") == "before");

  const auto at = client.local_endpoint();
  stream in(w.context.get_executor(), std::move(client));
  stream peer(w.context.get_executor(), std::move(server));
  CHECK_FALSE(client.is_open());
  CHECK(in.local_endpoint().port() == at.port());
  CHECK(in.remote_endpoint().port() == acceptor.local_endpoint().port());
  CHECK(pass(w, in, peer, "inside") == "inside");
  CHECK(pass(w, peer, in, "and back") == "and back");

  asio::ip::tcp::socket out(w.context);
  out.assign(asio::ip::tcp::v4(), in.release().release());
  CHECK_FALSE(in.is_open());
  CHECK(out.local_endpoint() == at);
  std::array<std::byte, 8> to{};
  fate& read = w.expect();
  fate& written = w.expect();
  peer.async_read_some(std::span(to), probe(read));
  asio::async_write(out, asio::buffer("after", 5), probe(written));
  w.until(read);
  CHECK(as_text({to.data(), read.size}) == "after");
}

TEST_CASE("stream: a UNIX socket of Asio goes in and comes out again") {
  world w;
  asio::local::stream_protocol::socket left(w.context);
  asio::local::stream_protocol::socket right(w.context);
  asio::local::connect_pair(left, right);
  CHECK(pass_blocking(left, right, "before") == "before");
  stream in(w.context.get_executor(), std::move(left));
  stream peer(w.context.get_executor(), std::move(right));
  CHECK(in.remote_endpoint().is_unix());
  CHECK(pass(w, in, peer, "inside") == "inside");
  asio::local::stream_protocol::socket out(w.context, asio::local::stream_protocol(),
                                           in.release().release());
  asio::local::stream_protocol::socket out_peer(w.context, asio::local::stream_protocol(),
                                                peer.release().release());
  CHECK(pass_blocking(out, out_peer, "after") == "after");
}

TEST_CASE("stream: giving a socket away ends what is in flight on it") {
  world w;
  auto [a, b] = w.pair();
  std::array<std::byte, 8> to{};
  fate& read = w.expect();
  a.async_read_some(std::span(to), probe(read));
  w.context.poll();
  const os::unique_fd out = a.release();
  w.until(read);
  CHECK(read.error == asio::error::operation_aborted);
  CHECK(a.native_handle() == -1);
  CHECK(out);
}

TEST_CASE("stream: a socket that is not open is refused") {
  world w;
  asio::ip::tcp::socket closed(w.context);
  CHECK_THROWS_AS(stream(w.context.get_executor(), std::move(closed)), std::system_error);
}

TEST_CASE("stream: a descriptor goes in and comes out the same") {
  world w;
  auto ends = descriptor_pair();
  const int number = ends.first.get();
  stream a(w.context);
  stream b(w.context);
  a.assign(std::move(ends.first));
  b.assign(std::move(ends.second));
  CHECK(a.native_handle() == number);
  CHECK(pass(w, a, b, "through") == "through");
  os::unique_fd out = a.release();
  CHECK(out.get() == number);
  a.assign(std::move(out));
  CHECK(pass(w, a, b, "again") == "again");
}

TEST_CASE("loop: the user's context is adapted and stays the user's") {
  world w;
  bool posted = false;
  {
    on_asio::loop loop(w.context);
    CHECK(&loop.context() == &w.context);
    CHECK(loop.get_executor() == w.context.get_executor());
    on_asio::echo_server server(loop);
    const endpoint at = server.listen(any_port());
    server.start();
    stream client(loop);
    std::array<std::byte, 8> to{};
    fate& connected = w.expect();
    fate& written = w.expect();
    fate& read = w.expect();
    on_asio::async_connect(client, at, {}, probe(connected));
    w.until(connected);
    client.async_write(as_bytes("echo"), probe(written));
    client.async_read_some(std::span(to), probe(read));
    w.until(read);
    CHECK(as_text({to.data(), read.size}) == "echo");
    loop.post([&] { posted = true; });
  }
  w.settle();
  CHECK(posted);
}

TEST_CASE("error: asio eof stays itself and is the end of stream") {
  world w;
  auto [a, b] = w.pair();
  b.shutdown(shutdown_type::send);
  std::array<std::byte, 8> to{};
  fate& read = w.expect();
  a.async_read_some(std::span(to), probe(read));
  w.until(read);
  CHECK(read.error == asio::error::eof);
  CHECK(read.error.category() == asio::error::get_misc_category());
  CHECK(read.error == condition::end_of_stream);
  std::error_code ec;
  CHECK(a.try_read_some(to, ec) == 0);
  CHECK(ec == asio::error::eof);
  CHECK(ec == condition::end_of_stream);
}

// duet recognises Asio's codes by the name of the category and the value, without Asio's headers: these are both.
TEST_CASE("error: the categories and values of Asio are the ones that duet recognises") {
  using std::string_view;
  CHECK(string_view(asio::error::get_misc_category().name()) == "asio.misc");
  CHECK(string_view(asio::error::get_netdb_category().name()) == "asio.netdb");
  CHECK(string_view(asio::error::get_addrinfo_category().name()) == "asio.addrinfo");
  CHECK(string_view(asio::error::get_system_category().name()) == "asio.system");
  CHECK(static_cast<int>(asio::error::eof) == 2);
  CHECK(static_cast<int>(asio::error::host_not_found) == HOST_NOT_FOUND);
  CHECK(static_cast<int>(asio::error::host_not_found_try_again) == TRY_AGAIN);
  CHECK(static_cast<int>(asio::error::no_recovery) == NO_RECOVERY);
  CHECK(static_cast<int>(asio::error::no_data) == NO_DATA);
  CHECK(static_cast<int>(asio::error::service_not_found) == EAI_SERVICE);

  const auto means = [](std::error_code code, condition meaning) { return code == meaning; };
  CHECK(means(asio::error::eof, condition::end_of_stream));
  CHECK(means(asio::error::host_not_found, condition::name_not_found));
  CHECK(means(asio::error::service_not_found, condition::name_not_found));
  CHECK(means(asio::error::host_not_found_try_again, condition::name_try_again));
  CHECK(means(asio::error::no_recovery, condition::name_no_recovery));
  CHECK(means(asio::error::no_data, condition::name_no_data));
  CHECK_FALSE(means(asio::error::not_found, condition::end_of_stream));
  CHECK_FALSE(means(asio::error::already_open, condition::name_not_found));
  CHECK_FALSE(means(asio::error::timed_out, condition::timed_out));
  CHECK_FALSE(means(asio::error::host_not_found, condition::name_no_data));
}

TEST_CASE("error: system codes of Asio are the std::errc of their value") {
  CHECK(duet::is(asio::error::operation_aborted, std::errc::operation_canceled));
  CHECK(duet::is(asio::error::bad_descriptor, std::errc::bad_file_descriptor));
  CHECK(duet::is(asio::error::connection_refused, std::errc::connection_refused));
  CHECK(duet::is(asio::error::connection_reset, std::errc::connection_reset));
  CHECK(duet::is(asio::error::broken_pipe, std::errc::broken_pipe));
  CHECK(duet::is(asio::error::address_in_use, std::errc::address_in_use));
  CHECK_FALSE(duet::is(asio::error::eof, std::errc::no_such_file_or_directory));
  const std::error_code aborted = asio::error::operation_aborted;
  CHECK(aborted == condition::operation_canceled);
}

TEST_CASE("error: what Asio's resolver says of an unknown name is a condition of duet") {
  world w;
  asio::ip::tcp::resolver asios(w.context);
  std::error_code ec;
  asios.resolve(missing_name, "80", ec);
  CHECK(ec == condition::name_not_found);
}
