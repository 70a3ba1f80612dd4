// SPDX-License-Identifier: MIT
// duet's two error categories. Asio's codes are recognised by the name of their category, which
// Asio and Boost.Asio share, and by their value; nothing of Asio is included.
#include "duet/error.hpp"

#include <optional>
#include <string>

#include "duet/endpoint.hpp"
#include "duet/escape.hpp"

namespace duet {
namespace {

const char* text_of(error code) noexcept {
  switch (code) {
    case error::end_of_stream: return "end of stream";
    case error::timed_out: return "timed out";
    case error::name_not_found: return "name or service not found";
    case error::name_no_data: return "name has no address of the wanted kind";
    case error::name_try_again: return "name not resolved for now";
    case error::name_no_recovery: return "name lookup failed for good";
    case error::bad_name: return "not a valid name";
    case error::bad_endpoint: return "not a valid endpoint";
    case error::resolve_timed_out: return "resolving timed out";
    case error::attempt_timed_out: return "attempt to connect timed out";
    case error::unexpected_end: return "stream ended in the middle of a frame";
    case error::frame_too_long: return "frame too long";
    case error::bad_frame: return "not a valid frame";
  }
  return "unknown duet error";
}

static_assert(static_cast<int>(error::resolve_timed_out) ==
                  static_cast<int>(condition::resolve_timed_out) &&
              static_cast<int>(error::attempt_timed_out) ==
                  static_cast<int>(condition::attempt_timed_out) &&
              static_cast<int>(error::bad_frame) == static_cast<int>(condition::bad_frame));

bool is_deadline(int value) noexcept {
  return value == static_cast<int>(error::timed_out) ||
         value == static_cast<int>(error::resolve_timed_out) ||
         value == static_cast<int>(error::attempt_timed_out);
}

// What one of Asio's own codes means, or nullopt. Values: <netdb.h> for netdb (as gethostbyname(3))
// and addrinfo (as getaddrinfo(3)), asio::error::misc_errors for misc.
std::optional<condition> meaning_of_asio(const std::error_code& code) noexcept {
  const std::string_view name = code.category().name();
  if (name == "asio.misc") {
    if (code.value() == 2) return condition::end_of_stream;  // asio::error::eof
  } else if (name == "asio.netdb") {
    switch (code.value()) {
      case 1: return condition::name_not_found;    // HOST_NOT_FOUND
      case 2: return condition::name_try_again;    // TRY_AGAIN
      case 3: return condition::name_no_recovery;  // NO_RECOVERY
      case 4: return condition::name_no_data;      // NO_DATA
    }
  } else if (name == "asio.addrinfo") {
    if (code.value() == -8) return condition::name_not_found;  // EAI_SERVICE
  }
  return std::nullopt;
}

class error_category_type final : public std::error_category {
 public:
  const char* name() const noexcept override { return "duet"; }
  std::string message(int value) const override { return text_of(static_cast<error>(value)); }

  // A passed deadline is also what the standard calls timed out. Equality with condition::timed_out
  // does not need this: the category of conditions sees to it.
  std::error_condition default_error_condition(int value) const noexcept override {
    if (is_deadline(value)) return std::errc::timed_out;
    return {value, condition_category()};
  }
};

class condition_category_type final : public std::error_category {
 public:
  const char* name() const noexcept override { return "duet.condition"; }
  std::string message(int value) const override {
    if (static_cast<condition>(value) == condition::operation_canceled) return "operation canceled";
    return text_of(static_cast<error>(value));
  }

  bool equivalent(const std::error_code& code, int value) const noexcept override {
    if (code.category() == duet_category()) {
      if (static_cast<condition>(value) == condition::timed_out) return is_deadline(code.value());
      return code.value() == value;
    }
    if (static_cast<condition>(value) == condition::operation_canceled) {
      return is(code, std::errc::operation_canceled);
    }
    return meaning_of_asio(code) == static_cast<condition>(value);
  }
};

}  // namespace

const std::error_category& duet_category() noexcept {
  static const error_category_type instance;
  return instance;
}

const std::error_category& condition_category() noexcept {
  static const condition_category_type instance;
  return instance;
}

bool is(const std::error_code& code, std::errc what) noexcept {
  if (code == what) return true;
  // Asio's system codes are errno values, as those of std::system_category() are.
  return std::string_view(code.category().name()) == "asio.system" &&
         std::error_code(code.value(), std::system_category()) == what;
}

std::error_code make_error_code(error code) noexcept {
  return {static_cast<int>(code), duet_category()};
}

std::error_condition make_error_condition(condition code) noexcept {
  return {static_cast<int>(code), condition_category()};
}

void throw_error(std::error_code code, std::string_view operation, const endpoint* where) {
  std::string what(operation);
  if (where != nullptr) {
    what += ' ';
    what += escape(where->to_string());
  }
  throw std::system_error(code, what);
}

}  // namespace duet
