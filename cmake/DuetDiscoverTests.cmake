# SPDX-License-Identifier: MIT
# Run after a test program is linked (cmake -P): asks it for its cases as XML and writes one add_test a case; or, if `together`, one for all
# whose names are alike up to the colon, sixteen at most (tests/support/each_apart.hpp). Cases in the doctest::test_suite("own-process") are
# not among them: ThreadSanitizer has a thread of its own in a forked process.
# Input: program, suite, labels, timeout, environment, working_directory, output, together.
cmake_minimum_required(VERSION 3.25)

execute_process(
  COMMAND "${program}" --list-test-cases --reporters=xml --no-colors=1
  OUTPUT_VARIABLE xml
  ERROR_VARIABLE errors
  RESULT_VARIABLE result
  WORKING_DIRECTORY "${working_directory}")
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${program} could not list its cases (${result}):\n${xml}\n${errors}")
endif()

# A semicolon would split CMake's lists, and every XML entity ends in one: a control character stands in.
string(ASCII 2 semicolon)
string(REPLACE ";" "${semicolon}" xml "${xml}")

# text of an XML attribute -> plain text
function(unescape text out)
  string(REPLACE "${semicolon}" ";" text "${text}")
  string(REPLACE "&lt;" "<" text "${text}")
  string(REPLACE "&gt;" ">" text "${text}")
  string(REPLACE "&quot;" "\"" text "${text}")
  string(REPLACE "&apos;" "'" text "${text}")
  string(REPLACE "&amp;" "&" text "${text}")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# Appends to `script`. The rest: the program's arguments.
function(add_case case labels seconds)
  set(arguments "")
  foreach(argument IN ITEMS ${ARGN})
    string(APPEND arguments " [==[${argument}]==]")
  endforeach()
  string(APPEND script
    "add_test([==[${suite}/${case}]==] [==[${program}]==]${arguments})\n"
    "set_tests_properties([==[${suite}/${case}]==] PROPERTIES TIMEOUT ${seconds} "
    "SKIP_RETURN_CODE 77 WORKING_DIRECTORY [==[${working_directory}]==] "
    "LABELS [==[${labels}]==] ENVIRONMENT [==[${environment}]==])\n")
  set(script "${script}" PARENT_SCOPE)
endfunction()

# One test of the cases in `kept`, which it empties. Its number makes its name its own.
macro(add_kept)
  if(kept)
    list(LENGTH kept count)
    list(JOIN kept "," names)
    math(EXPR seconds "${timeout} * ${count}")
    string(MAKE_C_IDENTIFIER "${kept_subject}" id)
    math(EXPR number_of_${id} "0${number_of_${id}} + 1")
    add_case("${kept_subject} ${number_of_${id}}" "${kept_labels}" "${seconds}" "--each-apart=${timeout}" "--test-case=${names}")
    set(kept "")
  endif()
endmacro()

string(REGEX MATCHALL "<TestCase [^\n]*" lines "${xml}")
set(script "")
set(seen "")
set(kept "")
set(kept_subject "")
set(kept_labels "")
foreach(line IN LISTS lines)
  if(NOT line MATCHES " name=\"([^\"]*)\"")
    message(FATAL_ERROR "${program}: a case without a name: ${line}")
  endif()
  set(raw "${CMAKE_MATCH_1}")
  unescape("${raw}" name)
  if(name MATCHES "[][;,\\*?]")
    message(FATAL_ERROR "${program}: \"${name}\": no [ ] ; , * ? or backslash in a case's name: "
      "they mean something to ctest and to doctest's filter")
  endif()
  string(TOLOWER "${name}" key)
  if(key IN_LIST seen)
    message(FATAL_ERROR "${program}: two cases are called \"${name}\" (case does not count)")
  endif()
  list(APPEND seen "${key}")

  set(case_words "")
  if(line MATCHES " testsuite=\"([^\"]*)\"")
    separate_arguments(case_words UNIX_COMMAND "${CMAKE_MATCH_1}")
  endif()
  set(case_labels ${labels} ${case_words})
  list(REMOVE_DUPLICATES case_labels)

  if(NOT together OR "own-process" IN_LIST case_words)
    add_case("${name}" "${case_labels}" "${timeout}" "--test-case=${name}")
    continue()
  endif()
  string(REGEX REPLACE ":.*" "" subject "${name}")
  list(LENGTH kept count)
  if(NOT "${subject}|${case_labels}" STREQUAL "${kept_subject}|${kept_labels}" OR count EQUAL 16)
    add_kept()
  endif()
  set(kept_subject "${subject}")
  set(kept_labels "${case_labels}")
  list(APPEND kept "${name}")
endforeach()
add_kept()

if(NOT seen)
  message(FATAL_ERROR "${program} has no test case")
endif()
file(WRITE "${output}" "${script}")
