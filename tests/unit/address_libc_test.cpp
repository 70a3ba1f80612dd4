// SPDX-License-Identifier: MIT
// address against libc: the same texts as inet_pton(3) and inet_ntop(3), on random and on mutated
// input, and the round trip. The rules one by one are address_test.cpp.
#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "duet/address.hpp"
#include "skip.hpp"

using duet::address;
using namespace std::string_literals;

namespace {

// What libc says of a text: the bytes, or nothing.
std::optional<address> by_libc(const std::string& text) {
  std::array<std::uint8_t, 4> v4{};
  std::array<std::uint8_t, 16> v6{};
  if (text.find('\0') != std::string::npos) return std::nullopt;  // libc would read a prefix
  if (::inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return address::v4(v4);
  if (::inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) return address::v6(v6);
  return std::nullopt;
}

std::string printed_by_libc(const address& value) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto bytes = value.bytes();
  const int family = value.is_v4() ? AF_INET : AF_INET6;
  return ::inet_ntop(family, bytes.data(), text.data(), static_cast<socklen_t>(text.size()));
}

// Random texts that are often nearly right.
class text_source {
 public:
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }

  std::string noise() {
    std::string text(below(24), ' ');
    for (char& c : text) c = character();
    return text;
  }

  address any_address() {
    if (below(3) == 0) return address::v4(static_cast<std::uint32_t>(random_()));
    std::array<std::uint8_t, 16> bytes{};
    const std::size_t zeros_in = 1 + below(4);  // many runs of zeros, of all lengths
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
      if (below(zeros_in) != 0) continue;
      bytes[i] = static_cast<std::uint8_t>(below(256) * below(2));
      bytes[i + 1] = static_cast<std::uint8_t>(below(256));
    }
    if (below(8) == 0) std::fill_n(bytes.begin(), 12, std::uint8_t{0});
    if (below(8) == 0) bytes[10] = bytes[11] = 0xff;
    return address::v6(bytes);
  }

  std::string mutate(std::string text) {
    for (std::size_t count = below(4); count > 0; --count) {
      const std::size_t at = below(text.size() + 1);
      switch (below(5)) {
        case 0: text.insert(at, 1, character()); break;
        case 1: text.erase(at, 1); break;
        case 2: text.insert(at, text.substr(0, below(6))); break;
        case 3:
          if (at < text.size()) text[at] = character();
          break;
        default: text.resize(at); break;
      }
    }
    return text;
  }

 private:
  char character() {
    static const std::string alphabet =
        "0123456789012345678901234567890abcfABCF:::::::.....gx %-+\n\0"s;
    return alphabet[below(alphabet.size())];
  }

  std::mt19937 random_{20240229};
};

}  // namespace

TEST_CASE("address: a million IPv4 values survive printing and reading") {
  // The stride spreads 2^20 values over all 2^32, and being odd it visits every low byte.
  for (std::uint32_t i = 0; i < (1U << 20); i += duet::test::one_round_in) {
    const address value = address::v4(i * 4095U);
    if (address::parse(value.to_string()) != value) FAIL("not read back: ", value);
  }
}

TEST_CASE("address: reads exactly what inet_pton reads") {
  text_source texts;
  int accepted = 0;
  constexpr int rounds = 400'000 / duet::test::one_round_in;
  for (int i = 0; i < rounds; ++i) {
    const std::string text =
        i % 8 == 0 ? texts.noise() : texts.mutate(texts.any_address().to_string());
    if (text.find('%') != std::string::npos) continue;  // scopes are ours alone
    const auto read = address::parse(text);
    if (read != by_libc(text)) FAIL("libc reads it differently: '", text, "'");
    accepted += read ? 1 : 0;
  }
  CHECK(accepted > rounds / 8);  // the mutants are worth something: not all are nonsense
}

TEST_CASE("address: prints exactly what inet_ntop prints") {
  text_source texts;
  for (int i = 0; i < 200'000 / duet::test::one_round_in; ++i) {
    const address value = texts.any_address();
    if (value.to_string() != printed_by_libc(value)) FAIL("libc prints it differently: ", value);
    if (address::parse(value.to_string()) != value) FAIL("not read back: ", value);
  }
}
