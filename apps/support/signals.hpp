// SPDX-License-Identifier: MIT
// signals: what a program owes the shell that waits for it: to die by the signal that stopped it, and to leave its descriptors in order.
// Source: signal(7), exit(3).
#pragma once

namespace duet::apps {

/// Makes writing to a closed pipe or connection an error instead of the end; remembers how it was. Call it once, first.
void ignore_broken_pipes();

/// Ends the process by SIGPIPE, unless the parent had that signal ignored; then it returns.
void die_of_broken_pipe();

/// SIGINT and SIGTERM end the process by themselves, even in a background job of a shell, which starts with SIGINT ignored.
void let_signals_kill();

/// Installs a handler that all signals are blocked in. Calls it interrupts fail with EINTR.
void set_handler(int signal, void (*handler)(int));

/// Leaves this one undelivered from now on.
void block_signal(int signal);

/// Delivers all of them from now on, and what has come before.
void unblock_signals();

/// Ends the process by `signal`, so that a shell's loop around it stops as well.
[[noreturn]] void die_by_signal(int signal);

/// Opens /dev/null for each of the descriptors 0, 1 and 2 that is closed, in the direction in which using it fails: a socket must
/// not become standard output.
void fill_standard_descriptors();

}  // namespace duet::apps
