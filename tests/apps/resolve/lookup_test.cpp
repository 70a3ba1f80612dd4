// SPDX-License-Identifier: MIT
// `duet-resolve NAME...` as a process, where nobody need be asked: literals, bad names, lists, usage, pipes. What libc answers is
// private_lookup_test's.
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "resolve_app.hpp"
#include "temporary_folder.hpp"

using namespace duet::test;
using nlohmann::json;

TEST_CASE_TEMPLATE("lookup: an address with a port is answered as it is", Column,
                   DUET_RESOLVE_COLUMNS) {
  const outcome v4 = resolve<Column>({"--service", "80", "127.0.0.1"});
  CHECK(v4.result == 0);
  CHECK(v4.err.empty());
  CHECK(v4.out ==
        "127.0.0.1\n"
        "  hostent (gethostbyname)\n"
        "    official name 127.0.0.1\n"
        "    address type AF_INET (2)\n"
        "    length 4\n"
        "    address 127.0.0.1 (0x7f000001)\n"
        "  addrinfo (getaddrinfo)\n"
        "    official name 127.0.0.1\n"
        "    address type AF_INET (2)\n"
        "    length 4\n"
        "    address 127.0.0.1 (0x7f000001)\n"
        "  service 80, port 80\n");
  const outcome other = resolve<Column>({"-6", "--short", "127.0.0.1"});
  CHECK(other.result == 3);
  CHECK(other.out.empty());
  CHECK(other.err == "duet-resolve: '127.0.0.1': name has no address of the wanted kind\n");
}

TEST_CASE_TEMPLATE("lookup: every way of asking takes every layout", Column, DUET_RESOLVE_COLUMNS) {
  for (const char* const via : {"pool", "stock", "blocking"}) {
    if (via == std::string("stock") && Column::backend == std::string("posix")) continue;
    CAPTURE(via);
    const arguments common{"--via", via, "--service", "443", "--views", "addrinfo"};
    const auto with = [&](const char* layout, const arguments& names) {
      arguments all = common;
      all.emplace_back(layout);
      all.insert(all.end(), names.begin(), names.end());
      return resolve<Column>(all);
    };
    CHECK(with("--short", {"192.0.2.1"}).out == "192.0.2.1\n");
    CHECK(with("--short", {"192.0.2.1", "::1"}).out == "192.0.2.1\t192.0.2.1\n::1\t::1\n");
    CHECK(with("--hosts", {"192.0.2.1"}).out == "192.0.2.1\t192.0.2.1\n");
    const json line = json::parse(with("--json", {"::1"}).out);
    CHECK(line["schema"] == "duet-resolve/1");
    CHECK(line["event"] == "resolved");
    CHECK(line["addresses"] == json{"::1"});
    CHECK(line["port"] == 443);
    CHECK(line["hostent_addresses"].is_null());
    CHECK(has(with("--time", {"::1"}).out, "\n  time "));
  }
}

TEST_CASE_TEMPLATE("lookup: bad names are refused with 2 and shown escaped", Column,
                   DUET_RESOLVE_COLUMNS) {
  const std::string label(64, 'a');
  std::string name;
  while (name.size() < 252) name += "ab.";
  name += "cd";
  REQUIRE(name.size() == 254);
  for (const auto& [bad, reason] : {std::pair(std::string(), "it is empty"),
                                    {" ", "it has a blank"},
                                    {"a b", "it has a blank"},
                                    {"-a", "it begins with a hyphen"},
                                    {"a..b", "a label of it is empty"},
                                    {label, "a label of it has 64 bytes, the most is 63"},
                                    {name, "it has 254 bytes, the most is 253"}}) {
    CAPTURE(bad);
    for (const char* const via : {"pool", "blocking"}) {
      const outcome done = resolve<Column>({"--via", via, "--", bad});
      CHECK(done.result == 2);
      CHECK(done.out.empty());
      CHECK(done.err == "duet-resolve: '" + bad + "': " + reason + "\n");
    }
  }
  CHECK(resolve<Column>({"\x1b[2J"}).err == "duet-resolve: '\\x1b[2J': it has a '\\x1b'\n");
  const outcome nul = resolve<Column>({"--json"}, std::string_view("a\0b\n", 4));
  CHECK(nul.result == 2);
  CHECK(nul.err == "duet-resolve: 'a\\x00b': it has a NUL byte\n");
  CHECK(json::parse(nul.out)["input"] == std::string("a\0b", 3));
}

TEST_CASE_TEMPLATE("lookup: the good names of a bad batch are resolved", Column,
                   DUET_RESOLVE_COLUMNS) {
  const outcome done = resolve<Column>(
      {"--short", "--service", "1", "bad name", "192.0.2.1", "worse..", "192.0.2.2"});
  CHECK(done.result == 8);
  CHECK(done.out == "192.0.2.1\t192.0.2.1\n192.0.2.2\t192.0.2.2\n");
  CHECK(lines_of(done.err).size() == 2);
  CHECK(resolve<Column>({"bad name", "worse.."}).result == 2);          // all for one reason
  CHECK(resolve<Column>({"-6", "bad name", "127.0.0.1"}).result == 1);  // all, for several
}

