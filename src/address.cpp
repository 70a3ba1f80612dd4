// SPDX-License-Identifier: MIT
// Printing of addresses: RFC 5952 for IPv6. Reading is constexpr and lives in the header.
#include "duet/address.hpp"

#include <charconv>
#include <ostream>
#include <system_error>

#include "duet/escape.hpp"

namespace duet {
namespace {

constexpr std::size_t groups_v6 = 8;

// The longest text without a scope is INET6_ADDRSTRLEN - 1 = 45 bytes, so a buffer of 64 has room.
using buffer = std::array<char, 64>;

class writer {
 public:
  explicit writer(buffer& into) : begin_(into.data()), at_(begin_), end_(begin_ + into.size()) {}

  void put(char c) { *at_++ = c; }
  void put_number(unsigned value, int base) { at_ = std::to_chars(at_, end_, value, base).ptr; }
  void put_quad(const std::uint8_t* bytes) {
    for (std::size_t i = 0; i < 4; ++i) {
      if (i > 0) put('.');
      put_number(bytes[i], 10);
    }
  }
  std::string_view text() const { return {begin_, static_cast<std::size_t>(at_ - begin_)}; }

 private:
  char* begin_;
  char* at_;
  char* end_;
};

struct zero_run {
  std::size_t first = groups_v6;
  std::size_t size = 0;
};

// RFC 5952 4.2: the longest run of two or more groups of zeros, of several the first.
zero_run longest_zero_run(const std::array<unsigned, groups_v6>& groups) {
  zero_run best;
  for (std::size_t i = 0; i < groups_v6; ++i) {
    std::size_t end = i;
    while (end < groups_v6 && groups[end] == 0) ++end;
    if (end - i > best.size) best = {i, end - i};
    i = end;  // groups[end] is not zero: go on behind it
  }
  return best.size >= 2 ? best : zero_run{};
}

void write_v6(writer& out, const std::array<std::uint8_t, 16>& bytes) {
  std::array<unsigned, groups_v6> groups{};
  for (std::size_t i = 0; i < groups_v6; ++i) {
    groups[i] = static_cast<unsigned>(bytes[2 * i]) << 8 | bytes[2 * i + 1];
  }
  const zero_run zeros = longest_zero_run(groups);
  // RFC 5952 5: dotted where the prefix alone says that an IPv4 address is embedded: IPv4-mapped
  // and the (deprecated) IPv4-compatible addresses of RFC 4291 2.5.5, as inet_ntop(3) has it.
  const bool mapped = zeros.first == 0 && zeros.size == 5 && groups[5] == 0xffff;
  const bool compatible = zeros.first == 0 && zeros.size == 6;
  for (std::size_t i = 0; i < groups_v6; ++i) {
    if (i == zeros.first) {
      out.put(':');
      i += zeros.size - 1;
      if (i == groups_v6 - 1) out.put(':');
      continue;
    }
    if (i > 0) out.put(':');
    if (i == 6 && (mapped || compatible)) {
      out.put_quad(&bytes[12]);
      break;
    }
    out.put_number(groups[i], 16);
  }
}

}  // namespace

std::string address::to_string() const {
  buffer storage;
  writer out(storage);
  if (is_v4()) {
    out.put_quad(bytes_.data());
  } else {
    write_v6(out, bytes_);
  }
  std::string result(out.text());
  if (const std::string_view zone = scope(); !zone.empty()) {
    result += '%';
    result += zone;
  }
  return result;
}

std::string to_string(const address& value) { return value.to_string(); }

std::ostream& operator<<(std::ostream& out, const address& value) {
  return out << value.to_string();
}

namespace detail {

void throw_bad_scope(std::string_view scope) {
  throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                          "address scope '" + escape(scope) + "'");
}

}  // namespace detail
}  // namespace duet
