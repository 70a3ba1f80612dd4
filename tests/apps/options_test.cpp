// SPDX-License-Identifier: MIT
// The command line of duet-echo as a function of argv.
#include "echo/options.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "echo_command_line.hpp"

using namespace duet::apps;
using namespace duet::apps::echo;
using namespace duet::test;
using namespace std::chrono_literals;

namespace {}  // namespace

TEST_CASE("options: serve has its defaults") {
  const auto options = parsed<serve_options>({"serve", "tcp://127.0.0.1:9000"});
  CHECK(options.backend == backend_choice::asio);
  CHECK(options.model == model::async);
  CHECK(options.io == io_calls::read_write);
  CHECK_FALSE(options.trace);
  CHECK_FALSE(options.json);
  CHECK_FALSE(options.quiet);
  CHECK(options.color == color_mode::automatic);
  REQUIRE(options.endpoints.size() == 1);
  CHECK(options.endpoints[0].to_string() == "tcp://127.0.0.1:9000");
  CHECK(options.port_file.empty());
  CHECK_FALSE(options.max_connections);
  CHECK_FALSE(options.backlog);
  CHECK_FALSE(options.stats);
}

TEST_CASE("options: serve takes everything") {
  const auto options = parsed<serve_options>(
      {"serve",   "127.0.0.1:0", "--backend",   "posix",   "--model=blocking",
       "--io",    "sendrecv",    "--trace",     "--json",  "-q",
       "--color", "always",      "--port-file", "ports",   "--max-connections",
       "7",       "--backlog",   "1",           "unix:/s", "[::1]:1",
       "--stats"});
  CHECK(options.stats);
  CHECK(options.backend == backend_choice::posix);
  CHECK(options.model == model::blocking);
  CHECK(options.io == io_calls::send_recv);
  CHECK(options.trace);
  CHECK(options.json);
  CHECK(options.quiet);
  CHECK(options.color == color_mode::always);
  CHECK(options.port_file == "ports");
  CHECK(options.max_connections == 7U);
  CHECK(options.backlog == 1);
  REQUIRE(options.endpoints.size() == 3);
  CHECK(options.endpoints[1].to_string() == "unix:/s");
  CHECK(options.endpoints[2].to_string() == "tcp://[::1]:1");
}

TEST_CASE("options: the fork model is of serve and of streams") {
  CHECK(parsed<serve_options>({"serve", ":0", "--model", "fork"}).model == model::fork);
  CHECK(parsed<serve_options>({"serve", ":0", "--model", "fork", "--max-connections", "32768"})
            .max_connections == 32768U);
  for (const char* command : {"send", "ping"}) {
    CHECK(has(refused({command, ":1", "--model", "fork"}), "async"));
    CHECK(has(refused({command, ":1", "--model", "fork"}), "blocking"));
  }
  CHECK(refused({"serve", ":0", "udp://127.0.0.1:9", "--model", "fork"}) ==
        "udp://127.0.0.1:9: --model fork goes with tcp and unix endpoints: a datagram has no "
        "connection that a process could serve");
  CHECK(has(refused({"serve", "unixgram:/x", "--model", "fork"}), "unixgram:/x: --model fork"));
  CHECK(refused({"serve", ":0", "--model", "fork", "--max-connections", "32769"}) ==
        "--max-connections 32769: with --model fork each is a process, and at most 32768 are "
        "allowed");
  for (const char* option : {"--idle-timeout", "--stall-timeout"}) {
    CHECK(
        has(refused({"serve", ":0", "--model", "fork", option, "1s"}), "goes with --model async"));
  }
}

TEST_CASE("options: send has its defaults and takes everything") {
  const auto plain = parsed<send_options>({"send", "localhost:echo"});
  CHECK(plain.to.to_string() == "tcp://localhost:echo");
  CHECK_FALSE(plain.verify);
  CHECK_FALSE(plain.chunk_bytes);
  CHECK(plain.patience == never);
  const auto all =
      parsed<send_options>({"send", "--verify", "-s", "64Ki", "-W", "250ms", "--model", "blocking",
                            "--io", "sendrecv", "--recv-flags", "peek,waitall", "unix:@x"});
  CHECK(all.verify);
  CHECK(all.chunk_bytes == 65536U);
  CHECK(all.patience == 250ms);
  CHECK(all.peek);
  CHECK(all.wait_all);
  const auto one = parsed<send_options>(
      {"send", "--model", "blocking", "--io", "sendrecv", "--recv-flags", "waitall", "a:1"});
  CHECK_FALSE(one.peek);
  CHECK(one.wait_all);
}

