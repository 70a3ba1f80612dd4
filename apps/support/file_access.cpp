// SPDX-License-Identifier: MIT
#include "support/file_access.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "support/arguments.hpp"
#include "support/printable.hpp"
#include "support/quantity.hpp"

namespace duet::apps {
namespace {

/// The largest means "unchanged" to chown(2).
constexpr std::uint64_t largest_id = 0xfffffffe;

/// Calls getpwnam_r or getgrnam_r with as much memory as the entry needs; its errno, and in `found` the entry or nullptr.
template <class Entry, class Call>
int look_up(Call call, const std::string& name, Entry& entry, std::vector<char>& memory,
            Entry*& found) {
  memory.resize(1024);
  for (;;) {
    const int error = call(name.c_str(), &entry, memory.data(), memory.size(), &found);
    if (error != ERANGE) return error;
    memory.resize(memory.size() * 2);
  }
}

struct who {
  std::string_view option;
  std::string_view kind;  ///< "user", "group"
  std::string name;
};

/// Nobody has that name: perhaps it is a number.
unsigned number_of(const who& asked, int error) {
  const auto number = parse_number(asked.name);
  if (number && *number <= largest_id) return static_cast<unsigned>(*number);
  std::string text =
      fmt::format("{}: there is no {} '{}'", asked.option, asked.kind, printable(asked.name));
  // getpwnam(3) lists these for a name that was not found.
  const bool not_found =
      error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
  if (!not_found) text += ": " + std::generic_category().message(error);
  throw usage_error(text);
}

unsigned user_of(const who& asked) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> memory;
  const int error = look_up(::getpwnam_r, asked.name, entry, memory, found);
  return found != nullptr ? found->pw_uid : number_of(asked, error);
}

unsigned group_of(const who& asked) {
  group entry{};
  group* found = nullptr;
  std::vector<char> memory;
  const int error = look_up(::getgrnam_r, asked.name, entry, memory, found);
  return found != nullptr ? found->gr_gid : number_of(asked, error);
}

}  // namespace

unsigned mode_argument(std::string_view option, std::string_view text) {
  constexpr unsigned most = 0777;
  unsigned mode = 0;
  bool good = !text.empty();
  for (const char digit : text) {
    good = good && digit >= '0' && digit <= '7' && mode <= most;
    if (good) mode = mode * 8 + static_cast<unsigned>(digit - '0');
  }
  if (!good || mode > most) refuse_argument(option, text, "octal digits up to 0777, such as 0660");
  return mode;
}

file_owner owner_argument(std::string_view option, std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view user = text.substr(0, colon);
  const bool with_group = colon != std::string_view::npos;
  if (user.empty() || colon == text.size() - 1) refuse_argument(option, text, "USER or USER:GROUP");
  file_owner owner;
  owner.user = user_of({option, "user", std::string(user)});
  if (with_group) owner.group = group_of({option, "group", std::string(text.substr(colon + 1))});
  return owner;
}

}  // namespace duet::apps
