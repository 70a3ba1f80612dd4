// SPDX-License-Identifier: MIT
// duet-echo serve: what it binds and what it says about it.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "descriptors.hpp"
#include "echo_app.hpp"
#include "raw_socket.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;

namespace {

/// The echo of `text` by a peer that shares nothing with the programs.
std::string whole_echo_of(const duet::endpoint& at, std::string_view text) {
  const raw_socket peer = raw_socket::connected(at);
  peer.send_all(as_bytes(text));
  peer.shut_down(SHUT_WR);
  return std::string(as_text(peer.receive(text.size() + 1)));
}

/// The flags of a descriptor, O_CLOEXEC among them. Source: proc_pid_fdinfo(5).
unsigned open_flags(const std::string& info) {
  std::stringstream text(contents(info));
  std::string word;
  unsigned flags = 0;
  while (text >> word && word != "flags:") {
  }
  text >> std::oct >> flags;
  return flags;
}

std::string text_of(const nlohmann::json& value) { return value; }

}  // namespace

TEST_CASE_TEMPLATE("serve: says where it listens and echoes there", Row, DUET_APP_ROWS) {
  tcp_server<Row> server;
  CHECK(server.at[0].port() != 0);
  CHECK(server.at[0].address() == duet::address::loopback_v4());
  CHECK(whole_echo_of(server.at[0], "hello") == "hello");
  CHECK(server.stop() == 0);
  CHECK(server.program.out().empty());
}

TEST_CASE_TEMPLATE("serve: several endpoints and every transport", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  const std::string path = folder.fresh_path();
  const std::string name = "@duet-test-" + path.substr(path.find("duet-"));
  running_server server(command_line<Row>("serve", {"tcp://127.0.0.1:0", "unix:" + path,
                                                    "unix:" + name, "127.0.0.1:0"}),
                        4);
  CHECK(server.uri(1) == "unix:" + path);
  CHECK(server.uri(2) == "unix:" + name);
  CHECK(server.uri(0) != server.uri(3));
  for (const duet::endpoint& each : server.at)
    CHECK(whole_echo_of(each, each.to_string()) == each.to_string());
  CHECK(server.stop(SIGINT) == 0);
  CHECK(folder.files().empty());
}

TEST_CASE_TEMPLATE("serve: a name binds every address of it", Row, DUET_APP_ROWS) {
  check_every_address_bound<Row>("localhost:0", whole_echo_of);
}