TEST_CASE("options: ping has its defaults and takes everything") {
  const auto plain = parsed<ping_options>({"ping", ":9000"});
  CHECK(plain.to.to_string() == "tcp://*:9000");
  CHECK_FALSE(plain.count);
  CHECK(plain.interval == 1s);
  CHECK(plain.message_bytes == 64);
  CHECK(plain.reply_deadline == 5s);
  CHECK(plain.whole_deadline == never);
  CHECK(plain.connections == 1);
  CHECK_FALSE(plain.reconnect);
  const auto all = parsed<ping_options>({"ping", "-c3", "-i", "0", "-s", "1Mi", "-W", "off", "-w",
                                         "2m", "--connections", "64", "--reconnect", "-q", "a:1"});
  CHECK(all.count == 3U);
  CHECK(all.interval == 0s);
  CHECK(all.message_bytes == 1048576);
  CHECK(all.reply_deadline == never);
  CHECK(all.whole_deadline == 2min);
  CHECK(all.connections == 64);
  CHECK(all.reconnect);
  CHECK(all.quiet);
}

TEST_CASE("options: the last of an option that is given twice counts") {
  CHECK(parsed<ping_options>({"ping", "-c", "1", "a:1", "-c", "2"}).count == 2U);
}

TEST_CASE("options: behind two dashes everything is an endpoint") {
  CHECK(parsed<serve_options>({"serve", "--", "a:1", "b:2"}).endpoints.size() == 2);
}

TEST_CASE("options: help and version are no errors") {
  for (const auto& arguments : std::vector<std::vector<const char*>>{
           {"--help"}, {"-h"}, {"serve", "--help"}, {"send", "--help"}, {"ping", "-h"}}) {
    const auto over = std::get<finished>(parse(arguments));
    CHECK(over.code == exit_code::done);
    CHECK(has(over.text, "Examples:"));
    CHECK_FALSE(over.version);
  }
  CHECK(has(std::get<finished>(parse({"ping", "--help"})).text, "duet-echo ping"));
  CHECK(std::get<finished>(parse({"--version"})).version);
}