TEST_CASE_TEMPLATE("lookup: names come from standard input and files", Column,
                   DUET_RESOLVE_COLUMNS) {
  const temporary_folder folder;
  const std::string file = folder.fresh_path();
  std::ofstream(file) << "# some\n192.0.2.3\n\n  192.0.2.4  \r\n192.0.2.5";
  const arguments common{"--short", "--service", "1"};
  const auto with = [&](const arguments& more, std::string_view input) {
    arguments all = common;
    all.insert(all.end(), more.begin(), more.end());
    return resolve<Column>(all, input);
  };
  const std::string from_file =
      "192.0.2.3\t192.0.2.3\n192.0.2.4\t192.0.2.4\n192.0.2.5\t192.0.2.5\n";
  CHECK(with({"--file", file}, "").out == from_file);
  CHECK(with({}, "192.0.2.9\n192.0.2.8").out == "192.0.2.9\t192.0.2.9\n192.0.2.8\t192.0.2.8\n");
  CHECK(with({"192.0.2.1", "-", "192.0.2.2", "--file", file}, "192.0.2.9\n").out ==
        "192.0.2.1\t192.0.2.1\n192.0.2.9\t192.0.2.9\n192.0.2.2\t192.0.2.2\n" + from_file);
  CHECK(with({"--file", "-"}, "192.0.2.9\n").out == "192.0.2.9\t192.0.2.9\n");
  CHECK(with({"--via", "blocking"}, "192.0.2.9\n").out == "192.0.2.9\t192.0.2.9\n");
  const outcome none = with({}, "# nothing\n");
  CHECK(none.result == 0);
  CHECK(none.out.empty());
  // Standard input is not read when names are given.
  CHECK(with({"192.0.2.1"}, "192.0.2.9\n").out == "192.0.2.1\n");
  const outcome missing = with({"--file", file + "x"}, "");
  CHECK(missing.result == 2);
  CHECK(missing.err == "duet-resolve: open " + file + "x: No such file or directory\n");
  CHECK(with({"--file", "/"}, "").result == 1);
}

TEST_CASE_TEMPLATE("lookup: a list without an end is answered name by name", Column,
                   DUET_RESOLVE_COLUMNS) {
  for (const char* const via : {"pool", "blocking"}) {
    child program(resolve_line<Column>({"--short", "--service", "1", "--via", via}));
    for (const std::string name : {"192.0.2.1", "::1", "192.0.2.2"}) {
      program.write_in(name + '\n');
      CHECK(program.read_line() == name + '\t' + name);
    }
    program.close_in();
    CHECK(program.wait() == 0);
  }
}

TEST_CASE_TEMPLATE("lookup: a long list comes out in its order", Column, DUET_RESOLVE_COLUMNS) {
  std::string input;
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::string name = "10.0." + std::to_string(i / 256) + '.' + std::to_string(i % 256);
    input += name + '\n';
    expected += name + '\t' + name + '\n';
    if (i % 5 == 0) input += "bad name\n";
  }
  const outcome done = resolve<Column>({"--short", "--service", "1", "--jobs", "32"}, input);
  CHECK(done.result == 8);
  CHECK((done.out == expected));
  CHECK(lines_of(done.err).size() == 4000);
}

TEST_CASE_TEMPLATE("lookup: a closed pipe ends it", Column, DUET_RESOLVE_COLUMNS) {
  for (const char* const via : {"pool", "blocking"}) {
    child program(resolve_line<Column>({"--short", "--service", "1", "--via", via}));
    program.write_in("192.0.2.1\n");
    CHECK(program.read_line() == "192.0.2.1\t192.0.2.1");
    program.close_out();
    program.write_in("192.0.2.2\n");
    CHECK(program.wait() == -SIGPIPE);
  }
}

TEST_CASE("lookup: output that cannot be written is a failure") {
  const outcome done =
      run({"sh", "-c", "exec \"$0\" --service 1 127.0.0.1 > /dev/full", DUET_RESOLVE});
  CHECK(done.result == 1);
  CHECK(has(done.err, "write standard output"));
  // It does not go on to read what it cannot answer.
  const outcome deaf =
      run({"sh", "-c",
           "yes 127.0.0.1 | { trap '' PIPE; \"$0\" --short --service 1 > /dev/full;"
           " echo $? >&2; }",
           DUET_RESOLVE});
  CHECK(has(deaf.err, "\n1\n"));
}

TEST_CASE("lookup: standard input that is closed is a failure") {
  const outcome done = run({"sh", "-c", "exec \"$0\" --short <&-", DUET_RESOLVE});
  CHECK(done.result == 1);
  CHECK(has(done.err, "standard input"));
}

TEST_CASE("lookup: a terminal is not read unasked") {
  if (!have_program("script")) DUET_SKIP("this machine has no script(1)");
  const outcome done = run({"script", "-qec", DUET_RESOLVE, "/dev/null"});
  CHECK(done.result == 2);
  CHECK(has(done.out, "a NAME is missing"));
}

TEST_CASE("lookup: what does not go together ends with 2") {
  for (const arguments& bad : {arguments{"--via", "stock", "--backend", "posix", "localhost"},
                               {"-4", "-6", "localhost"},
                               {"--service", "65543", "localhost"},
                               {"--timeout", "soon", "localhost"},
                               {"--frobnicate"},
                               {"-x", "localhost"},
                               {"-x", "127.1"}}) {
    arguments all{DUET_RESOLVE};
    all.insert(all.end(), bad.begin(), bad.end());
    const outcome done = run(all);
    CHECK(done.result == 2);
    CHECK(done.out.empty());
    CHECK(lines_of(done.err).size() == 1);
  }
}
