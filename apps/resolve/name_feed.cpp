// SPDX-License-Identifier: MIT
#include "resolve/name_feed.hpp"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "duet/os/sys.hpp"
#include "support/printable.hpp"

namespace duet::apps::resolve {
namespace {

constexpr std::string_view feed_blanks = " \t\r\v\f";

}  // namespace

void name_lines::add(std::string_view text) {
  for (;;) {
    const std::size_t end = text.find('\n');
    const std::string_view piece = text.substr(0, end);
    line_ += piece.substr(0, longest - std::min(longest, line_.size()));
    if (end == std::string_view::npos) return;
    line_ended();
    text.remove_prefix(end + 1);
  }
}

void name_lines::end() {
  if (!line_.empty()) line_ended();
}

void name_lines::line_ended() {
  const std::size_t first = line_.find_first_not_of(feed_blanks);
  if (first != std::string::npos && line_[first] != '#') {
    names_.push_back(line_.substr(first, line_.find_last_not_of(feed_blanks) + 1 - first));
  }
  line_.clear();
}

std::optional<std::string> name_lines::next() {
  if (names_.empty()) return std::nullopt;
  std::optional<std::string> first(std::move(names_.front()));
  names_.pop_front();
  return first;
}

name_feed::name_feed(const std::vector<name_source>& sources) {
  using origin = name_source::origin;
  for (const name_source& each : sources) {
    if (each.from == origin::argument) {
      parts_.push_back({each.text});
    } else if (each.from == origin::standard_input || each.text == "-") {
      parts_.push_back({"standard input", 0});
    } else {
      os::unique_fd file(::open(each.text.c_str(), O_RDONLY | O_CLOEXEC));
      if (!file) throw std::system_error(os::sys::last_error(), "open " + printable(each.text));
      const int fd = file.get();
      parts_.push_back({printable(each.text), fd, std::move(file)});
    }
  }
}

std::optional<std::string> name_feed::next() {
  if (auto name = lines_.next()) return name;
  if (parts_.empty() || parts_.front().fd >= 0) return std::nullopt;
  std::optional<std::string> name(std::move(parts_.front().text));
  parts_.pop_front();
  return name;
}

void name_feed::read() {
  std::array<char, 65536> buffer;
  const auto size = os::sys::read(descriptor(), buffer.data(), buffer.size());
  if (size > 0) return lines_.add({buffer.data(), static_cast<std::size_t>(size)});
  if (size == 0) {
    lines_.end();
    parts_.pop_front();
  } else if (errno != EINTR && errno != EAGAIN) {
    throw std::system_error(os::sys::last_error(), "read " + parts_.front().text);
  }
}

}  // namespace duet::apps::resolve
