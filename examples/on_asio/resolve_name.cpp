// SPDX-License-Identifier: MIT
// The addresses of names, and the hostent of each as gethostbyname(3) fills it in. All names are asked at once, each has two seconds,
// and, unlike with asio::ip::tcp::resolver, none holds up the others or the program's end. usage: resolve_name [NAME]...
#include <chrono>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include "duet/host_entry.hpp"
#include "duet/on_asio/loop.hpp"
#include "duet/on_asio/resolver.hpp"
#include "duet/resolve_options.hpp"
#include "duet/resolve_result.hpp"

namespace {

class questions {
 public:
  explicit questions(duet::on_asio::loop& loop) : resolver_(loop) {}

  void ask(const std::string& name) {
    duet::resolve_options options;
    options.views = duet::resolve_views::hostent;
    options.deadline = std::chrono::seconds(2);
    resolver_.async_resolve(name, "", options,
                            [this, name](std::error_code ec, const duet::resolve_result& result) {
                              answered(name, ec, result.host());
                            });
  }
  [[nodiscard]] bool all_found() const { return all_found_; }

 private:
  void answered(const std::string& name, std::error_code ec, const duet::host_entry& host) {
    if (!ec) {
      std::cout << host;
      return;
    }
    std::cerr << name << ": " << ec.message() << '\n';
    all_found_ = false;
  }

  duet::on_asio::resolver resolver_;
  bool all_found_ = true;
};

}  // namespace

int main(int argc, char** argv) try {
  std::vector<std::string> names(argv + 1, argv + argc);
  if (names.empty()) names.emplace_back("localhost");
  duet::on_asio::loop loop;
  questions asked(loop);
  for (const std::string& name : names) asked.ask(name);
  loop.run();
  return asked.all_found() ? 0 : 1;
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
