# SPDX-License-Identifier: MIT
# Asio's arms on io_uring, and the peers: other people's libraries and languages. Each is a target where its package is found.

# set: duet-comparison-uring or -peers; name, source: the arm; then what it is measured with
function(duet_bench_optional_arm set name source)
  add_executable(duet-arm-${name} EXCLUDE_FROM_ALL arms/${source})
  target_link_libraries(duet-arm-${name} PRIVATE duet_bench_arm ${ARGN})
  add_dependencies(${set} duet-arm-${name})
endfunction()

function(duet_bench_missing_arm set name package)
  add_custom_target(duet-arm-${name}-missing
    COMMAND ${CMAKE_COMMAND} -E echo "arm ${name}: left out, ${package} is not installed")
  add_dependencies(${set} duet-arm-${name}-missing)
endfunction()

find_path(DUET_URING_INCLUDE liburing.h)
find_library(DUET_URING_LIBRARY uring)
find_path(DUET_LIBUV_INCLUDE uv.h)
find_library(DUET_LIBUV_LIBRARY uv)
find_path(DUET_LIBEVENT_INCLUDE event2/event.h)
find_library(DUET_LIBEVENT_LIBRARY event_core)
find_path(DUET_BOOST_INCLUDE boost/asio.hpp)
find_program(DUET_GO go)
find_program(DUET_NODE NAMES node nodejs)
mark_as_advanced(DUET_URING_INCLUDE DUET_URING_LIBRARY DUET_LIBUV_INCLUDE DUET_LIBUV_LIBRARY
  DUET_LIBEVENT_INCLUDE DUET_LIBEVENT_LIBRARY DUET_BOOST_INCLUDE DUET_GO DUET_NODE)

set(uring duet-comparison-uring)
set(peers duet-comparison-peers)

if(DUET_URING_INCLUDE AND DUET_URING_LIBRARY)
  duet_bench_optional_arm(${uring} asio-uring on_asio.cpp duet::on_asio)
  duet_bench_optional_arm(${uring} asio-stock-uring asio_stock.cpp duet::core Asio::Asio)
  duet_bench_optional_arm(${uring} asio-coro-uring asio_coro.cpp duet::core Asio::Asio)
  foreach(arm IN ITEMS asio asio-stock asio-coro)
    target_compile_definitions(duet-arm-${arm}-uring PRIVATE ASIO_HAS_IO_URING ASIO_DISABLE_EPOLL)
    target_link_libraries(duet-arm-${arm}-uring PRIVATE ${DUET_URING_LIBRARY})
  endforeach()
else()
  duet_bench_missing_arm(${uring} uring liburing-dev)
endif()

if(DUET_LIBUV_INCLUDE AND DUET_LIBUV_LIBRARY)
  duet_bench_optional_arm(${peers} libuv peers/libuv.cpp duet::os ${DUET_LIBUV_LIBRARY})
else()
  duet_bench_missing_arm(${peers} libuv libuv1-dev)
endif()

if(DUET_LIBEVENT_INCLUDE AND DUET_LIBEVENT_LIBRARY)
  duet_bench_optional_arm(${peers} libevent peers/libevent.cpp duet::os ${DUET_LIBEVENT_LIBRARY})
else()
  duet_bench_missing_arm(${peers} libevent libevent-dev)
endif()

if(DUET_BOOST_INCLUDE)
  duet_bench_optional_arm(${peers} boost-asio asio_stock.cpp duet::core)
  target_compile_definitions(duet-arm-boost-asio PRIVATE DUET_BENCH_BOOST)
else()
  duet_bench_missing_arm(${peers} boost-asio libboost-dev)
endif()

if(DUET_NODE)
  duet_bench_optional_arm(${peers} node peers/node.cpp duet::os)
  target_compile_definitions(duet-arm-node PRIVATE
    "DUET_BENCH_NODE_SCRIPT=\"${CMAKE_CURRENT_SOURCE_DIR}/arms/peers/echo.mjs\"")
else()
  duet_bench_missing_arm(${peers} node nodejs)
endif()

if(DUET_GO)
  set(go_arm $<TARGET_FILE_DIR:duet-bench>/duet-arm-go)
  add_custom_target(duet-arm-go
    # One file of the standard library's own, no module, no C: whatever the user has set for other programs is left out.
    COMMAND ${CMAKE_COMMAND} -E env GOFLAGS= GO111MODULE=off CGO_ENABLED=0
      GOPATH=${CMAKE_CURRENT_BINARY_DIR}/go GOCACHE=${CMAKE_CURRENT_BINARY_DIR}/go-cache
      ${DUET_GO} build -o ${go_arm} ${CMAKE_CURRENT_SOURCE_DIR}/arms/peers/echo.go
    VERBATIM)
  add_dependencies(${peers} duet-arm-go)
else()
  duet_bench_missing_arm(${peers} go golang-go)
endif()
