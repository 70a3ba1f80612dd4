// SPDX-License-Identifier: MIT
// Answers as they are printed: both views with their differences marked, short, for a hosts file, as JSON.
#include "resolve/answer_text.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "duet/error.hpp"
#include "resolve/answer_json.hpp"
#include "resolve/view_differences.hpp"

using namespace duet;
using namespace duet::apps;
using namespace duet::apps::resolve;
using nlohmann::json;
using texts = std::vector<std::string>;

namespace {

resolve_answer view_of(const std::string& name, const texts& aliases, const texts& addresses) {
  resolve_answer view;
  view.host.official_name = name;
  view.host.aliases = aliases;
  for (const std::string& each : addresses) view.host.addresses.push_back(*address::parse(each));
  return view;
}

answer answer_for(const std::string& input, const resolve_answer& hostent,
                  const resolve_answer& addrinfo) {
  answer what;
  what.asked.input = input;
  what.asked.backwards = address::parse(input);
  what.lookups = 1;
  what.result.hostent = hostent;
  what.result.addrinfo = addrinfo;
  for (const address& each : what.result.host().addresses)
    what.result.endpoints.emplace_back(transport::tcp, each, 443);
  return what;
}

lookup_options options_for(const char* input) {
  lookup_options options;
  options.sources = {{name_source::origin::argument, input}};
  return options;
}

std::string plain(const answer& what, const lookup_options& options) {
  return views_text(what, options, console("t", color_mode::none, true));
}

const answer dual =
    answer_for("www.example", view_of("web.example", {"www.example"}, {"192.0.2.1", "192.0.2.2"}),
               view_of("web.example", {}, {"2001:db8::1", "192.0.2.2", "192.0.2.1"}));

}  // namespace

TEST_CASE("answer text: both views with the differences marked") {
  CHECK(plain(dual, options_for("www.example")) ==
        "www.example\n"
        "  hostent (gethostbyname)\n"
        "    official name web.example\n"
        "    alias www.example\n"
        "    address type AF_INET (2)\n"
        "    length 4\n"
        "    address 192.0.2.1 (0xc0000201)\n"
        "    address 192.0.2.2 (0xc0000202)\n"
        "  addrinfo (getaddrinfo)\n"
        "    official name web.example\n"
        "    address type mixed\n"
        "    address 2001:db8::1 (0x20010db8000000000000000000000001)  [only here]\n"
        "    address 192.0.2.2 (0xc0000202)\n"
        "    address 192.0.2.1 (0xc0000201)\n"
        "  the views differ: addresses, order\n");
}

TEST_CASE("answer text: views that agree are not marked") {
  const auto same = view_of("localhost", {"loopback"}, {"127.0.0.1"});
  const std::string text = plain(answer_for("localhost", same, same), options_for("localhost"));
  CHECK(text.find('[') == std::string::npos);
  CHECK(text.find("differ") == std::string::npos);
}

TEST_CASE("answer text: one view may have failed") {
  const auto what = answer_for("v6.example", {error::name_no_data, {}},
                               view_of("v6.example", {}, {"2001:db8::1"}));
  CHECK(plain(what, options_for("v6.example")) ==
        "v6.example\n"
        "  hostent (gethostbyname)\n"
        "    name has no address of the wanted kind  [differs]\n"
        "  addrinfo (getaddrinfo)\n"
        "    official name v6.example\n"
        "    address type AF_INET6 (10)\n"
        "    length 16\n"
        "    address 2001:db8::1 (0x20010db8000000000000000000000001)\n"
        "  the views differ: outcome\n");
}

TEST_CASE("answer text: a service and a time and a confirmation have their lines") {
  lookup_options options = options_for("www.example");
  options.service = "https";
  options.time = true;
  answer what = dual;
  what.times = summary_of([] {
    latency_histogram one;
    one.add(std::chrono::microseconds(1500));
    return one;
  }());
  CHECK(plain(what, options).ends_with("  service https, port 443\n  time 1.50 ms\n"));
  answer back = answer_for("192.0.2.1", view_of("a.example", {}, {"192.0.2.1"}),
                           view_of("b.example", {}, {"192.0.2.1"}));
  back.checked = confirmation{true, "a.example", {}};
  const std::string text = plain(back, options_for("192.0.2.1"));
  CHECK(text.find("  hostent (gethostbyaddr)\n    official name a.example  [differs]\n") !=
        std::string::npos);
  CHECK(text.find("  addrinfo (getnameinfo)\n    official name b.example  [differs]\n") !=
        std::string::npos);
  CHECK(text.ends_with("  the views differ: official name\n  confirmed: a.example leads back\n"));
  back.checked->confirmed = false;
  CHECK(plain(back, options_for("192.0.2.1"))
            .ends_with("  not confirmed: a.example does not lead back\n"));
}

TEST_CASE("answer text: what a server says cannot write to the terminal") {
  const auto evil = view_of("\x1b[2Jweb\naddress 1.2.3.4", {"al\x07"}, {"192.0.2.1"});
  const std::string text = plain(answer_for("www.example", evil, evil), options_for("www.example"));
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("official name \\x1b[2Jweb\\x0aaddress 1.2.3.4\n") != std::string::npos);
  CHECK(text.find("alias al\\x07\n") != std::string::npos);
}

