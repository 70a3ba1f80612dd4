// SPDX-License-Identifier: MIT
// libc's set-up as --trace shows it.
#include "resolve/libc_setup.hpp"

#include <doctest/doctest.h>

using namespace duet::apps::resolve;

TEST_CASE("set-up: the files as libc reads them") {
  CHECK(setup_text({"passwd: files\n hosts:\tfiles  dns [NOTFOUND=return] # why\nnetworks: x\n",
                    "; comment\n# nameserver 9.9.9.9\nnameserver 192.0.2.1 # one\n"
                    "nameserver\t192.0.2.2\n nameserver 192.0.2.99\ndomain old.test\n"
                    "search a.test b.test\noptions ndots:2\noptions timeout:1 rotate\n"}) ==
        "nsswitch.conf hosts: files dns [NOTFOUND=return]\n"
        "resolv.conf nameserver 192.0.2.1\n"
        "resolv.conf nameserver 192.0.2.2\n"
        "resolv.conf search a.test b.test\n"
        "resolv.conf options ndots:2 timeout:1 rotate\n");
}

TEST_CASE("set-up: the last of domain and search counts and libc asks three servers") {
  CHECK(setup_text({"hosts: dns",
                    "search a.test b.test\ndomain c.test\nnameserver 1.1.1.1\n"
                    "nameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4"}) ==
        "nsswitch.conf hosts: dns\n"
        "resolv.conf nameserver 1.1.1.1\n"
        "resolv.conf nameserver 2.2.2.2\n"
        "resolv.conf nameserver 3.3.3.3\n"
        "resolv.conf nameserver 4.4.4.4 (never asked, libc takes 3)\n"
        "resolv.conf search c.test\n"
        "resolv.conf options (none)\n");
}

TEST_CASE("set-up: what is missing is said") {
  CHECK(setup_text({"", ""}) ==
        "nsswitch.conf hosts: (not given, libc's own order)\n"
        "resolv.conf nameserver (none, libc asks this host's own)\n"
        "resolv.conf search (none)\n"
        "resolv.conf options (none)\n");
  CHECK(setup_text({std::nullopt, std::nullopt, "lan.test", "timeout:1 attempts:1"}) ==
        "nsswitch.conf (not readable, libc's own order)\n"
        "resolv.conf (not readable, libc asks this host's own server)\n"
        "LOCALDOMAIN lan.test (in place of search)\n"
        "RES_OPTIONS timeout:1 attempts:1 (besides options)\n");
}

TEST_CASE("set-up: what does not print is escaped") {
  CHECK(setup_text({"hosts: \x1b[2J", "search a\x07"}).find('\x1b') == std::string::npos);
}
