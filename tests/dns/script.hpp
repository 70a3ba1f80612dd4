// SPDX-License-Identifier: MIT
// script: what the server of tests answers to whom, as text. A line is a rule, the first that fits decides; no rule fits: the name
// does not exist. Only decisions; sockets are the server's.
//
//     NAME TYPE [MODIFIER...] ACTION      "#" begins a comment
//     NAME      www.test   *.test (anything below)   * (anything)
//     TYPE      A   AAAA   PTR   CNAME   * (any)
//     ACTION    answer VALUE...       addresses of the question's family (the others are left out), or of PTR names
//               range FIRST COUNT     so many addresses, counted up from the first
//               cname TARGET          a link; what the script says of the target follows
//               empty   nxdomain   servfail   refused   formerr   silence
//     MODIFIER  delay=MS     the answer comes so late, and delays no other
//               truncate     over UDP only "ask again by TCP"
//               tcp-silent   a question over TCP gets no answer
//               wrong-id     before the answer another one comes, false and with another id
//               garbage      before the answer bytes come that are no message
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "message.hpp"

namespace duet::test::dns {

enum class action_kind { answer, cname, status, silence };

struct rule {
  std::string name;
  record_type type = record_type::any;
  action_kind action = action_kind::status;
  response_code code = response_code::name_error;  ///< of action status
  std::vector<std::string> values;                 ///< addresses, names of PTR, the CNAME's target
  std::chrono::milliseconds delay{0};
  bool truncate = false;
  bool tcp_silent = false;
  bool wrong_id = false;
  bool garbage = false;

  [[nodiscard]] bool fits(std::string_view asked, record_type of) const;
};

/// What becomes of one question.
struct verdict {
  const rule* first = nullptr;  ///< the rule that the modifiers come from; nullptr: none fitted
  bool silent = false;
  response answer;
};

class script {
 public:
  /// Adds the rules of a text. Throws std::invalid_argument naming the line that is none.
  void add(std::string_view text);

  [[nodiscard]] verdict judge(const question& about) const;

 private:
  [[nodiscard]] const rule* find(std::string_view name, record_type type) const;
  std::vector<rule> rules_;
};

}  // namespace duet::test::dns
