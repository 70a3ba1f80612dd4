// SPDX-License-Identifier: MIT
// What `duet-resolve address` prints: the forms, their parts, text and JSON.
#include "resolve/address_report.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "duet/address_class.hpp"
#include "resolve/address_explanation.hpp"

using namespace duet::apps;
using namespace duet::apps::resolve;
using duet::address;
using nlohmann::json;

namespace {

address at(const char* text) { return address::parse(text).value(); }

std::string text_of(const char* literal, color_mode color = color_mode::none) {
  const console to("duet-resolve", color, false);
  return address_text(read_literal(literal), to);
}

/// The value of a line, by its label.
std::string line(const std::string& text, const std::string& label) {
  std::istringstream lines(text);
  for (std::string each; std::getline(lines, each);) {
    if (each.starts_with("  " + label + " ")) return each.substr(17);
  }
  return "(none)";
}

}  // namespace

TEST_CASE("address report: every line of an IPv4 address") {
  CHECK(text_of("172.16.5.4") ==
        "172.16.5.4\n"
        "  dotted         172.16.5.4\n"
        "  decimal        2886731012\n"
        "  hex            0xac100504\n"
        "  network order  ac 10 05 04 (s_addr 0x040510ac)\n"
        "  binary         [10]101100 00010000 00000101 00000100\n"
        "  class          B, leading bits 10, 128.0.0.0-191.255.255.255\n"
        "  assignable     yes, inside 128.1.0.0-191.254.255.255\n"
        "  default mask   255.255.0.0 (/16)\n"
        "  network part   172.16.0.0\n"
        "  host part      0.0.5.4\n"
        "  range          private, 172.16.0.0/12 (RFC 1918)\n"
        "  reverse name   4.5.16.172.in-addr.arpa\n"
        "  legacy forms   172.16.1284 172.1049860 2886731012 0254.020.05.04 "
        "0xac100504\n");
}

TEST_CASE("address report: every line of an IPv6 address") {
  CHECK(text_of("FE80::1%eth0") ==
        "FE80::1%eth0\n"
        "  text           fe80::1%eth0\n"
        "  in full        fe80:0000:0000:0000:0000:0000:0000:0001\n"
        "  hex            0xfe800000000000000000000000000001\n"
        "  network order  fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 01\n"
        "  scope          eth0\n"
        "  class          none, classes are IPv4's\n"
        "  range          link-local, fe80::/10 (RFC 4291)\n"
        "  reverse name   1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f."
        "ip6.arpa\n");
  CHECK(line(text_of("2001:db8::1"), "scope") == "(none)");
}

TEST_CASE("address report: the class bits are marked for each class") {
  CHECK(line(text_of("1.0.0.0"), "binary") == "[0]0000001 00000000 00000000 00000000");
  CHECK(line(text_of("191.0.0.0"), "binary").starts_with("[10]111111 "));
  CHECK(line(text_of("223.0.0.0"), "binary").starts_with("[110]11111 "));
  CHECK(line(text_of("239.0.0.0"), "binary").starts_with("[1110]1111 "));
  CHECK(line(text_of("255.0.0.0"), "binary").starts_with("[1111]1111 "));
  CHECK(line(text_of("10.0.0.1", color_mode::always), "binary").starts_with("\x1b[32m[0]\x1b[0m0"));
}

TEST_CASE("address report: classes without hosts have no mask and no parts") {
  const std::string d = text_of("224.0.0.1");
  CHECK(line(d, "class").starts_with("D, leading bits 1110, "));
  CHECK(line(d, "default mask") == "none, multicast");
  CHECK(line(d, "network part") == "(none)");
  const std::string e = text_of("240.0.0.1");
  CHECK(line(e, "default mask") == "none, reserved");
  CHECK(line(e, "host part") == "(none)");
}

TEST_CASE("address report: outside of what was given out and of special ranges") {
  CHECK(line(text_of("127.0.0.1"), "assignable") == "no, outside 1.0.0.0-126.255.255.255");
  CHECK(line(text_of("8.8.8.8"), "range") == "not special");
}

TEST_CASE("address report: a legacy form says how it was read and by whom") {
  const std::string text = text_of("010.1");
  CHECK(text.starts_with("010.1\n"));
  CHECK(line(text, "dotted") == "8.0.0.1");
  CHECK(line(text, "read as") == "010 is octal for 8; 1 fills the last 3 bytes");
  CHECK(line(text, "read by") == "inet_addr, inet_aton, getaddrinfo; refused by inet_pton");
  CHECK(line(text_of("8.0.0.1"), "read as") == "(none)");
}

TEST_CASE("address report: the trap of inet_addr is at one address only") {
  const std::string wanted =
      "inet_addr returns 0xffffffff for this address and for errors: use inet_pton";
  for (const char* literal : {"255.255.255.255", "4294967295", "0xffffffff", "255.16777215"}) {
    CAPTURE(literal);
    CHECK(::inet_addr(literal) == INADDR_NONE);
    CHECK(line(text_of(literal), "trap") == wanted);
  }
  CHECK(::inet_addr("no address") == INADDR_NONE);
  CHECK(line(text_of("255.255.255.254"), "trap") == "(none)");
}

TEST_CASE("address report: inet_aton reads every legacy form as the address") {
  for (const char* literal : {"0.0.0.0", "127.0.0.1", "1.2.3.4", "10.0.8.9", "255.255.255.255"}) {
    for (const std::string& form : legacy_forms(at(literal))) {
      CAPTURE(form);
      in_addr value{};
      CHECK(::inet_aton(form.c_str(), &value) != 0);
      CHECK(address::v4_network_order(value.s_addr) == at(literal));
    }
  }
}

