// SPDX-License-Identifier: MIT
// The framings and the buffer of frames: what is a frame, at every cut of the bytes, at the limits and beyond them.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <ostream>  // doctest prints error codes
#include <string>
#include <string_view>
#include <vector>

#include "duet/policy/frame_buffer.hpp"
#include "duet/policy/frame_length.hpp"
#include "duet/policy/frame_text.hpp"

using namespace duet::policy;
using duet::condition;
using duet::error;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
std::string text_of_frame(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct decoded {
  std::vector<std::string> frames;
  std::error_code ec;
  error at_end = error::end_of_stream;
  bool operator==(const decoded&) const = default;
};

/// All frames of `wire` when a read brings at most `piece` bytes, and the first one `first`.
template <class Framing>
decoded decode(const Framing& how, std::string_view wire, std::size_t first, std::size_t piece) {
  frame_buffer<Framing> buffer(how, 4);
  decoded result;
  std::size_t most = first;
  for (;;) {
    while (const auto frame = buffer.next(result.ec))
      result.frames.push_back(text_of_frame(*frame));
    if (result.ec || wire.empty()) break;
    const auto room = buffer.room();
    REQUIRE_FALSE(room.empty());
    const std::size_t size = std::min({room.size(), most, wire.size()});
    std::copy_n(bytes_of(wire).begin(), size, room.begin());
    buffer.filled(size);
    wire.remove_prefix(size);
    most = piece;
  }
  CHECK(buffer.capacity() <= std::max<std::size_t>(4, how.max_bytes()));
  result.at_end = buffer.at_end();
  return result;
}

/// The frames, which have to be the same however the bytes are cut.
template <class Framing>
decoded decode_all_ways(const Framing& how, std::string_view wire) {
  const std::size_t whole = wire.size() + 1;
  const decoded result = decode(how, wire, whole, whole);
  for (std::size_t cut = 1; cut <= wire.size(); ++cut) {
    CAPTURE(cut);
    decoded other = decode(how, wire, cut, whole);
    if (result.ec) other.at_end = result.at_end;  // what is unread then depends on the cut
    CHECK(other == result);
  }
  decoded single = decode(how, wire, 1, 1);
  if (result.ec) single.at_end = result.at_end;
  CHECK(single == result);
  return result;
}

template <class Framing>
void check_frames(const Framing& how, std::string_view wire, std::vector<std::string> frames) {
  CAPTURE(wire);
  CHECK(decode_all_ways(how, wire) == decoded{std::move(frames), {}, error::end_of_stream});
}

template <class Framing>
void check_error(const Framing& how, std::string_view wire, std::vector<std::string> before,
                 error why) {
  CAPTURE(wire);
  const decoded result = decode_all_ways(how, wire);
  CHECK(result.frames == before);
  CHECK(result.ec == why);
}

/// Begun, and not whole at the end of the stream.
template <class Framing>
void check_cut_short(const Framing& how, std::string_view wire, std::vector<std::string> before) {
  CAPTURE(wire);
  CHECK(decode_all_ways(how, wire) == decoded{std::move(before), {}, error::unexpected_end});
}

template <class Framing>
std::string framed(const Framing& how, std::string_view message) {
  std::vector<std::byte> out;
  REQUIRE_FALSE(append_frame(how, bytes_of(message), out));
  return text_of_frame(out);
}

template <class Framing>
std::error_code refused(const Framing& how, std::string_view message) {
  std::vector<std::byte> out;
  const std::error_code ec = append_frame(how, bytes_of(message), out);
  CHECK(out.empty());
  return ec;
}

/// Written, it is these bytes, and read, itself.
template <class Framing>
void check_both_ways(const Framing& how, std::string_view message, std::string_view wire) {
  CHECK(framed(how, message) == wire);
  const std::string twice = framed(how, message) + framed(how, message);
  check_frames(how, twice, {std::string(message), std::string(message)});
}

}  // namespace

TEST_CASE("framing: lines end in LF or CR LF at any cut") {
  const line_framing how(100);
  check_frames(how, "", {});
  check_frames(how, "\n", {""});
  check_frames(how, "one\ntwo\r\n\r\n\nthree\n", {"one", "two", "", "", "three"});
  check_frames(how, "a\rb\r\r\n", {"a\rb\r"});
  check_frames(how, "nul\0in it\n"sv, {"nul\0in it"s});
  check_cut_short(how, "one\ntw", {"one"});
  check_cut_short(how, "\r", {});
}