TEST_CASE_TEMPLATE("serve: the dual-stack wildcard takes both families", Row, DUET_APP_COLUMNS) {
  running_server server(command_line<Row>("serve", {"tcp://*:0"}), 1);
  const std::uint16_t port = server.at[0].port();
  CHECK(whole_echo_of({duet::transport::tcp, duet::address::loopback_v4(), port}, "4") == "4");
  CHECK(whole_echo_of({duet::transport::tcp, duet::address::loopback_v6(), port}, "6") == "6");
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("serve: the port file is complete before the ready line", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  const std::string file = folder.fresh_path();
  const std::string path = folder.fresh_path();
  running_server server(
      command_line<Row>("serve", {"127.0.0.1:0", "unix:" + path, "[::1]:0", "--port-file", file}),
      3);
  CHECK(contents(file) == std::to_string(server.at[0].port()) + "\n" + path + "\n" +
                              std::to_string(server.at[2].port()) + "\n");
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  CHECK((status.st_mode & 0777) == (0666 & ~mask));
  CHECK(folder.files().size() == 2);  // no temporary file is left
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("serve: socket files have the mode and the owner asked for", Row,
                   DUET_APP_ROWS) {
  const temporary_folder folder;
  arguments words{"unix:" + folder.fresh_path(), "unixgram:" + folder.fresh_path()};
  const std::size_t endpoints = words.size();
  const std::string user = std::to_string(::geteuid());
  const gid_t group = ::geteuid() == 0 ? 1 : ::getegid();
  words.insert(words.end(), {"--mode", "0640", "--owner", user + ":" + std::to_string(group)});
  running_server server(command_line<Row>("serve", words), endpoints);
  for (const duet::endpoint& each : server.at) {
    struct stat status {};
    REQUIRE(::stat(each.path().c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0640);
    CHECK(status.st_uid == ::geteuid());
    CHECK(status.st_gid == group);
  }
  CHECK(server.stop() == 0);
  CHECK(folder.files().empty());
}

TEST_CASE_TEMPLATE("serve: what cannot be bound is named and nothing is announced", Row,
                   DUET_APP_ROWS) {
  const raw_socket taken = raw_socket::listening(duet::endpoint::parse("127.0.0.1:0"));
  const std::string uri = taken.local_endpoint().to_string();
  const temporary_folder folder;
  const std::string file = folder.fresh_path();
  const outcome busy = echo<Row>("serve", {"127.0.0.1:0", uri, "--port-file", file});
  CHECK(busy.result == 1);
  CHECK(busy.out.empty());
  CHECK(busy.err == "duet-echo: listen " + uri + ": Address already in use\n");
  CHECK(folder.files().empty());
  const outcome absent = echo<Row>("serve", {"unix:" + folder.path() + "/none/s"});
  CHECK(absent.result == 1);
  CHECK(contains(absent.err,
                 "duet-echo: listen unix:" + folder.path() + "/none/s: No such file or directory"));
  const outcome nowhere =
      echo<Row>("serve", {"127.0.0.1:0", "--port-file", folder.path() + "/none/p"});
  CHECK(nowhere.result == 1);
  CHECK(nowhere.out.empty());
  CHECK(contains(nowhere.err, folder.path() + "/none/p: No such file or directory"));
}

TEST_CASE_TEMPLATE("serve: json has a line for each event", Row, DUET_APP_ROWS) {
  child program(command_line<Row>("serve", {"127.0.0.1:0", "--json"}));
  const auto next = [&] {
    auto line = nlohmann::json::parse(program.read_line());
    CHECK(line["schema"] == "duet-echo/1");
    return line;
  };
  const auto listening = next();
  CHECK(listening["event"] == "listening");
  CHECK(listening["backend"] == Row::backend);
  CHECK(listening["model"] == Row::model);
  const auto at = duet::endpoint::parse(text_of(listening["endpoint"]));
  CHECK(listening["port"] == at.port());
  CHECK(whole_echo_of(at, "four") == "four");
  const auto accepted = next();
  CHECK(accepted["event"] == "accepted");
  CHECK(text_of(accepted["peer"]).starts_with("tcp://127.0.0.1:"));
  const auto closed = next();
  CHECK(closed["event"] == "closed");
  CHECK(closed["reason"] == "end of stream");
  CHECK(closed["peer"] == accepted["peer"]);
  CHECK(closed["error"].is_null());
  program.signal(SIGTERM);
  const auto summary = next();
  CHECK(summary["event"] == "summary");
  CHECK(summary["accepted"] == 1);
  CHECK(summary["bytes_echoed"] == 4);
  CHECK(summary["failed"] == 0);
  CHECK(summary["cut"] == 0);
  CHECK(program.wait() == 0);
  CHECK(program.out().empty());
}

TEST_CASE_TEMPLATE("serve: quiet keeps the ready line only", Row, DUET_APP_ROWS) {
  tcp_server<Row> server({"--quiet"});
  CHECK(whole_echo_of(server.at[0], "x") == "x");
  CHECK(server.stop() == 0);
  CHECK(server.program.out().empty());
  CHECK(server.program.err().empty());
}

TEST_CASE_TEMPLATE("serve: trace shows the documented steps in order", Row, DUET_APP_ROWS) {
  tcp_server<Row> server({"--trace", "--backlog", "7"});
  CHECK(whole_echo_of(server.at[0], "hello") == "hello");
  server.program.wait_for_err("close");
  CHECK(server.stop() == 0);
  const std::string& err = server.program.err();
  std::size_t from = 0;
  for (const std::string step :
       {"socket AF_INET SOCK_STREAM 0 (tcp) -> ", "bind 127.0.0.1:0 (sin_port 0x0000)",
        "listen backlog 7", "accept4 127.0.0.1:", "5\n", "close "}) {
    const bool bytes = step == "5\n";
    const std::size_t at = bytes ? err.find(" -> 5", from) : err.find(step, from);
    REQUIRE_MESSAGE(at != std::string::npos, step, " is missing in\n", err);
    from = at;
  }
  const bool asio = std::string_view(Row::backend) == "asio";
  CHECK(contains(err, "[acceptor.listen]") == asio);
}

TEST_CASE_TEMPLATE("serve: trace names the error of a step", Row, DUET_APP_ROWS) {
  const raw_socket taken = raw_socket::listening(duet::endpoint::parse("127.0.0.1:0"));
  const outcome busy = echo<Row>("serve", {taken.local_endpoint().to_string(), "--trace"});
  CHECK(busy.result == 1);
  CHECK(contains(busy.err, " -> EADDRINUSE (Address already in use)"));
}

TEST_CASE_TEMPLATE("serve: no more connections at a time than asked for", Row, DUET_APP_COLUMNS) {
  tcp_server<Row> server({"--max-connections", "1"});
  const raw_socket first = raw_socket::connected(server.at[0]);
  first.send_all(as_bytes("1"));
  CHECK(as_text(first.receive(1)) == "1");
  // The second waits in the backlog, where it is answered once the first has gone.
  const raw_socket second = raw_socket::connected(server.at[0]);
  second.send_all(as_bytes("2"));
  first.send_all(as_bytes("again"));
  CHECK(as_text(first.receive(5)) == "again");
  CHECK_FALSE(second.readable_now());
  first.shut_down(SHUT_WR);
  CHECK(first.receive(1).empty());
  CHECK(as_text(second.receive(1)) == "2");
  second.shut_down(SHUT_WR);
  CHECK(server.stop() == 0);
}

TEST_CASE_TEMPLATE("serve: every descriptor is close-on-exec", Row, DUET_APP_ROWS) {
  const temporary_folder folder;
  running_server server(command_line<Row>("serve", {"127.0.0.1:0", "unix:" + folder.fresh_path()}),
                        2);
  const raw_socket client = raw_socket::connected(server.at[0]);
  client.send_all(as_bytes("x"));
  CHECK(as_text(client.receive(1)) == "x");
  const std::string process = "/proc/" + std::to_string(server.program.pid());
  const descriptor_map inherited = open_descriptors();  // of the test's own runner
  int sockets = 0;
  for (const auto& each : std::filesystem::directory_iterator(process + "/fd")) {
    const std::string number = each.path().filename();
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(each.path(), gone).string();
    const auto same = inherited.find(std::stoi(number));
    if (std::stoi(number) <= 2 || (same != inherited.end() && same->second == target)) continue;
    if (target.starts_with("socket:")) ++sockets;
    CHECK_MESSAGE((open_flags(process + "/fdinfo/" + number) & O_CLOEXEC) != 0, number, " -> ",
                  target);
  }
  CHECK(sockets == 3);
  client.shut_down(SHUT_WR);
  CHECK(server.stop() == 0);
}

TEST_CASE("serve: the columns differ in name only when versions are asked for") {
  const outcome version = run({DUET_ECHO, "--version"});
  CHECK(version.result == 0);
  CHECK(contains(version.out, "duet-echo " DUET_VERSION "\n"));
  CHECK(contains(version.out, "\nAsio 1."));
  CHECK(contains(version.out, " (epoll)\n"));
  CHECK(contains(version.out, "\ncompiler "));
  CHECK(version.err.empty());
}
