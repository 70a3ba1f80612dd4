// SPDX-License-Identifier: MIT
// held_names: a getaddrinfo(3) of the tests' own, so that a name lookup can be held in flight and no name server is asked.
// It knows three names, and gives everything else to the C library's.
#pragma once

namespace duet::test {

inline constexpr const char* held_name = "held.test";        ///< 127.0.0.1, once nothing holds it
inline constexpr const char* known_name = "known.test";      ///< 127.0.0.1
inline constexpr const char* missing_name = "missing.test";  ///< EAI_NONAME

/// Lookups of held_name wait for as long as one of these lives. Its destructor returns once they have been answered.
class name_hold {
 public:
  name_hold();
  ~name_hold();
  name_hold(const name_hold&) = delete;
  name_hold& operator=(const name_hold&) = delete;

  /// Returns once a lookup is being held.
  static void await_lookup();
};

}  // namespace duet::test