TEST_CASE("framing: a line has so many bytes without its end") {
  const line_framing how(3);
  check_frames(how, "abc\nabc\r\n", {"abc", "abc"});
  check_error(how, "ok\nabcd\nno more\n", {"ok"}, error::frame_too_long);
  check_error(how, "abcd", {}, error::frame_too_long);
  check_error(how, "abc\rd\n", {}, error::frame_too_long);
  check_error(how, "abc\r\r\n", {}, error::frame_too_long);
  check_cut_short(how, "abc\r", {});
  check_frames(line_framing(0), "\n\r\n", {"", ""});
  check_error(line_framing(0), "a\n", {}, error::frame_too_long);
  const line_framing endless(std::numeric_limits<std::size_t>::max());
  check_frames(endless, "abcdef\n", {"abcdef"});
}

TEST_CASE("framing: a line is written so that it reads back or not at all") {
  const line_framing lf(8);
  const line_framing cr_lf(8, line_framing::ending::cr_lf);
  CHECK(framed(lf, "line") == "line\n");
  CHECK(framed(cr_lf, "line") == "line\r\n");
  CHECK(framed(lf, "") == "\n");
  CHECK(framed(cr_lf, "cr\r") == "cr\r\r\n");
  check_frames(cr_lf, framed(cr_lf, "cr\r"), {"cr\r"});
  CHECK(refused(lf, "cr\r") == error::bad_frame);
  CHECK(refused(lf, "two\nof") == error::bad_frame);
  CHECK(refused(cr_lf, "\n") == error::bad_frame);
  CHECK(framed(lf, "12345678") == "12345678\n");
  CHECK(refused(lf, "123456789") == error::frame_too_long);
}

TEST_CASE("framing: delimiters of several bytes at any cut") {
  const delimiter_framing how("\r\n.\r\n", 100);
  check_frames(how, "mail\r\n.\r\n\r\n.\r\nx\r\n.\r\r\n.\r\n", {"mail", "", "x\r\n.\r"});
  check_cut_short(how, "mail\r\n.\r", {});
  const delimiter_framing doubled("aa", 100);
  check_frames(doubled, "baaaab aa", {"b", "", "b "});
  check_cut_short(doubled, "baaa", {"b"});
}

TEST_CASE("framing: a delimiter of no byte or of too many is refused") {
  CHECK_THROWS_AS(delimiter_framing(""sv), std::system_error);
  CHECK_THROWS_AS(delimiter_framing("12345678901234567"sv), std::system_error);
  check_frames(delimiter_framing("1234567890123456"sv), "x1234567890123456", {"x"});
}

TEST_CASE("framing: a message that would end too early in its delimiter is refused") {
  const delimiter_framing how("aab", 6);
  CHECK(framed(how, "ba") == "baaab");
  CHECK(refused(how, "xaab") == error::bad_frame);
  CHECK(refused(how, "aabx") == error::bad_frame);
  check_frames(how, framed(how, "xaba"), {"xaba"});
  const delimiter_framing doubled("aa", 6);
  CHECK(refused(doubled, "xa") == error::bad_frame);
  CHECK(refused(doubled, "aa") == error::bad_frame);
  check_both_ways(doubled, "ax", "axaa");
  check_both_ways(doubled, "", "aa");
  check_both_ways(doubled, "123456", "123456aa");
  CHECK(refused(doubled, "1234567") == error::frame_too_long);
  check_error(doubled, "1234567aa", {}, error::frame_too_long);
  check_error(doubled, "12345678", {}, error::frame_too_long);
}

TEST_CASE("framing: netstrings") {
  const netstring_framing how(12);
  check_both_ways(how, "hello world!", "12:hello world!,");
  check_both_ways(how, "", "0:,");
  check_both_ways(how, "1234567", "7:1234567,");
  check_both_ways(how, "1234567890", "10:1234567890,");
  check_cut_short(how, "3:abc", {});
  check_cut_short(how, "3:abc,1", {"abc"});
  for (const auto wire :
       {":", "a", "-1:x,", "+1:x,", "01:x,", "00:,", "1 :x,", "1:xy", "/:", " 1:x,"})
    check_error(how, wire, {}, error::bad_frame);
  for (const auto wire : {"13:", "13", "99999999999999999999999999", "120:"})
    check_error(how, wire, {}, error::frame_too_long);
  CHECK(refused(how, "1234567890123") == error::frame_too_long);
  const netstring_framing endless(std::numeric_limits<std::size_t>::max());
  check_error(endless, "18446744073709551615:", {}, error::frame_too_long);
  check_error(endless, "18446744073709551616:", {}, error::frame_too_long);
  check_cut_short(endless, "18446744073709551593:", {});
  check_error(netstring_framing(0), "1", {}, error::frame_too_long);
  check_frames(netstring_framing(0), "0:,", {""});
}

