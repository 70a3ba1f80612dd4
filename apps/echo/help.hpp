// SPDX-License-Identifier: MIT
// help: the texts of duet-echo's --help that are not options: what each command is, and examples of it. At most 80 columns.
#pragma once

namespace duet::apps::echo::help {

inline constexpr const char* program =
    "Echo (RFC 862) over TCP, UDP and UNIX sockets, on Asio or on bare POSIX:\n"
    "a server, a client that copies, one that measures, and one that only connects.";

inline constexpr const char* program_footer =
    R"(Endpoints: tcp://127.0.0.1:9000, tcp://[::1]:9000, tcp://localhost:echo,
HOST:PORT (tcp), tcp://*:9000 (every address of both families),
unix:/run/echo.sock, unix:@abstract, udp://127.0.0.1:9000,
unixgram:/run/echo.sock.
Durations: 250ms, 5s, 2m, off. Sizes: 64, 16Ki, 1Mi.

Exit codes: 0 done; 1 failed; 2 bad command line; 3 no such name; 4 could not
connect; 5 timed out; 6 what came back is not what was sent; 7 the name cannot
be resolved for now; 9 workers crash in a loop.

Examples:
  duet-echo serve tcp://127.0.0.1:9000
  echo hello | duet-echo send 127.0.0.1:9000
  duet-echo ping -c 10 -i 100ms 127.0.0.1:9000
  duet-echo connect --wait-for 30s localhost:9000
  duet-echo serve --help)";

inline constexpr const char* serve = "Serve until SIGINT or SIGTERM";
inline constexpr const char* serve_footer =
    R"(Prints a line for each endpoint before it serves, with the port that was bound:
listening tcp://127.0.0.1:43127. A name binds every address of it.
The first signal ends accepting, and what clients have sent is still echoed, for
at most --drain-timeout: exit 0, or 1 if connections had to be cut. The second
signal ends at once. Datagrams are answered until the first signal.
SIGUSR1 prints the counters to standard error, with --json as an event;
--metrics answers GET /metrics with them (its line: metrics ENDPOINT).

A datagram has no answer if it is truncated, was sent to a group or broadcast,
or has no sender; with the loop guard also if it comes from a port below 1024 or
the server's own number, where another echo server may be, or if its sender had
10000 answers in a second.
The blocking model does recvfrom and sendto, which know less: answers of a
wildcard may come from another address than was asked, datagrams to a group or
broadcast are answered, lost ones are not counted; and it waits for the one
client, or UNIX peer, that does not take its answer.
The fork model makes a process for each connection, which serves it with the
calls of the blocking model and ends with it. At --max-connections nobody is
accepted. The first signal asks the processes to end as above. Of tcp and unix
endpoints; with --trace lines of a child begin with [pid N].
The prefork model makes --workers processes, each with a loop and its own
--max-connections and --max-per-address. One that dies is replaced, with pauses.
SIGHUP replaces all, one after another: whoever connects is served, and what is
open is drained as at the first signal. SIGUSR1 and --metrics add up. Exit code
9: workers die again and again before they serve.
--handed-in serves the sockets that a service manager has bound (LISTEN_FDS), in
the models async and prefork; one that is named "metrics" answers GET /metrics.

Examples:
  duet-echo serve tcp://127.0.0.1:0                    the kernel chooses a port
  duet-echo serve localhost:9000 unix:/tmp/echo.sock   several endpoints
  systemd-socket-activate -l 9000 duet-echo serve --handed-in
  duet-echo serve udp://:9000 unixgram:/tmp/gram.sock  datagrams
  duet-echo serve --mode 0660 --owner echo:users unix:/run/echo.sock
  duet-echo serve --backend posix --trace :9000        every step as it is taken
  duet-echo serve --model blocking --io sendrecv :9000
      one client after another, with recv and send
  duet-echo serve --model fork --trace :9000           a process each
  duet-echo serve --model prefork --workers 4 :9000    on four processors
  duet-echo serve --stats udp://:9000                  what goes on, each second
  duet-echo serve --idle-timeout 5m --max-per-address 100 \
      --metrics 127.0.0.1:9100 tcp://:9000             bounds, and Prometheus)";

