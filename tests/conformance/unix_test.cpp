// SPDX-License-Identifier: MIT
// What only UNIX sockets have: files that outlive their servers, modes and owners, credentials, descriptors in the stream.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "errors.hpp"
#include "fixture.hpp"
#include "raw_socket.hpp"

using namespace duet;
using namespace duet::test;

namespace {

template <class Backend>
using unix_fixture = fixture<Backend, unix_stream>;

/// Both ways to listen: what the asynchronous listener and the blocking server have in common.
template <class Backend>
std::error_code listen_and_leave(unix_fixture<Backend>& f, const endpoint& at,
                                 const socket_options& options = {}) {
  std::error_code ec;
  {
    typename Backend::listener door(f.loop());
    door.listen(at, options, ec);
  }
  std::error_code blocking;
  try {
    const typename Backend::blocking_server door(at, options, nullptr);
  } catch (const std::system_error& failed) {
    blocking = failed.code();
  }
  CHECK(errc_of(blocking) == errc_of(ec));
  return ec;
}

/// A socket of the test's own, bound; its file stays behind.
os::unique_fd bound_socket(const endpoint& at, int type) {
  std::error_code ec;
  const os::socket_address address = os::to_socket_address(at, ec);
  os::unique_fd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(fd.get(), &address.generic, address.size) == 0);
  return fd;
}

mode_t mode_of(const std::string& path) {
  struct stat file {};
  REQUIRE(::lstat(path.c_str(), &file) == 0);
  return file.st_mode & 07777;
}

/// The process's umask, put back at the end.
class umask_guard {
 public:
  explicit umask_guard(mode_t mask) : former_(::umask(mask)) {}
  ~umask_guard() { ::umask(former_); }
  umask_guard(const umask_guard&) = delete;
  umask_guard& operator=(const umask_guard&) = delete;

 private:
  mode_t former_;
};