TEST_CASE("options: help fits a terminal of 80 columns") {
  for (const auto& arguments : std::vector<std::vector<const char*>>{
           {"--help"}, {"serve", "--help"}, {"send", "--help"}, {"ping", "--help"}}) {
    const std::string text = std::get<finished>(parse(arguments)).text;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      CHECK_MESSAGE(end - begin <= 80, text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
}

TEST_CASE("options: an error names what was not understood") {
  CHECK(has(refused({}), "a command is missing"));
  CHECK(refused({"sevre", "a:1"}) == "unknown command 'sevre'; did you mean serve?");
  CHECK(has(refused({"--bogus"}), "'--bogus'"));
  CHECK(refused({"serve", "a:1", "--jsn"}) == "unknown option '--jsn'; did you mean --json?");
  CHECK(has(refused({"ping", "-x", "a:1"}), "'-x'"));
  CHECK(has(refused({"--backend", "posix", "serve", "a:1"}), "goes behind the command"));
  CHECK(refused({"ping", "a:1", "b:2"}) == "unexpected argument 'b:2'");
  CHECK(refused({"serve"}) == "serve: ENDPOINT is required");
  CHECK(has(refused({"ping", "a:1", "-c"}), "--count"));
}

TEST_CASE("options: values out of range or shape are refused by name") {
  const auto ping = [](const char* option, const char* value) {
    const std::string text = refused({"ping", "a:1", option, value});
    CAPTURE(text);
    CHECK(has(text, (std::string("'") + value + "'").c_str()));
    return text;
  };
  for (const char* const bad :
       {"0", "-1", "1.5", "x", "0x10", "1000000000001", "99999999999999999999", ""}) {
    CHECK(has(ping("-c", bad), "--count"));
  }
  for (const char* const bad : {"5", "-1s", "off", "1d"}) CHECK(has(ping("-i", bad), "--interval"));
  for (const char* const bad : {"0", "5", "x"}) CHECK(has(ping("-W", bad), "--timeout"));
  for (const char* const bad : {"0", "0s", "-5s"}) CHECK(has(ping("-w", bad), "--deadline"));
  for (const char* const bad : {"0", "2Gi", "1k", "-64"}) CHECK(has(ping("-s", bad), "--size"));
  for (const char* const bad : {"0", "1000001"})
    CHECK(has(ping("--connections", bad), "--connections"));
  for (const char* const bad : {"ASIO", "", "uring"})
    CHECK(has(ping("--backend", bad), "--backend"));
  for (const char* const bad : {"sync"}) CHECK(has(ping("--model", bad), "--model"));
  for (const char* const bad : {"yes"}) CHECK(has(ping("--color", bad), "--color"));
  CHECK(has(refused({"serve", "a:1", "--backlog", "0"}), "--backlog '0'"));
  CHECK(has(refused({"serve", "a:1", "--max-connections", "0"}), "--max-connections '0'"));
  CHECK(has(refused({"serve", "a:1", "--port-file", ""}), "--port-file"));
}

TEST_CASE("options: bad endpoints are refused by name") {
  for (const char* const bad : {"tcp://h:65543", "h:+80", "h: 80", "127.1:80", "256.1.1.1:1", "h",
                                "", "[::1]", "[a,b]", "[]", "ftp://h:1", "unix:", "tcp://h:1/x"}) {
    CAPTURE(bad);
    CHECK(has(refused({"serve", bad}), (std::string("'") + bad + "'").c_str()));
    CHECK(has(refused({"ping", bad}), (std::string("'") + bad + "'").c_str()));
  }
  CHECK(has(refused({"serve", "a\x1b[1m:1"}), "a\\x1b[1m:1"));
}

TEST_CASE("options: ping takes datagram endpoints and sizes that a datagram has") {
  CHECK(parsed<ping_options>({"ping", "udp://localhost:echo"}).to.transport() ==
        duet::transport::udp);
  CHECK(parsed<ping_options>({"ping", "unixgram:@x", "-s", "65535"}).message_bytes == 65535);
  CHECK(
      parsed<ping_options>({"ping", "udp://:9", "-s", "16", "--model", "blocking"}).message_bytes ==
      16);
  CHECK(refused({"ping", "udp://:9", "-s", "15"}) ==
        "--size 15: a datagram's number and checksum take 16 bytes");
  CHECK(refused({"ping", "udp://:9", "-s", "65508"}) ==
        "--size 65508: a udp datagram has at most 65507 bytes");
  CHECK(has(refused({"ping", "unixgram:/x", "-s", "64Ki"}), "at most 65535"));
  CHECK(has(refused({"ping", "udp://:9", "--model", "blocking", "--io", "sendrecv"}), "sendto"));
  CHECK(has(refused({"ping", "udp://:9", "--model", "blocking", "--connections", "2"}),
            "--connections"));
  CHECK(parsed<ping_options>({"ping", "a:1", "-s", "1"}).message_bytes == 1);
}

TEST_CASE("options: send takes what datagrams have") {
  const auto plain = parsed<send_options>({"send", "udp://:1"});
  CHECK_FALSE(plain.lines);
  CHECK_FALSE(plain.chunk_bytes);
  CHECK(plain.patience == 5s);
  const auto chunks = parsed<send_options>(
      {"send", "udp://:1", "--chunks", "-s", "65507", "-W", "off", "--verify"});
  CHECK(chunks.lines == false);
  CHECK(chunks.chunk_bytes == 65507U);
  CHECK(chunks.patience == never);
  CHECK(chunks.verify);
  CHECK(parsed<send_options>({"send", "unixgram:/x", "--lines", "-W", "1s"}).lines == true);
  CHECK(parsed<send_options>({"send", "unixgram:/x", "-s", "65535"}).chunk_bytes == 65535U);
}

TEST_CASE("options: what datagrams cannot is refused by name") {
  CHECK(refused({"send", "udp://:1", "-s", "65508"}) ==
        "--size 65508: a udp datagram has at most 65507 bytes");
  CHECK(refused({"send", "unixgram:/x", "-s", "64Ki"}) ==
        "--size 64Ki: a unixgram datagram has at most 65535 bytes");
  CHECK(refused({"send", "udp://:1", "--lines", "-s", "9"}) == "--size goes with --chunks");
  CHECK(has(refused({"send", "udp://:1", "--lines", "--chunks"}), "--lines and --chunks"));
  CHECK(refused({"send", ":1", "--lines"}) == "--lines goes with a udp or unixgram endpoint");
  CHECK(refused({"send", ":1", "--chunks"}) == "--chunks goes with a udp or unixgram endpoint");
  CHECK(has(refused({"send", "udp://:1", "--model", "blocking", "--io", "sendrecv"}), "--io"));
  CHECK(has(refused({"send", "udp://:1", "--recv-flags", "peek"}), "--recv-flags"));
  CHECK(refused({"serve", "--model", "blocking", "udp://:1", "--batch", "2"}) ==
        "--batch goes with --model async");
}

TEST_CASE("options: serve takes what datagrams have") {
  const auto plain = parsed<serve_options>({"serve", "udp://:1", "unixgram:/x", ":2"});
  CHECK(plain.endpoints.size() == 3);
  CHECK_FALSE(plain.receive_buffer_bytes);
  CHECK_FALSE(plain.batch_size);
  CHECK_FALSE(plain.hops);
  CHECK(plain.loop_guard);
  const auto all = parsed<serve_options>({"serve", "udp://:1", "--rcvbuf", "64Ki", "--batch",
                                          "1024", "--ttl", "255", "--no-loop-guard"});
  CHECK(all.receive_buffer_bytes == 65536);
  CHECK(all.batch_size == 1024U);
  CHECK(all.hops == 255);
  CHECK_FALSE(all.loop_guard);
}

TEST_CASE("options: mode and owner of a socket's file") {
  const auto plain = parsed<serve_options>({"serve", "unix:/x"});
  CHECK_FALSE(plain.file_mode);
  CHECK_FALSE(plain.owner);
  for (const auto& [text, mode] : {std::pair("0660", 0660U), {"777", 0777U}, {"0", 0U}})
    CHECK(parsed<serve_options>({"serve", "unix:/x", "--mode", text}).file_mode == mode);
  const auto owned =
      parsed<serve_options>({"serve", "unixgram:/x", ":1", "--owner", "root:4294967294"}).owner;
  REQUIRE(owned);
  CHECK(owned->user == 0);
  CHECK(owned->group == 4294967294U);
  const auto named = parsed<serve_options>({"serve", "unix:/x", "--owner", "12345:root"}).owner;
  CHECK(named->user == 12345);
  CHECK(named->group == 0U);
  CHECK_FALSE(parsed<serve_options>({"serve", "unix:/x", "--owner", "root"}).owner->group);
}

TEST_CASE("options: a mode or an owner that cannot be is refused by name") {
  const auto bad = [](const char* option, const char* value) {
    return refused({"serve", "unix:/x", option, value});
  };
  for (const char* const mode : {"", "8", "0o660", "1000", "-1", "77777777777777777777", "rw"})
    CHECK(has(bad("--mode", mode), "--mode"));
  CHECK(bad("--owner", "duet-nobody") == "--owner: there is no user 'duet-nobody'");
  CHECK(bad("--owner", "root:duet-none") == "--owner: there is no group 'duet-none'");
  CHECK(has(bad("--owner", "4294967295"), "'4294967295'"));
  for (const char* const owner : {"", ":", "root:", ":root"})
    CHECK(has(bad("--owner", owner), "USER:GROUP"));
  for (const char* const elsewhere : {":1", "udp://:1", "unix:@x"}) {
    CHECK(has(refused({"serve", elsewhere, "--mode", "0660"}), "--mode goes with"));
    CHECK(has(refused({"serve", elsewhere, "--owner", "root"}), "--owner goes with"));
  }
}

TEST_CASE("options: values of datagram options are checked and need such an endpoint") {
  const std::vector<std::pair<const char*, std::vector<const char*>>> bad{
      {"--rcvbuf", {"0", "2Gi", "-1", "x"}},
      {"--batch", {"0", "1025", "4Ki"}},
      {"--ttl", {"0", "256", "-1"}}};
  for (const auto& [option, values] : bad) {
    for (const char* const value : values)
      CHECK(has(refused({"serve", "udp://:1", option, value}), option));
    CHECK(has(refused({"serve", ":1", "unix:/x", option, "9"}), "endpoint"));
  }
  CHECK(has(refused({"serve", ":1", "--no-loop-guard"}), "udp or unixgram"));
  CHECK(refused({"serve", "unixgram:/x", "--ttl", "9"}) == "--ttl goes with a udp endpoint");
}

TEST_CASE("options: what the model cannot do is refused") {
  CHECK(has(refused({"serve", "a:1", "--io", "sendrecv"}), "--model blocking"));
  CHECK(has(refused({"send", "a:1", "--recv-flags", "peek"}), "--io sendrecv"));
  CHECK(has(refused({"send", "a:1", "--model", "blocking", "--recv-flags", "peek"}),
            "--io sendrecv"));
  for (const char* const bad : {"", "peek,", ",peek", "peek waitall", "oob"}) {
    CAPTURE(bad);
    CHECK(has(
        refused({"send", "a:1", "--model", "blocking", "--io", "sendrecv", "--recv-flags", bad}),
        "--recv-flags"));
  }
  CHECK(
      has(refused({"ping", "a:1", "--model", "blocking", "--connections", "2"}), "--connections"));
  CHECK(has(refused({"ping", "a:1", "--model", "blocking", "-s", "65537"}), "64Ki"));
  CHECK(has(refused({"send", "a:1", "--model", "blocking", "-s", "1Mi"}), "64Ki"));
  CHECK(parsed<ping_options>({"ping", "a:1", "--model", "blocking", "-s", "64Ki"}).message_bytes ==
        65536);
}