inline constexpr const char* send = "Copy stdin to a server, its echo to stdout";
inline constexpr const char* send_footer =
    R"(Reads and writes at once, so that input of any size passes. The blocking model
sends one chunk and waits for its echo.

To a udp or unixgram endpoint each line or chunk is a datagram of its own, and
each reply is printed as it comes, with --lines on a line of its own. At most 64
are on the way (unixgram 10), and 128 KiB; 8000 go in a second, for servers with
a loop guard drop more. What is not answered within -W is missing; any reply
counts, with --verify only what equals a datagram that is owed one. A second
reply to the same is no mistake. Of a name the first address that there is a way
to is asked.

Exit codes of datagrams: 0 all answered; 2 a line is longer than a datagram, its
number is told, and what is before it was sent; 4 refused before anything came
back; 5 some are missing; 6 a reply equals nothing owed.

Examples:
  echo hello | duet-echo send tcp://127.0.0.1:9000
  duet-echo send --lines udp://127.0.0.1:9000
  duet-echo send --verify -s 8Ki unixgram:/tmp/gram.sock < big.bin > /dev/null
  duet-echo send --verify localhost:9000 < big.bin > /dev/null
  echo hello | duet-echo send --retry 5 --local 127.0.0.2 127.0.0.1:9000
  echo hello | duet-echo send --model blocking --trace :9000
  echo hello | duet-echo send --model blocking --io sendrecv \
      --recv-flags peek,waitall --trace :9000)";

inline constexpr const char* ping = "Measure round trips, and verify every byte";
inline constexpr const char* ping_footer =
    R"(Prints a line for each reply, then the totals and the times. A percentile with
fewer than 10 samples beyond it is printed as -. The first SIGINT ends it with
the totals.

A datagram begins with a number and a checksum, so that the totals can tell how
many were lost, and answered twice, out of order, late, or changed (bad).
With -i 0 the next one goes when the last was answered or lost, else one each
interval whatever comes back. From 10000 a second on a server of duet's answers
fewer, unless it has --no-loop-guard. The blocking model hears nothing late: a
deadline ends its socket. As long as nobody has answered, the next address of a
name is tried when one refuses.

Exit codes: 0 all came back; 1 some did not; 4 nobody was ever there; 5 none
came back; 6 some came back changed.

Examples:
  duet-echo ping tcp://127.0.0.1:9000                  until interrupted
  duet-echo ping -c 100000 -i 0 -q :9000               as fast as it goes
  duet-echo ping -w 10s -i 0 -q --connections 64 :9000
  duet-echo ping -c 100 -i 10ms -W 1s udp://localhost:9000
  duet-echo ping -c 10 --reconnect unix:/tmp/echo.sock)";

inline constexpr const char* connect = "Connect, tell what was tried, and leave again";
inline constexpr const char* connect_footer =
    R"(Prints each lookup and each attempt with its time. Of a name both families are
looked up at once, and the addresses are tried as RFC 8305 says: IPv6 first and
in turns, the next one when one has failed or 250 ms later; the first connection
wins, the others are given up. Several endpoints are one after another.

--wait-for goes on, with pauses of 100 ms to 5 s, until each has answered or the
time is over. A name that does not exist is not waited for.

Exit codes: 0 all answered; else of the first that did not: 3 no such name; 4
could not connect; 5 timed out, also at the end of --wait-for; 7 the name cannot
be resolved for now.

Examples:
  duet-echo connect tcp://localhost:9000           what is tried, and how long
  duet-echo connect --wait-for 30s localhost:9000 && duet-echo ping :9000
  duet-echo connect --json --connect-timeout 2s example.org:443
  duet-echo connect --local 192.0.2.7 --retry 3 example.org:https
  duet-echo connect --trace --backend posix localhost:9000 unix:/tmp/echo.sock)";

}  // namespace duet::apps::echo::help
