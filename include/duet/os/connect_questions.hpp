// SPDX-License-Identifier: MIT
// connect_questions: what a connect by name has to look up, family by family, and the addresses that follow from an answer. Who asks, and
// when what is tried, is not here.
#pragma once

#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "duet/connect_options.hpp"
#include "duet/endpoint.hpp"
#include "duet/os/lookup.hpp"
#include "duet/policy/connect_race.hpp"

namespace duet::os {

/// An endpoint with a name in it, or a host and a service.
class connect_target {
 public:
  using family = policy::connect_race::family;

  explicit connect_target(const endpoint& named)
      : named_(named), about_(endpoint_question(named)) {}
  connect_target(std::string_view host, std::string_view service)
      : about_(forward_question(host, service, {})) {}

  struct question {
    std::optional<family> of;  ///< nullopt: the answer has both
    lookup_question about;
    [[nodiscard]] bool is_about(family which) const noexcept { return !of || *of == which; }
  };
  /// Of a name one for each family that the options want; of an address, whose service is a name, its own. None: nothing is wanted.
  /// "localhost" is one question: the hosts file mostly knows one family of it, and no name server is to be asked for the other
  /// (RFC 6761, 6.3).
  [[nodiscard]] std::vector<question> questions(const connect_options& options) const;

  /// What an outcome says of a family. Never empty without an error.
  struct answer {
    std::vector<endpoint> addresses;
    std::error_code error;
  };
  [[nodiscard]] answer answer_of(const lookup_outcome& outcome, family which) const;

 private:
  endpoint named_{};
  lookup_question about_;
};

/// The race's share of the options.
policy::connect_race_options race_options(const connect_options& options) noexcept;
/// An attempt's.
connect_options attempt_options(const connect_options& options);

}  // namespace duet::os