TEST_CASE("short text: addresses - behind names if there are several") {
  lookup_options options = options_for("www.example");
  CHECK(short_text(dual, options) == "2001:db8::1\n192.0.2.2\n192.0.2.1\n");
  options.sources.push_back({name_source::origin::argument, "other"});
  CHECK(short_text(dual, options) ==
        "www.example\t2001:db8::1\nwww.example\t192.0.2.2\nwww.example\t192.0.2.1\n");
  options.sources = {{name_source::origin::standard_input, ""}};
  CHECK(short_text(dual, options).starts_with("www.example\t"));
  const auto back = answer_for("192.0.2.1", view_of("a\x1b", {}, {"192.0.2.1"}), {});
  CHECK(short_text(back, options_for("192.0.2.1")) == "a\\x1b\n");
}

TEST_CASE("hosts text: lines that a hosts file takes") {
  CHECK(hosts_text(dual) ==
        "2001:db8::1\tweb.example www.example\n"
        "192.0.2.2\tweb.example www.example\n"
        "192.0.2.1\tweb.example www.example\n");
  const auto evil = view_of("evil # 1\n6.6.6.6 bank", {"also evil"}, {"192.0.2.1"});
  CHECK(hosts_text(answer_for("www.example", evil, evil)) == "192.0.2.1\twww.example\n");
  CHECK(hosts_text(answer_for("192.0.2.1", evil, evil)).empty());
  const auto good = view_of("a.example", {"b.example"}, {"192.0.2.1"});
  CHECK(hosts_text(answer_for("192.0.2.1", good, good)) == "192.0.2.1\ta.example b.example\n");
}

TEST_CASE("differences: each kind is found") {
  const auto one = view_of("a", {}, {"192.0.2.1", "192.0.2.1", "192.0.2.2"});
  CHECK(differences_of(one, one).names().empty());
  CHECK(differences_of(one, view_of("b", {}, {"192.0.2.1", "192.0.2.1", "192.0.2.2"})).names() ==
        texts{"official name"});
  CHECK(differences_of(one, view_of("a", {}, {"192.0.2.2", "192.0.2.1", "192.0.2.1"})).names() ==
        texts{"order"});
  const auto fewer = differences_of(one, view_of("a", {}, {"192.0.2.1", "192.0.2.2"}));
  CHECK(fewer.names() == texts{"addresses"});
  CHECK(fewer.only_hostent == std::vector<bool>{false, true, false});
  CHECK(differences_of(one, {error::timed_out, {}}).names() == texts{"outcome"});
  CHECK(differences_of({error::name_not_found, {}}, {error::name_not_found, {}}).names().empty());
  CHECK(differences_of({error::name_not_found, {}}, {error::name_no_data, {}}).names() ==
        texts{"outcome"});
}

TEST_CASE("answer json: a name that was resolved") {
  CHECK(json::parse(answer_json(dual, options_for("www.example"))) ==
        json{{"schema", "duet-resolve/1"},
             {"event", "resolved"},
             {"input", "www.example"},
             {"addresses", {"2001:db8::1", "192.0.2.2", "192.0.2.1"}},
             {"port", 443},
             {"differ", {"addresses", "order"}},
             {"hostent_error", nullptr},
             {"hostent_official_name", "web.example"},
             {"hostent_aliases", {"www.example"}},
             {"hostent_address_type", "AF_INET"},
             {"hostent_length", 4},
             {"hostent_addresses", {"192.0.2.1", "192.0.2.2"}},
             {"hostent_addresses_hex", {"0xc0000201", "0xc0000202"}},
             {"addrinfo_error", nullptr},
             {"addrinfo_official_name", "web.example"},
             {"addrinfo_aliases", json::array()},
             {"addrinfo_address_type", nullptr},
             {"addrinfo_length", nullptr},
             {"addrinfo_addresses", {"2001:db8::1", "192.0.2.2", "192.0.2.1"}},
             {"addrinfo_addresses_hex",
              {"0x20010db8000000000000000000000001", "0xc0000202", "0xc0000201"}}});
}

TEST_CASE("answer json: an address and a failure and a refusal") {
  answer back =
      answer_for("192.0.2.1", view_of("a", {"b"}, {"192.0.2.1"}), view_of("a", {}, {"192.0.2.1"}));
  json line = json::parse(answer_json(back, options_for("192.0.2.1")));
  CHECK(line["event"] == "reversed");
  CHECK(line["names"] == texts{"a", "b"});
  CHECK(line["confirmed"].is_null());
  back.checked = confirmation{false, "a", error::name_not_found};
  line = json::parse(answer_json(back, options_for("192.0.2.1")));
  CHECK(line["confirmed"] == false);
  CHECK(line["confirmed_error"] == "name or service not found");

  answer failed = answer_for("gone", {error::name_not_found, {}}, {error::name_try_again, {}});
  failed.failed = 1;
  failed.error = error::name_try_again;
  lookup_options timed = options_for("gone");
  timed.time = true;
  line = json::parse(answer_json(failed, timed));
  CHECK(line["event"] == "failed");
  CHECK(line["error"] == "name not resolved for now");
  CHECK(line["exit_code"] == 7);
  CHECK(line["hostent_error"] == "name or service not found");
  CHECK(line["hostent_addresses"].is_null());
  CHECK(line["lookups"] == 1);
  CHECK(line["failed"] == 1);

  answer refused;
  refused.asked.input = std::string("a\0b", 3);
  refused.asked.refusal = "it has a NUL byte";
  CHECK(json::parse(answer_json(refused, options_for("a"))) ==
        json{{"schema", "duet-resolve/1"},
             {"event", "refused"},
             {"input", std::string("a\0b", 3)},
             {"reason", "it has a NUL byte"}});
}
