// SPDX-License-Identifier: MIT
#include "duet/server_options.hpp"

namespace duet {
namespace {

/// Lines of a Prometheus exposition: a family has its help and type once, then its samples.
class exposition {
 public:
  explicit exposition(std::string_view prefix) : prefix_(prefix) {}

  void family(std::string_view name, std::string_view help, std::string_view type) {
    name_ = std::string(prefix_).append("_").append(name);
    if (type == "counter") name_ += "_total";
    text_.append("# HELP ").append(name_).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name_).append(" ").append(type).append("\n");
  }
  void sample(const std::string& value, std::string_view label = {}, std::string_view of = {}) {
    text_ += name_;
    if (!label.empty()) text_.append("{").append(label).append("=\"").append(of).append("\"}");
    text_.append(" ").append(value).append("\n");
  }
  void single(std::string_view name, std::string_view help, std::string_view type,
              const std::string& value) {
    family(name, help, type);
    sample(value);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string_view prefix_;
  std::string name_;
  std::string text_;
};

std::string seconds(std::chrono::nanoseconds duration) {
  return std::to_string(std::chrono::duration<double>(duration).count());
}

/// A label's value has no blanks here: "end_of_stream".
std::string label_of(close_reason reason) {
  std::string text(to_string(reason));
  for (char& each : text)
    if (each == ' ') each = '_';
  return text;
}

}  // namespace

std::string to_prometheus(const server_counters& counters, std::string_view prefix) {
  exposition text(prefix);
  text.single("connections_accepted", "Connections that were served.", "counter",
              std::to_string(counters.accepted));
  text.single("connections_active", "Connections being served now.", "gauge",
              std::to_string(counters.active));
  text.family("connections_refused", "Connections that were not served, by reason.", "counter");
  text.sample(std::to_string(counters.refused_by_cap), "reason", "cap");
  text.sample(std::to_string(counters.refused_by_address), "reason", "address");
  text.sample(std::to_string(counters.refused_by_shortage), "reason", "shortage");
  text.sample(std::to_string(counters.refused_by_error), "reason", "error");
  text.family("connections_closed", "Connections that have ended, by reason.", "counter");
  for (std::size_t each = 0; each < close_reasons; ++each) {
    text.sample(std::to_string(counters.closed[each]), "reason",
                label_of(static_cast<close_reason>(each)));
  }
  text.single("accept_pauses", "Times that accepting was paused for want of something.", "counter",
              std::to_string(counters.accept_pauses));
  text.single("read_bytes", "Bytes read from connections.", "counter",
              std::to_string(counters.bytes_read));
  text.single("written_bytes", "Bytes written to connections.", "counter",
              std::to_string(counters.bytes_written));
  text.single("loop_lag_seconds_max", "How late a timer of the server came at worst.", "gauge",
              seconds(counters.loop_lag));
  text.single("handler_seconds_max", "The longest that a handler of a session held the loop.",
              "gauge", seconds(counters.slowest_handler));
  return text.take();
}

}  // namespace duet
