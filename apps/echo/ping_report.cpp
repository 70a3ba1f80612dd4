// SPDX-License-Identifier: MIT
#include "echo/ping_report.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "echo/schema.hpp"
#include "support/json_lines.hpp"
#include "support/latency_summary.hpp"
#include "support/printable.hpp"
#include "support/quantity.hpp"
#include "support/reason.hpp"

namespace duet::apps::echo {
namespace {

/// How old a line may get in the buffer of a ping without pauses.
constexpr std::chrono::milliseconds freshness{100};

unsigned to_unsigned(std::byte value) { return std::to_integer<unsigned>(value); }

}  // namespace

void ping_report::replied(std::uint64_t number, std::string_view from,
                          std::chrono::nanoseconds latency) {
  latencies_.add(latency);
  if (options_.quiet) return;
  if (options_.json) {
    console_.out.put(json_line(schema, "reply",
                               {{"seq", number},
                                {"bytes", std::uint64_t{options_.message_bytes}},
                                {"from", std::string(from)},
                                {"time_ns", std::int64_t{latency.count()}}}));
  } else {
    console_.out.put(fmt::format("{} bytes from {} seq={} time={}\n", options_.message_bytes,
                                 printable(from), number, format_duration(latency)));
  }
  line_ended();
}

void ping_report::damaged(std::uint64_t number, std::string_view from, const difference& where) {
  ++damaged_;
  if (options_.quiet) return;
  if (options_.json) {
    console_.out.put(json_line(
        schema, "bad", {{"seq", number}, {"from", std::string(from)}, {"mismatch_at", where.at}}));
  } else {
    const std::string text = fmt::format(
        "bad reply from {} seq={}: byte {} is 0x{:02x}, sent was 0x{:02x}", printable(from), number,
        where.at, to_unsigned(where.found), to_unsigned(where.expected));
    console_.out.put(console_.bad(text) + '\n');
  }
  line_ended();
}

void ping_report::lost(std::uint64_t number, std::string_view from, std::error_code why) {
  ++lost_;
  if (options_.quiet) return;
  if (options_.json) {
    console_.out.put(json_line(
        schema, "lost", {{"seq", number}, {"from", std::string(from)}, {"error", reason(why)}}));
  } else {
    const std::string text =
        fmt::format("no reply from {} seq={}: {}", printable(from), number, reason(why));
    console_.out.put(console_.bad(text) + '\n');
  }
  line_ended();
}

void ping_report::stray(reply_kind kind, std::uint64_t number, std::string_view from) {
  if (options_.quiet) return;
  if (options_.json) {
    const json_value seq = number == 0 ? json_value(nullptr) : json_value(number);
    console_.out.put(
        json_line(schema, to_string(kind), {{"seq", seq}, {"from", std::string(from)}}));
  } else {
    std::string text = fmt::format("{} reply from {}", to_string(kind), printable(from));
    if (number != 0) text += fmt::format(" seq={}", number);
    console_.out.put(console_.bad(text) + '\n');
  }
  line_ended();
}

void ping_report::count(const reply_counts& datagrams) noexcept {
  datagrams_ = datagrams;
  sent_ = datagrams.sent + datagrams.not_sent;
  damaged_ = datagrams.bad;
}

void ping_report::line_ended() {
  const auto now = clock::now();
  if (options_.interval.count() == 0 && now - flushed_ < freshness) return;
  flushed_ = now;
  console_.out.flush();
}

bool ping_report::shows_progress() const noexcept {
  return options_.quiet && console_.err.is_terminal();
}

void ping_report::progress() {
  progress_shown_ = true;
  console_.err.put_now(fmt::format("\r\x1b[K{} sent, {} received", sent_, received()));
}

exit_code ping_report::finished() {
  if (progress_shown_) console_.err.put_now("\r\x1b[K");
  if (options_.json) {
    print_totals_json();
  } else {
    print_totals();
  }
  console_.out.flush();
  if (damaged_ > 0) return exit_code::mismatch;
  if (received() == 0) return exit_code::timed_out;
  const bool all = lost_ == 0 && (!options_.count || received() == *options_.count);
  return all ? exit_code::done : exit_code::failed;
}

void ping_report::print_totals() {
  std::string text = fmt::format("--- {}\nsent {}, received {}, bad {}",
                                 printable(options_.to.to_string()), sent_, received(), damaged_);
  if (datagrams_) {
    text += datagram_totals();
  } else if (lost_ > 0) {
    text += fmt::format(", lost {}", lost_);
  }
  if (unanswered() > 0) text += fmt::format(", unanswered {}", unanswered());
  text += '\n';
  if (received() > 0) text += latency_text(summary_of(latencies_)) + '\n';
  console_.out.put(text);
}

double ping_report::loss_percent() const noexcept {
  return sent_ == 0 ? 0 : 100.0 * static_cast<double>(lost_) / static_cast<double>(sent_);
}

std::string ping_report::datagram_totals() const {
  std::string text =
      fmt::format(", lost {} ({:.3g} %), duplicates {}, reordered {}, late {}", lost_,
                  loss_percent(), datagrams_->duplicates, datagrams_->reordered, datagrams_->late);
  if (datagrams_->strange > 0) text += fmt::format(", strange {}", datagrams_->strange);
  return text;
}

void ping_report::print_totals_json() {
  std::vector<json_field> fields{{"endpoint", options_.to.to_string()},
                                 {"sent", sent_},
                                 {"received", received()},
                                 {"bad", damaged_},
                                 {"lost", lost_},
                                 {"unanswered", unanswered()}};
  if (datagrams_) {
    for (const json_field& each : {json_field{"loss_percent", loss_percent()},
                                   {"duplicates", datagrams_->duplicates},
                                   {"reordered", datagrams_->reordered},
                                   {"late", datagrams_->late},
                                   {"strange", datagrams_->strange},
                                   {"not_sent", datagrams_->not_sent}})
      fields.push_back(each);
  }
  for (json_field& each : latency_fields(summary_of(latencies_))) fields.push_back(std::move(each));
  console_.out.put(json_line(schema, "summary", fields));
}

}  // namespace duet::apps::echo