TEST_CASE("address report: IPv4 addresses inside IPv6 ones are found by their prefix") {
  CHECK(embedded_v4(at("::ffff:192.0.2.1")) == at("192.0.2.1"));
  CHECK(embedded_v4(at("::192.0.2.1")) == at("192.0.2.1"));
  CHECK(embedded_v4(at("64:ff9b::192.0.2.1")) == at("192.0.2.1"));
  CHECK(embedded_v4(at("2002:c000:201::1")) == at("192.0.2.1"));
  for (const char* none : {"::", "::1", "64:ff9b:1::1", "2001:db8::1", "192.0.2.1", "2000::1"}) {
    CAPTURE(none);
    CHECK_FALSE(embedded_v4(at(none)));
  }
  CHECK(line(text_of("::ffff:10.1.2.3"), "embeds") == "10.1.2.3");
}

TEST_CASE("address report: JSON of an IPv4 address") {
  const std::string text = address_json(read_literal("010.0.0.1"));
  CHECK(text.ends_with("}\n"));
  CHECK(json::parse(text) == json{{"schema", "duet-resolve/1"},
                                  {"event", "address"},
                                  {"input", "010.0.0.1"},
                                  {"legacy", true},
                                  {"family", "AF_INET"},
                                  {"address", "8.0.0.1"},
                                  {"decimal", 134217729},
                                  {"hex", "0x08000001"},
                                  {"network_order", "08 00 00 01"},
                                  {"s_addr", "0x01000008"},
                                  {"binary", "00001000 00000000 00000000 00000001"},
                                  {"class", "A"},
                                  {"class_bits", "0"},
                                  {"class_range", "0.0.0.0-127.255.255.255"},
                                  {"assignable_range", "1.0.0.0-126.255.255.255"},
                                  {"assignable", true},
                                  {"default_mask", "255.0.0.0"},
                                  {"prefix_length", 8},
                                  {"network_part", "8.0.0.0"},
                                  {"host_part", "0.0.0.1"},
                                  {"range", nullptr},
                                  {"range_block", nullptr},
                                  {"range_source", nullptr},
                                  {"reverse_name", "1.0.0.8.in-addr.arpa"},
                                  {"read_as", "010 is octal for 8"},
                                  {"inet_addr_trap", false}});
  const json trap = json::parse(address_json(read_literal("255.255.255.255")));
  CHECK(trap["inet_addr_trap"] == true);
  CHECK(trap["default_mask"].is_null());
  CHECK(trap["network_part"].is_null());
  CHECK(trap["range"] == "limited broadcast");
  CHECK(trap["read_as"].is_null());
}

TEST_CASE("address report: JSON of an IPv6 address and of what is none") {
  CHECK(json::parse(address_json(read_literal("2002:c000:201::1%2"))) ==
        json{{"schema", "duet-resolve/1"},
             {"event", "address"},
             {"input", "2002:c000:201::1%2"},
             {"legacy", false},
             {"family", "AF_INET6"},
             {"address", "2002:c000:201::1%2"},
             {"full", "2002:c000:0201:0000:0000:0000:0000:0001"},
             {"hex", "0x2002c000020100000000000000000001"},
             {"network_order", "20 02 c0 00 02 01 00 00 00 00 00 00 00 00 00 01"},
             {"scope", "2"},
             {"class", nullptr},
             {"range", "6to4 (deprecated)"},
             {"range_block", "2002::/16"},
             {"range_source", "RFC 3056"},
             {"embedded", "192.0.2.1"},
             {"reverse_name",
              "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.2.0.0.0.0.c.2.0.0.2.ip6.arpa"}});
  const json plain = json::parse(address_json(read_literal("2a00::1")));
  CHECK(plain["scope"].is_null());
  CHECK(plain["range"].is_null());
  CHECK(plain["embedded"].is_null());
  CHECK(json::parse(refused_json(read_literal("x\n\"y"), "because")) ==
        json{{"schema", "duet-resolve/1"},
             {"event", "refused"},
             {"input", "x\n\"y"},
             {"reason", "because"}});
}

TEST_CASE("address report: the table of the classes") {
  CHECK(classes_text() ==
        "class bits  range                     assignable                default mask\n"
        "A     0     0.0.0.0-127.255.255.255   1.0.0.0-126.255.255.255   255.0.0.0\n"
        "B     10    128.0.0.0-191.255.255.255 128.1.0.0-191.254.255.255 255.255.0.0\n"
        "C     110   192.0.0.0-223.255.255.255 192.0.1.0-223.255.254.255 255.255.255.0\n"
        "D     1110  224.0.0.0-239.255.255.255 224.0.0.0-239.255.255.255 none, multicast\n"
        "E     1111  240.0.0.0-255.255.255.255 240.0.0.0-255.255.255.254 none, reserved\n");
  std::istringstream lines(classes_json());
  std::string letters;
  for (std::string each; std::getline(lines, each);) {
    const json row = json::parse(each);
    CHECK(row["schema"] == "duet-resolve/1");
    CHECK(row["event"] == "class");
    letters += row["class"].get<std::string>();
    CHECK(row["default_mask"].is_null() == (row["class"] == "D" || row["class"] == "E"));
    CHECK(row["prefix_length"].is_null() == row["default_mask"].is_null());
  }
  CHECK(letters == "ABCDE");
}
