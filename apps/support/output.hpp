// SPDX-License-Identifier: MIT
// output: text to standard output or standard error, buffered, with its errors kept. Not iostreams, which hide why a write failed.
// Source: write(2), pipe(7) (a closed pipe).
#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace duet::apps {

/// Writes in order and whole, blocking as long as the reader takes. After an error nothing more is written. A closed pipe ends the
/// process by SIGPIPE at once, as it would had the program not ignored that signal; if the parent had it ignored, it is an error
/// like others. Not thread-safe.
class output {
 public:
  explicit output(int fd) noexcept : fd_(fd) {}

  /// Queues `text`; writes when much has gathered.
  void put(std::string_view text);
  /// Writes what is queued.
  void flush();

  /// Queues `text`, and writes all there is.
  void put_now(std::string_view text) {
    put(text);
    flush();
  }

  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  [[nodiscard]] bool is_terminal() const noexcept;

 private:
  int fd_;
  std::string pending_;
  std::error_code error_;
};

}  // namespace duet::apps
