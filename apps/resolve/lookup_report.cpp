// SPDX-License-Identifier: MIT
#include "resolve/lookup_report.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "resolve/answer_json.hpp"
#include "resolve/answer_text.hpp"
#include "resolve/schema.hpp"
#include "support/json_lines.hpp"
#include "support/latency_summary.hpp"
#include "support/quantity.hpp"

namespace duet::apps::resolve {

void lookup_report::answered(std::uint64_t number, answer what) {
  waiting_.emplace(number, std::move(what));
  bool news = false;
  for (auto first = waiting_.begin(); first != waiting_.end() && first->first == printed_;
       first = waiting_.erase(first)) {
    print(first->second);
    ++printed_;
    news = true;
  }
  if (news) console_.out.flush();
}

void lookup_report::print(const answer& what) {
  const exit_code code = exit_code_of(what);
  codes_.insert(code);
  if (code != exit_code::done) ++failed_;
  if (options_.json) {
    console_.out.put(answer_json(what, options_));
  } else if (what.found()) {
    print_text(what);
  }
  if (code == exit_code::done) return;
  console_.error(fmt::format("{}: {}", quoted_name(what.asked.input), failure_text(what)));
}

void lookup_report::print_text(const answer& what) {
  if (options_.layout == answer_layout::views) {
    if (std::exchange(printed_block_, true)) console_.out.put("\n");
    return console_.out.put(views_text(what, options_, console_));
  }
  // A list is for programs to read: a name that does not lead back is nobody's, and times are not of the list.
  if (!what.checked || what.checked->confirmed) {
    console_.out.put(options_.layout == answer_layout::short_list ? short_text(what, options_)
                                                                  : hosts_text(what));
  }
  if (!options_.time) return;
  console_.out.flush();
  console_.notice(fmt::format("{}: time {}", quoted_name(what.asked.input), time_text(what)));
}

exit_code lookup_report::finished(std::chrono::nanoseconds elapsed) {
  if (options_.time && options_.many() && printed_ > 0) print_totals(elapsed);
  console_.out.flush();
  return code();
}

void lookup_report::print_totals(std::chrono::nanoseconds elapsed) {
  const latency_summary summary = summary_of(times_);
  if (options_.json) {
    std::vector<json_field> line{{"names", printed_},
                                 {"names_failed", failed_},
                                 {"lookups", summary.count},
                                 {"elapsed_ns", std::int64_t{elapsed.count()}}};
    for (json_field& each : latency_fields(summary)) line.push_back(std::move(each));
    return console_.out.put(json_line(schema, "summary", line));
  }
  std::string text = fmt::format("{} names, {} failed, {} lookups in {}", printed_, failed_,
                                 summary.count, format_duration(elapsed));
  if (summary.count > 0) text += "\n    " + latency_text(summary);
  if (options_.layout != answer_layout::views) return console_.notice(text);
  console_.out.put(fmt::format("{}--- {}\n", printed_block_ ? "\n" : "", text));
}

exit_code lookup_report::code() const {
  if (codes_.empty()) return exit_code::done;
  if (codes_.size() == 1) return *codes_.begin();
  const bool some = codes_.contains(exit_code::done) || codes_.contains(exit_code::partly_failed);
  return some ? exit_code::partly_failed : exit_code::failed;
}

}  // namespace duet::apps::resolve
