// SPDX-License-Identifier: MIT
// tokens: Asio's completion tokens that lived in asio::experimental once, under one name.
#pragma once

#if __has_include(<asio/deferred.hpp>)
#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>
namespace duet::test {
using asio::as_tuple;
using asio::deferred;
}  // namespace duet::test
#else
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/deferred.hpp>
namespace duet::test {
using asio::experimental::as_tuple;
using asio::experimental::deferred;
}  // namespace duet::test
#endif