/// Runs until `attempt` returns something else than "would block".
template <class Fixture, class Attempt>
std::size_t when_ready(Fixture& f, typename Fixture::stream& of, wait_type direction,
                       Attempt&& attempt) {
  for (;;) {
    if (const auto size = attempt()) return *size;
    result wait;
    of.async_wait(direction, f.into(wait, "wait"));
    f.run_until([&] { return wait.done; });
    REQUIRE_FALSE(wait.ec);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("unix: the file of a dead server makes way", Backend, DUET_BACKENDS) {
  unix_fixture<Backend> f;
  const endpoint at = f.anywhere();
  { const os::unique_fd dead = bound_socket(at, SOCK_STREAM); }
  REQUIRE(std::filesystem::is_socket(at.path()));
  CHECK_FALSE(listen_and_leave(f, at));
}

TEST_CASE_TEMPLATE("unix: a live server's file is refused and stays", Backend, DUET_BACKENDS) {
  unix_fixture<Backend> f;
  const endpoint at = f.anywhere();
  {
    const raw_socket alive = raw_socket::listening(at);
    CHECK(errc_of(listen_and_leave(f, at)) == std::errc::address_in_use);
    const raw_socket client = raw_socket::connected(at);
    CHECK(client.fd() >= 0);
  }
  std::filesystem::remove(at.path());
}

TEST_CASE_TEMPLATE("unix: a live datagram socket's file is refused and stays", Backend,
                   DUET_BACKENDS) {
  unix_fixture<Backend> f;
  const endpoint at = f.anywhere();
  {
    const os::unique_fd alive = bound_socket(at, SOCK_DGRAM);
    CHECK(errc_of(listen_and_leave(f, at)) == std::errc::address_in_use);
    CHECK(std::filesystem::is_socket(at.path()));
  }
  std::filesystem::remove(at.path());
}

TEST_CASE_TEMPLATE("unix: what is no socket is refused and stays", Backend, DUET_BACKENDS) {
  unix_fixture<Backend> f;
  const endpoint at = f.anywhere();
  std::ofstream(at.path()) << "precious";
  CHECK(errc_of(listen_and_leave(f, at)) == std::errc::address_in_use);
  std::string kept;
  std::ifstream(at.path()) >> kept;
  CHECK(kept == "precious");
  std::filesystem::remove(at.path());
  // Nor a link to a dead server's file: it may be somebody else's.
  const endpoint dead = f.anywhere();
  { const os::unique_fd gone = bound_socket(dead, SOCK_STREAM); }
  std::filesystem::create_symlink(dead.path(), at.path());
  CHECK(errc_of(listen_and_leave(f, at)) == std::errc::address_in_use);
  CHECK(std::filesystem::is_socket(dead.path()));
  std::filesystem::remove(at.path());
  std::filesystem::remove(dead.path());
}

TEST_CASE_TEMPLATE("unix: a file that is another's by now is left", Backend, DUET_BACKENDS) {
  unix_fixture<Backend> f;
  const endpoint at = f.anywhere();
  {
    typename Backend::listener door(f.loop());
    door.listen(at);
    std::filesystem::remove(at.path());
    std::ofstream(at.path()) << "new";
  }
  CHECK(std::filesystem::is_regular_file(at.path()));
  std::filesystem::remove(at.path());
}

TEST_CASE_TEMPLATE("unix: the file has the mode that was asked for", Backend, DUET_BACKENDS) {
  unix_fixture<Backend> f;
  const endpoint at = f.anywhere();
  socket_options options;
  for (const mode_t mask : {0U, 022U, 0777U}) {
    const umask_guard guard(static_cast<mode_t>(mask));
    for (const unsigned mode : {0600U, 0660U, 0666U, 0777U}) {
      CAPTURE(mask);
      CAPTURE(mode);
      options.file_mode = mode;
      typename Backend::listener door(f.loop());
      door.listen(at, options);
      CHECK(mode_of(at.path()) == mode);
      door.close();
      const typename Backend::blocking_server server(at, options, nullptr);
      CHECK(mode_of(at.path()) == mode);
    }
  }
}

TEST_CASE_TEMPLATE("unix: a datagram socket's file has the same care", Backend, DUET_BACKENDS) {
  unix_fixture<Backend> f;
  const endpoint at = endpoint::parse("unixgram:" + f.anywhere().path());
  std::error_code ec;
  {
    const os::unique_fd alive = bound_socket(at, SOCK_DGRAM);
    typename Backend::datagram_socket second(f.loop());
    second.bind(at, {}, ec);
    CHECK(errc_of(ec) == std::errc::address_in_use);
    CHECK_FALSE(second.is_open());
  }
  REQUIRE(std::filesystem::is_socket(at.path()));
  datagram_options options;
  options.socket.file_mode = 0640;
  options.socket.file_owner = ::geteuid();
  options.socket.file_group = ::geteuid() == 0 ? 1 : ::getegid();
  {
    typename Backend::datagram_socket door(f.loop());
    door.bind(at, options, ec);
    REQUIRE_FALSE(ec);
    struct stat file {};
    REQUIRE(::lstat(at.path().c_str(), &file) == 0);
    CHECK((file.st_mode & 07777) == 0640);
    CHECK(file.st_uid == options.socket.file_owner);
    CHECK(file.st_gid == options.socket.file_group);
  }
  CHECK_FALSE(std::filesystem::exists(at.path()));
  if (::geteuid() == 0) return;
  options.socket.file_owner = 0;
  typename Backend::datagram_socket door(f.loop());
  door.bind(at, options, ec);
  CHECK(errc_of(ec) == std::errc::operation_not_permitted);
  CHECK_FALSE(door.is_open());
  CHECK_FALSE(std::filesystem::exists(at.path()));
}

TEST_CASE_TEMPLATE("unix: the file has the owner that was asked for", Backend, DUET_BACKENDS) {
  unix_fixture<Backend> f;
  const endpoint at = f.anywhere();
  socket_options options;
  options.file_owner = ::geteuid();
  options.file_group = ::getegid();
  if (::geteuid() == 0) options.file_group = 1;
  {
    typename Backend::listener door(f.loop());
    door.listen(at, options);
    struct stat file {};
    REQUIRE(::lstat(at.path().c_str(), &file) == 0);
    CHECK(file.st_uid == options.file_owner);
    CHECK(file.st_gid == options.file_group);
  }
  if (::geteuid() == 0) return;
  options.file_owner = 0;
  typename Backend::listener door(f.loop());
  std::error_code ec;
  door.listen(at, options, ec);
  CHECK(errc_of(ec) == std::errc::operation_not_permitted);
}

TEST_CASE_TEMPLATE("unix: both ends know whose the other is", Backend, DUET_BACKENDS) {
  unix_fixture<Backend> f;
  auto [server, client] = f.connected_pair();
  const peer_credentials own{::getpid(), ::geteuid(), ::getegid()};
  CHECK(server.peer_credentials() == own);
  CHECK(client.peer_credentials() == own);
}

TEST_CASE_TEMPLATE("unix: a TCP stream has no credentials", Backend, DUET_BACKENDS) {
  fixture<Backend> f;
  auto [server, client] = f.connected_pair();
  std::error_code ec;
  CHECK(server.peer_credentials(ec) == peer_credentials{});
  CHECK(is(ec, std::errc::operation_not_supported));
  CHECK_THROWS_AS(static_cast<void>(client.peer_credentials()), std::system_error);
}

TEST_CASE_TEMPLATE("unix: descriptors arrive with their bytes and close-on-exec", Backend,
                   DUET_BACKENDS) {
  unix_fixture<Backend> f;
  auto pair = f.connected_pair();
  auto& [server, client] = pair;
  for (const std::size_t count : {std::size_t{1}, std::size_t{3}, os::most_descriptors}) {
    CAPTURE(count);
    raw_pipe pipe;
    const std::vector<int> sent(count, pipe.in.fd());
    std::error_code ec;
    const byte_vector word = some_bytes(5);
    CHECK(when_ready(f, client, wait_type::write,
                     [&] { return client.try_send_descriptors(word, sent, ec); }) == 5);
    REQUIRE_FALSE(ec);
    byte_vector buffer(16);
    std::vector<os::unique_fd> got;
    CHECK(when_ready(f, server, wait_type::read,
                     [&] { return server.try_receive_descriptors(buffer, got, ec); }) == 5);
    REQUIRE_FALSE(ec);
    REQUIRE(got.size() == count);
    for (const os::unique_fd& each : got)
      CHECK((::fcntl(each.get(), F_GETFD) & FD_CLOEXEC) == FD_CLOEXEC);
    // What is written to the copy arrives at the pipe.
    REQUIRE(::write(got.back().get(), "x", 1) == 1);
    CHECK(pipe.out.readable_now());
  }
}

TEST_CASE_TEMPLATE("unix: bytes without descriptors and the end are received too", Backend,
                   DUET_BACKENDS) {
  unix_fixture<Backend> f;
  auto pair = f.connected_pair();
  auto& [server, client] = pair;
  std::error_code ec;
  std::vector<os::unique_fd> got;
  byte_vector buffer(16);
  CHECK_FALSE(server.try_receive_descriptors(buffer, got, ec).has_value());
  CHECK_FALSE(ec);
  CHECK(client.try_send_descriptors(some_bytes(3), {}, ec) == 3U);
  CHECK(when_ready(f, server, wait_type::read,
                   [&] { return server.try_receive_descriptors(buffer, got, ec); }) == 3);
  CHECK(got.empty());
  client.close();
  CHECK(when_ready(f, server, wait_type::read,
                   [&] { return server.try_receive_descriptors(buffer, got, ec); }) == 0);
  CHECK(ec == condition::end_of_stream);
}

TEST_CASE_TEMPLATE("unix: too many descriptors or no byte to carry them is an error", Backend,
                   DUET_BACKENDS) {
  unix_fixture<Backend> f;
  auto [server, client] = f.connected_pair();
  std::error_code ec;
  const std::vector<int> one{0};
  CHECK(client.try_send_descriptors({}, one, ec) == 0U);
  CHECK(is(ec, std::errc::invalid_argument));
  const std::vector<int> many(os::most_descriptors + 1, 0);
  CHECK(client.try_send_descriptors(some_bytes(1), many, ec) == 0U);
  CHECK(is(ec, std::errc::invalid_argument));
  const std::vector<int> bad{-1};
  CHECK(client.try_send_descriptors(some_bytes(1), bad, ec) == 0U);
  CHECK(is(ec, std::errc::bad_file_descriptor));
}

TEST_CASE_TEMPLATE("unix: descriptors that an ordinary read passes over do not stay", Backend,
                   DUET_BACKENDS) {
  unix_fixture<Backend> f;
  auto pair = f.connected_pair();
  auto& [server, client] = pair;
  raw_pipe pipe;
  const std::vector<int> sent(8, pipe.in.fd());
  std::error_code ec;
  REQUIRE(client.try_send_descriptors(some_bytes(4), sent, ec) == 4U);
  byte_vector buffer(16);
  result read;
  server.async_read_some(buffer, f.into(read, "read"));
  f.run_until([&] { return read.done; });
  CHECK(read.size == 4);
  // Nobody holds the writing end any more: the pipe has ended.
  pipe.in = raw_socket();
  char none = 0;
  CHECK(::read(pipe.out.fd(), &none, 1) == 0);
}

TEST_CASE_TEMPLATE("unix: without room for all descriptors none is kept", Backend, DUET_BACKENDS) {
  unix_fixture<Backend> f;
  auto pair = f.connected_pair();
  auto& [server, client] = pair;
  raw_pipe pipe;
  const std::vector<int> sent(8, pipe.in.fd());
  std::error_code ec;
  REQUIRE(client.try_send_descriptors(some_bytes(4), sent, ec) == 4U);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  // Room for four numbers: the next free one, and three more.
  const int next_free = ::dup(pipe.in.fd());
  ::close(next_free);
  const rlimit few{static_cast<rlim_t>(next_free) + 4, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  std::vector<os::unique_fd> got;
  byte_vector buffer(16);
  const auto size = server.try_receive_descriptors(buffer, got, ec);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(size == 4U);
  CHECK(is(ec, std::errc::too_many_files_open));
  CHECK(got.empty());
}
