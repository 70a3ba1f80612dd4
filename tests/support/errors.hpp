// SPDX-License-Identifier: MIT
// Errors as something to compare: the std::errc that a code stands for, so that a failing check shows two numbers, and what was thrown.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace duet::test {

/// std::errc{} for success, and -1 for what is no system error (duet's own conditions).
inline std::errc errc_of(std::error_code ec) {
  if (!ec) return std::errc{};
  const bool system = ec.category() == std::system_category() ||
                      ec.category() == std::generic_category() ||
                      std::string_view(ec.category().name()) == "asio.system";
  return system ? static_cast<std::errc>(ec.value()) : static_cast<std::errc>(-1);
}

/// what() of the std::system_error that a call throws.
template <class Call>
std::string thrown_text(Call call) {
  try {
    call();
  } catch (const std::system_error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace duet::test
