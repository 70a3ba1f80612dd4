// SPDX-License-Identifier: MIT
// name_source: where names to look up come from: an argument is one, standard input and files are lists, a name a line.
#pragma once

#include <string>

namespace duet::apps::resolve {

struct name_source {
  enum class origin { argument, standard_input, file };

  origin from = origin::argument;
  std::string text;  ///< the name, or the file's name

  bool operator==(const name_source&) const = default;
};

}  // namespace duet::apps::resolve
