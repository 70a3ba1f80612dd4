// SPDX-License-Identifier: MIT
// The two enumerations that every stream and descriptor speaks. Values only: the operations that
// take them are in the columns. Meanings follow poll(2) and shutdown(2).
#pragma once

namespace duet {

/// The direction in which a descriptor is waited for. Ready means that the next call in that
/// direction does not block; it may still fail, or report the end of the stream. @see poll(2)
enum class wait_type { read, write };

/// The half of a stream that shutdown ends: `receive` is SHUT_RD, `send` is SHUT_WR (the peer reads
/// the end of the stream once it has read what was sent), `both` is SHUT_RDWR. @see shutdown(2)
enum class shutdown_type { receive, send, both };

}  // namespace duet
