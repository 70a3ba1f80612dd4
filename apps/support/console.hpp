// SPDX-License-Identifier: MIT
// console: the two standard outputs of a program with its name and its colours. Results go to `out`, everything else to `err`.
#pragma once

#include <string>
#include <string_view>

#include "support/output.hpp"

namespace duet::apps {

enum class color_mode { automatic, always, none };

/// Whether to colour what goes to a terminal or not: `automatic` wants a terminal that is not "dumb" and no NO_COLOR (a variable
/// that is set and not empty, no-color.org).
bool use_color(color_mode mode, bool terminal);

class console {
 public:
  /// `quiet`: notices are dropped, errors are not.
  console(std::string program, color_mode mode, bool quiet);

  output out{1};
  output err{2};

  /// "duet-echo: text" on standard error.
  void error(std::string_view text);
  void notice(std::string_view text);
  /// The same of what was asked for: quiet or not.
  void tell(std::string_view text);
  /// The same, of what changes: on a terminal the next live line takes its place, and any other of these lines its room.
  void live(std::string_view text);
  /// Makes room for what goes to `err` by itself.
  void end_live();

  /// `text` as it goes to standard output: in colour, or as it is.
  [[nodiscard]] std::string good(std::string_view text) const { return painted("32", text); }
  [[nodiscard]] std::string bad(std::string_view text) const { return painted("31", text); }

 private:
  [[nodiscard]] std::string painted(std::string_view code, std::string_view text) const;

  std::string program_;
  bool quiet_;
  bool live_ = false;
  bool color_out_;
  bool color_err_;
};

}  // namespace duet::apps
