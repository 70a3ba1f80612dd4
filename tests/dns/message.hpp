// SPDX-License-Identifier: MIT
// message: the little of the DNS's wire format that a server of tests needs: reading a query's question, writing an answer.
// Names are lower-case texts without the dot at the end. Source: RFC 1035 section 4, RFC 3596 (AAAA).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "duet/address.hpp"

namespace duet::test::dns {

using bytes = std::vector<std::uint8_t>;

enum class record_type : std::uint16_t { a = 1, cname = 5, ptr = 12, aaaa = 28, any = 255 };

enum class response_code : std::uint8_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  name_error = 3,
  refused = 5,
};

struct question {
  std::uint16_t id = 0;
  bool recursion_desired = false;
  std::string name;
  record_type type = record_type::a;
  bytes section;  ///< as it came, to be repeated in the answer: the case of letters counts
};

/// The question of a query; nullopt if the bytes are no query with exactly one.
std::optional<question> read_query(std::span<const std::uint8_t> from);

struct record {
  std::string owner;
  record_type type = record_type::a;
  bytes data;
};

record address_record(std::string_view owner, const address& value);
record name_record(std::string_view owner, record_type type, std::string_view target);

struct response {
  response_code code = response_code::no_error;
  bool truncated = false;  ///< "ask again by TCP"; no records then
  std::vector<record> answers;
};

bytes write_response(const question& to, const response& what);

/// Most bytes of an answer over UDP when the query says nothing else (RFC 1035 2.3.4).
inline constexpr std::size_t largest_udp_answer = 512;

/// "A", "AAAA", "CNAME", "PTR", "*"; nullopt for others.
std::optional<record_type> type_of(std::string_view text);
std::string lower_case(std::string_view text);

}  // namespace duet::test::dns
