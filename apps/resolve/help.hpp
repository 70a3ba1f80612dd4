// SPDX-License-Identifier: MIT
// help: the texts of duet-resolve's --help that are not options: what each command is, and examples of it. At most 80 columns.
#pragma once

namespace duet::apps::resolve::help {

inline constexpr const char* program =
    "Addresses explained: what a text means to the socket calls, and what the\n"
    "address behind it is.";

inline constexpr const char* program_footer =
    R"(Commands:
  address LITERAL...   explain addresses
  address --classes    the classes A to E

In C: inet_addr and inet_aton make an address of a text, inet_ntoa makes the
text of an address, gethostbyname finds the addresses of a name.

Exit codes: 0 done; 1 failed; 2 bad command line or bad input.

Examples:
  duet-resolve address 192.168.1.10
  duet-resolve address --help)";

inline constexpr const char* address =
    "Explain addresses: every form of one, its class, its range, and what texts\n"
    "such as 127.1 or 010.0.0.1 mean to the calls that take them.";
inline constexpr const char* address_footer =
    R"(A LITERAL is an IPv4 address (dotted, or a legacy form: one to four numbers,
decimal, octal behind 0, hexadecimal behind 0x) or an IPv6 address, perhaps with
a scope (fe80::1%eth0). Nothing is looked up, so that --backend changes nothing.

In C: inet_addr and inet_aton make the number of a text, legacy forms too;
inet_pton takes strict texts only. inet_ntoa and inet_ntop make the text of the
number. gethostbyname takes names, and passes dotted texts through.

The number is printed in the host's order (hex, decimal) and as network order:
the bytes as they are sent, and what in_addr.s_addr holds on this machine.
[Brackets] mark the bits that make the class. Classes have decided nothing since
1993 (RFC 1519): prefixes such as /20 do.

Exit codes: 0 all explained; 2 some LITERAL is no address; the others are still
explained.

Examples:
  duet-resolve address 127.0.0.1
  duet-resolve address 127.1 0x7f.1 2130706433   all the same
  duet-resolve address 255.255.255.255           inet_addr's trap
  duet-resolve address fe80::1%eth0
  duet-resolve address --json 10.1.2.3 | jq .class
  duet-resolve address --classes)";

}  // namespace duet::apps::resolve::help
