# SPDX-License-Identifier: MIT
# duet_add_test_suite: one doctest program, every case of it one ctest test in its own process. Under a sanitizer, where a start takes longer
# than most cases, a ctest test is up to sixteen cases of one subject ("server: ..."), each in a forked process, but for those in the
# doctest::test_suite("own-process").
#
#   duet_add_test_suite(NAME unit                 the program is duet-test-NAME, tests are "NAME/case"
#     SOURCES a.cpp b.cpp
#     LIBS duet::core                             what the cases need; doctest and the main come by themselves
#     [LABELS words...]                           ctest labels; NAME is always one
#     [TIMEOUT seconds]                           default 60
#     [PCH]                                       precompile Asio and doctest (needs duet::on_asio in LIBS)
#     [JOIN]                                      let DUET_QUICK_BUILD join files; PCH says so, too
#     [ALONE a.cpp...]                            but not these, whose names are also others'
#     [THREADS a.cpp...]                          the tests with several threads, if not all may have them: a ThreadSanitizer build has
#                                                 no others, and a thread elsewhere fails (tests/support/thread_watch.hpp)
#     [ENVIRONMENT K=V...] [DEFINITIONS K=V...])
#
# doctest's own discovery is not used: it knows no labels of a case. Here the words of a case's
# doctest::test_suite become labels too: TEST_CASE("..." * doctest::test_suite("no-tsan")).
set(duet_discover_script "${CMAKE_CURRENT_LIST_DIR}/DuetDiscoverTests.cmake")

function(duet_add_test_suite)
  cmake_parse_arguments(PARSE_ARGV 0 arg "PCH;JOIN" "NAME;TIMEOUT" "SOURCES;LIBS;LABELS;ENVIRONMENT;DEFINITIONS;ALONE;THREADS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_NAME OR NOT arg_SOURCES)
    message(FATAL_ERROR "duet_add_test_suite: NAME and SOURCES are needed; not understood: "
      "${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()

  if(arg_THREADS)
    if(DUET_SANITIZE MATCHES "thread")
      list(FILTER arg_SOURCES EXCLUDE REGEX "_test\\.cpp$")
      list(APPEND arg_SOURCES ${arg_THREADS})
    endif()
    list(JOIN arg_THREADS "|" threads)
    list(APPEND arg_ENVIRONMENT "DUET_TEST_THREADS=${threads}")
  endif()

  set(program duet-test-${arg_NAME})
  add_executable(${program} ${arg_SOURCES})
  target_link_libraries(${program} PRIVATE ${arg_LIBS} duet_test_support)
  target_compile_definitions(${program} PRIVATE ${arg_DEFINITIONS})
  if(arg_PCH)
    target_precompile_headers(${program} REUSE_FROM duet_test_pch_asio)
    target_link_libraries(${program} PRIVATE duet::on_asio)
  endif()
  # Twelve files as one read their headers and instantiate Asio and the columns once. The other suites have less to save.
  if((arg_PCH OR arg_JOIN) AND DUET_QUICK_BUILD)
    set_target_properties(${program} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
    set_source_files_properties(${arg_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  else()
    set_target_properties(${program} PROPERTIES UNITY_BUILD OFF)
  endif()

  set(together OFF)
  if(DUET_SANITIZE)
    set(together ON)
  endif()
  set(tests_file "${CMAKE_CURRENT_BINARY_DIR}/${program}-tests.cmake")
  add_custom_command(TARGET ${program} POST_BUILD
    BYPRODUCTS "${tests_file}"
    COMMAND ${CMAKE_COMMAND}
      -D "program=$<TARGET_FILE:${program}>"
      -D "suite=${arg_NAME}"
      -D "labels=${arg_NAME};${arg_LABELS}"
      -D "timeout=${arg_TIMEOUT}"
      -D "environment=${arg_ENVIRONMENT}"
      -D "working_directory=${CMAKE_CURRENT_BINARY_DIR}"
      -D "output=${tests_file}"
      -D "together=${together}"
      -P "${duet_discover_script}"
    VERBATIM)

  # A program that was not built is a failing test, not a missing one.
  set(include_file "${CMAKE_CURRENT_BINARY_DIR}/${program}-include.cmake")
  file(CONFIGURE OUTPUT "${include_file}" @ONLY CONTENT [=[
if(EXISTS "@tests_file@")
  include("@tests_file@")
else()
  add_test("@arg_NAME@/not built" "@program@-not-built")
endif()
]=])
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${include_file}")
endfunction()
