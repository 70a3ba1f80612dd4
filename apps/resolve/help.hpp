// SPDX-License-Identifier: MIT
// help: the texts of duet-resolve's --help that are not options: what each command is, and examples of it. At most 80 columns.
#pragma once

namespace duet::apps::resolve::help {

inline constexpr const char* program =
    "Look names up, and addresses backwards: what a program on this host is told by\n"
    "gethostbyname (hostent) and by getaddrinfo (addrinfo), and where they differ.";

inline constexpr const char* program_footer =
    R"(Commands:
  address LITERAL...   explain addresses; see duet-resolve address --help
  address --classes    the classes A to E

It answers what a program on this host gets: from the hosts file, DNS, or what
else /etc/nsswitch.conf says. For DNS records, and to ask one @server, use dig.
In C: gethostbyname and getaddrinfo find the addresses of a name, gethostbyaddr
and getnameinfo the names of an address; inet_addr makes an address of a text,
inet_ntoa the text of an address.

An address is looked up backwards, unless --service or the other family is asked
for. hostent holds one family: IPv4, or that of -4 and -6. Names come from stdin
if none is given; in a list each has a line, # begins a comment. Answers come in
the order of the names. -- ends the options. Durations: 250ms, 5s, 2m, off.

--via pool      duet's resolver: --jobs threads, each name with its deadline
      stock     Asio's own: one thread for all; one that hangs holds up the
                others, and the program's end
      blocking  on the calling thread, one after another; nothing interrupts a
                call, --timeout ends the retries only

Exit codes: 0 done; 1 failed, or --verify did; 2 bad command line or bad name;
3 no such name, or no address of that kind; 5 timed out; 7 servers fail for now;
8 some names failed and some did not.

Examples:
  duet-resolve localhost
  duet-resolve --short -4 localhost example.org
  duet-resolve --verify 127.0.0.1
  duet-resolve --hosts --file names.txt
  duet-resolve --json localhost | jq -r '.addresses[]'
  duet-resolve --repeat 1000 --views addrinfo localhost
  duet-resolve address 192.168.1.10)";

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
