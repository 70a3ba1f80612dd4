// SPDX-License-Identifier: MIT
#include "echo/datagram_exchange.hpp"

#include <unistd.h>

#include "duet/policy/datagram_errors.hpp"

namespace duet::apps::echo {
namespace {

constexpr std::size_t default_chunk_bytes = 1400;

/// A UNIX socket's queue holds one more than net.unix.max_dgram_qlen, which is 10: replies that find it full are dropped by a server that
/// does not wait.
constexpr std::size_t unix_window_datagrams = 10;

/// Less than what a duet server answers to one source (datagram_echo_options): from one that it takes for a flood it would drop the rest.
constexpr policy::token_rate pace{8'000, 500};

bool cuts_lines(const send_options& options) {
  return options.lines.value_or(!options.chunk_bytes && ::isatty(0) == 1);
}

datagram_feed feed_of(const send_options& options) {
  using cut = datagram_feed::cut;
  if (cuts_lines(options)) return {cut::lines, largest_datagram_bytes(options.to)};
  return {cut::chunks, options.chunk_bytes.value_or(default_chunk_bytes)};
}

policy::owed_options owed_of(const send_options& options) {
  policy::owed_options how;
  if (options.to.is_unix()) how.window_datagrams = unix_window_datagrams;
  how.patience = options.patience;
  how.verify = options.verify;
  return how;
}

}  // namespace

datagram_exchange::datagram_exchange(const send_options& options)
    : lines_(cuts_lines(options)),
      verify_(options.verify),
      feed_(feed_of(options)),
      owed_(owed_of(options)) {}

void datagram_exchange::input_failed(std::error_code why) {
  result_.error = why;
  feed_.filled(0);
}

datagram_exchange::turn datagram_exchange::turn_of(std::span<const std::byte> datagram,
                                                   clock::time_point now) noexcept {
  if (!owed_.has_room(datagram.size())) return turn::after_reply;
  return pace_.take(pace, now) ? turn::now : turn::after_pause;
}

void datagram_exchange::sent(clock::time_point now) {
  const std::span<const std::byte> datagram = *feed_.next();
  owed_.sent(datagram, now);
  result_.sent += datagram.size();
  feed_.take();
}

void datagram_exchange::not_sent() {
  owed_.not_sent();
  feed_.take();
}

bool datagram_exchange::returned(std::span<const std::byte> reply, std::vector<std::byte>& output) {
  heard_ = true;
  const auto verdict = owed_.returned(reply);
  if (verdict == policy::owed_verdict::strange && verify_) {
    result_.strange_bytes = reply.size();
    return false;
  }
  result_.received += reply.size();
  output.insert(output.end(), reply.begin(), reply.end());
  if (lines_) output.push_back(std::byte{'\n'});
  return true;
}

bool datagram_exchange::failed(std::error_code why) {
  if (policy::is_fatal_for_datagrams(why) || policy::kind_of(why) == datagram_failure::too_long) {
    result_.error = why;
    return true;
  }
  ++result_.errors;
  if (heard_) return false;
  result_.unreachable = why;
  return true;
}

datagram_result datagram_exchange::result() const {
  datagram_result all = result_;
  all.datagrams = owed_.counts();
  all.long_line = feed_.long_line();
  return all;
}

}  // namespace duet::apps::echo