TEST_CASE("framing: lengths of each width in each order") {
  using width = length_layout::width;
  const auto of = [](width field, byte_order order) {
    return length_framing(length_layout{field, order, 0, 0, 1000});
  };
  check_both_ways(of(width::one, byte_order::big), "ab", "\2ab"sv);
  check_both_ways(of(width::two, byte_order::big), "ab", "\0\2ab"sv);
  check_both_ways(of(width::two, byte_order::little), "ab", "\2\0ab"sv);
  check_both_ways(of(width::four, byte_order::big), "", "\0\0\0\0"sv);
  check_both_ways(of(width::four, byte_order::little), "ab", "\2\0\0\0ab"sv);
  check_both_ways(of(width::eight, byte_order::big), "ab", "\0\0\0\0\0\0\0\2ab"sv);
  check_both_ways(of(width::eight, byte_order::little), "ab", "\2\0\0\0\0\0\0\0ab"sv);
  CHECK(framed(of(width::two, byte_order::big), std::string(258, 'x')).substr(0, 3) == "\1\2x");
  CHECK(framed(of(width::two, byte_order::little), std::string(258, 'x')).substr(0, 3) == "\2\1x");
  CHECK(refused(of(width::one, byte_order::big), std::string(256, 'x')) == error::frame_too_long);
  CHECK(framed(of(width::one, byte_order::big), std::string(255, 'x')).size() == 256);
  check_cut_short(of(width::four, byte_order::big), "\0\0\0\2a"sv, {});
  check_cut_short(of(width::four, byte_order::big), "\0\0\0"sv, {});
  check_error(of(width::two, byte_order::big), "\0\1a\3\xe9"sv, {"a"}, error::frame_too_long);
  check_error(of(width::eight, byte_order::big), "\xff\xff\xff\xff\xff\xff\xff\xff"sv, {},
              error::frame_too_long);
}

TEST_CASE("framing: a length that counts other than what follows it") {
  using width = length_layout::width;
  // It counts itself.
  const length_framing own(length_layout{width::two, byte_order::big, 0, -2, 10});
  check_both_ways(own, "abc", "\0\5abc"sv);
  check_both_ways(own, "", "\0\2"sv);
  check_error(own, "\0\1"sv, {}, error::bad_frame);
  check_error(own, "\0\15"sv, {}, error::frame_too_long);
  const length_framing narrow(length_layout{width::one, byte_order::big, 0, -1, 1000});
  CHECK(framed(narrow, std::string(254, 'x')).substr(0, 2) == "\xffx");
  CHECK(refused(narrow, std::string(255, 'x')) == error::frame_too_long);
  // It leaves out three bytes of header that follow it.
  const length_framing fewer(length_layout{width::two, byte_order::big, 0, 3, 10});
  check_both_ways(fewer, "tttabc", "\0\3tttabc"sv);
  check_both_ways(fewer, "ttt", "\0\0ttt"sv);
  CHECK(refused(fewer, "tt") == error::bad_frame);
  const length_framing far(length_layout{width::eight, byte_order::big, 0,
                                         std::numeric_limits<std::int64_t>::max(), 10});
  check_error(far, "\xff\xff\xff\xff\xff\xff\xff\xff"sv, {}, error::frame_too_long);
  const length_framing least(length_layout{width::eight, byte_order::big, 0,
                                           std::numeric_limits<std::int64_t>::min(), 10});
  check_both_ways(least, "a", "\x80\0\0\0\0\0\0\1a"sv);
}

TEST_CASE("framing: what comes before the length is the header") {
  using width = length_layout::width;
  const length_framing how(length_layout{width::two, byte_order::big, 3, 0, 10});
  CHECK(framed(how, "typab") == "typ\0\2ab"sv);
  CHECK(framed(how, "typ") == "typ\0\0"sv);
  CHECK(refused(how, "ty") == error::bad_frame);
  check_frames(how, "typ\0\2abpyt\0\0"sv, {"ab", ""});
  frame_buffer<length_framing> buffer(how);
  const auto wire = bytes_of("typ\0\2ab"sv);
  std::copy(wire.begin(), wire.end(), buffer.room().begin());
  buffer.filled(wire.size());
  std::error_code ec;
  const auto frame = buffer.next(ec);
  REQUIRE(frame);
  CHECK(text_of_frame(*frame) == "ab");
  CHECK(text_of_frame(buffer.header()) == "typ\0\2"sv);
}

