// SPDX-License-Identifier: MIT
// Fuzz target of the framings: the frames in some bytes do not depend on how the bytes were cut, what was found can be written and reads
// back, what can be written reads back, and no more memory is taken than the limit says. The input's first four bytes choose the
// framing, its limit and the cuts.
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "duet/policy/frame_buffer.hpp"
#include "duet/policy/frame_length.hpp"
#include "duet/policy/frame_text.hpp"
#include "fuzz.hpp"

namespace {

using namespace duet::policy;
using fuzz::require;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
std::string text_of_bytes(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct found {
  std::vector<std::string>
      messages;  ///< as they would be written: bytes before a length belong to them
  std::error_code ec;
  bool whole = true;
  bool operator==(const found&) const = default;
};

/// What a writer has to be given for this frame: of a header that is the part before the length field.
std::string message_of(std::span<const std::byte> header, std::span<const std::byte> payload,
                       std::size_t offset) {
  return text_of_bytes(header.first(offset)) + text_of_bytes(payload);
}

template <class Framing>
found find_all(const Framing& how, std::string_view wire, std::size_t offset, std::size_t piece,
               std::size_t read_bytes) {
  frame_buffer<Framing> buffer(how, read_bytes);
  const std::string whole(wire);
  found result;
  for (;;) {
    while (const auto frame = buffer.next(result.ec))
      result.messages.push_back(message_of(buffer.header(), *frame, offset));
    if (result.ec || wire.empty()) break;
    const auto room = buffer.room();
    require(!room.empty(), "there is room when more is needed", whole);
    const std::size_t size = std::min({room.size(), piece, wire.size()});
    std::copy_n(bytes_of(wire).begin(), size, room.begin());
    buffer.filled(size);
    wire.remove_prefix(size);
  }
  require(buffer.capacity() <= std::max(read_bytes, how.max_bytes()), "memory is bounded", whole);
  require(result.ec ||
              text_of_bytes(buffer.unread()) == whole.substr(whole.size() - buffer.unread().size()),
          "what is unread is the end", whole);
  result.whole = result.ec || buffer.at_end() == duet::error::end_of_stream;
  return result;
}

/// `writer` may differ from `how` in what it writes, not in what it reads.
template <class Framing>
void try_framing(const Framing& how, const Framing& writer, std::string_view wire,
                 std::size_t piece, std::size_t offset = 0) {
  const found all = find_all(how, wire, offset, wire.size() + 1, 1 + piece);
  require(find_all(how, wire, offset, 1, 1) == all, "byte by byte finds the same", wire);
  require(find_all(how, wire, offset, 1 + piece, 4096) == all, "any cut finds the same", wire);

  std::vector<std::byte> written;
  for (const std::string& each : all.messages)
    require(!append_frame(writer, bytes_of(each), written), "what was read can be written", each);
  require(find_all(how, text_of_bytes(written), offset, 1 + piece, 4096) ==
              found{all.messages, {}, true},
          "what was read is written alike", wire);

  written.clear();
  const std::string message(wire);
  if (append_frame(writer, bytes_of(message), written)) return;
  require(!append_frame(writer, bytes_of(message), written), "a message can be written again",
          wire);
  require(find_all(how, text_of_bytes(written), offset, 1 + piece, 4096) ==
              found{{message, message}, {}, true},
          "what was written reads back", wire);
}

void try_length(std::uint8_t choice, std::size_t most, std::string_view wire, std::size_t piece) {
  using width = length_layout::width;
  constexpr width widths[] = {width::one, width::two, width::four, width::eight};
  length_layout layout;
  layout.field = widths[choice & 3];
  layout.order = (choice & 4) != 0 ? byte_order::little : byte_order::big;
  layout.offset = (choice >> 3) & 3;
  layout.adjustment = ((choice >> 5) & 7) - 4;
  layout.max_frame_bytes = most;
  try_framing(length_framing(layout), length_framing(layout), wire, piece, layout.offset);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const std::size_t most = data[1];
  const std::size_t piece = data[2];
  const std::string wire = fuzz::text_of(data + 4, size - 4);
  switch (data[0] % 5) {
    case 0:
      try_framing(line_framing(most), line_framing(most, line_framing::ending::cr_lf), wire, piece);
      break;
    case 1: {
      // A delimiter of few kinds of bytes, for it to be met.
      std::string mark;
      for (unsigned each = 0; each <= (data[3] & 3U); ++each)
        mark += (data[3] >> (4 + each) & 1U) != 0 ? 'a' : 'b';
      try_framing(delimiter_framing(mark, most), delimiter_framing(mark, most), wire, piece);
      break;
    }
    case 2: try_framing(netstring_framing(most), netstring_framing(most), wire, piece); break;
    case 3: try_length(data[3], most, wire, piece); break;
    default: try_framing(varint_framing(most), varint_framing(most), wire, piece); break;
  }
  return 0;
}