TEST_CASE("framing: varints") {
  const varint_framing how(300);
  check_both_ways(how, "", "\0"sv);
  check_both_ways(how, "ab", "\2ab"sv);
  CHECK(framed(how, std::string(127, 'x')).substr(0, 2) == "\x7fx");
  CHECK(framed(how, std::string(128, 'x')).substr(0, 3) == "\x80\x01x");
  check_both_ways(how, std::string(300, 'x'), "\xac\x02" + std::string(300, 'x'));
  CHECK(refused(how, std::string(301, 'x')) == error::frame_too_long);
  check_error(how, "\1a\xad\x02", {"a"}, error::frame_too_long);
  // Longer than it need be.
  check_frames(how, "\x81\x80\x80\x80\x80\x80\x80\x80\x80\0a"sv, {"a"});
  check_error(how, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"sv, {}, error::frame_too_long);
  check_error(how, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\2"sv, {}, error::bad_frame);
  check_error(how, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"sv, {}, error::bad_frame);
  check_cut_short(how, "\x80\x80", {});
  check_cut_short(how, "\3ab", {});
}

TEST_CASE("framing: a frame that is written in pieces copies nothing") {
  const netstring_framing how;
  frame_marks marks;
  const std::string message = "hello";
  REQUIRE_FALSE(how.mark(bytes_of(message), marks));
  const auto pieces = marks.pieces(bytes_of(message));
  std::string wire;
  bool own = false;
  for (const auto piece : pieces) {
    wire += text_of_frame(piece);
    own = own || piece.data() == bytes_of(message).data();
  }
  CHECK(wire == "5:hello,");
  CHECK(own);
  CHECK(marks.size(bytes_of(message)) == wire.size());
}

TEST_CASE("frame buffer: memory comes with bytes and not with promises") {
  frame_buffer<length_framing> buffer(length_framing(length_layout{.max_frame_bytes = 1 << 20}),
                                      16);
  CHECK(buffer.capacity() == 0);
  std::error_code ec;
  const auto put = [&](std::size_t size, std::byte value) {
    const auto room = buffer.room();
    REQUIRE(room.size() >= size);
    std::fill_n(room.begin(), size, value);
    buffer.filled(size);
    CHECK_FALSE(buffer.next(ec));
    CHECK_FALSE(ec);
  };
  const auto header = bytes_of("\0\x10\0\0"sv);  // a mebibyte
  std::copy(header.begin(), header.end(), buffer.room().begin());
  buffer.filled(header.size());
  CHECK_FALSE(buffer.next(ec));
  CHECK(buffer.capacity() == 16);
  put(12, std::byte{'x'});
  put(1, std::byte{'x'});
  CHECK(buffer.capacity() == 32);
  CHECK(buffer.at_end() == error::unexpected_end);
  buffer.give_back();
  CHECK(buffer.capacity() == 32);
  std::size_t have = 17;
  while (have < (1 << 20) + 3) {
    const std::size_t size = std::min<std::size_t>(buffer.room().size(), (1 << 20) + 3 - have);
    CHECK(buffer.capacity() <= std::max<std::size_t>(16, 2 * have));
    put(size, std::byte{'y'});
    have += size;
  }
  const auto room = buffer.room();
  room[0] = std::byte{'z'};
  buffer.filled(1);
  const auto frame = buffer.next(ec);
  REQUIRE(frame);
  CHECK(frame->size() == 1 << 20);
  CHECK((*frame)[12] == std::byte{'x'});
  CHECK(frame->back() == std::byte{'z'});
  CHECK(buffer.capacity() == (1 << 20) + 4);
  CHECK(buffer.at_end() == error::end_of_stream);
  buffer.give_back();
  CHECK(buffer.capacity() == 0);
  CHECK_FALSE(buffer.next(ec));
  CHECK_FALSE(ec);
}

TEST_CASE("frame buffer: what follows a frame stays when it is taken") {
  frame_buffer<line_framing> buffer(line_framing(20), 16);
  const auto put = [&](std::string_view text) {
    const auto room = buffer.room();
    REQUIRE(room.size() >= text.size());
    std::copy(bytes_of(text).begin(), bytes_of(text).end(), room.begin());
    buffer.filled(text.size());
  };
  std::error_code ec;
  put("one\ntwo\nunfinish");
  CHECK(text_of_frame(*buffer.next(ec)) == "one");
  CHECK(text_of_frame(buffer.unread()) == "two\nunfinish");
  CHECK(text_of_frame(*buffer.next(ec)) == "two");
  CHECK(text_of_frame(buffer.unread()) == "unfinish");
  CHECK_FALSE(buffer.next(ec));
  put("ed\nraw");
  CHECK(buffer.capacity() == 16);
  CHECK(text_of_frame(*buffer.next(ec)) == "unfinished");
  CHECK(text_of_frame(buffer.unread()) == "raw");
}

TEST_CASE("frame buffer: an error stays") {
  frame_buffer<netstring_framing> buffer;
  const auto wire = bytes_of("1:a,1:bb1:c,");
  std::copy(wire.begin(), wire.end(), buffer.room().begin());
  buffer.filled(wire.size());
  std::error_code ec;
  CHECK(text_of_frame(*buffer.next(ec)) == "a");
  for (int each = 0; each < 3; ++each) {
    CHECK_FALSE(buffer.next(ec));
    CHECK(ec == condition::bad_frame);
  }
  CHECK(ec != condition::frame_too_long);
}
