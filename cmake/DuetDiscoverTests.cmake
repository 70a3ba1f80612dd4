# SPDX-License-Identifier: MIT
# Run after a test program is linked (cmake -P): asks it for its cases as XML and writes one add_test a case.
# Input: program, suite, labels, timeout, environment, working_directory, output.
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

string(REGEX MATCHALL "<TestCase [^\n]*" lines "${xml}")
set(script "")
set(seen "")
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

  set(case_labels ${labels})
  if(line MATCHES " testsuite=\"([^\"]*)\"")
    separate_arguments(words UNIX_COMMAND "${CMAKE_MATCH_1}")
    list(APPEND case_labels ${words})
  endif()
  list(REMOVE_DUPLICATES case_labels)

  string(APPEND script
    "add_test([==[${suite}/${name}]==] [==[${program}]==] [==[--test-case=${name}]==])\n"
    "set_tests_properties([==[${suite}/${name}]==] PROPERTIES TIMEOUT ${timeout} "
    "SKIP_RETURN_CODE 77 WORKING_DIRECTORY [==[${working_directory}]==] "
    "LABELS [==[${case_labels}]==] ENVIRONMENT [==[${environment}]==])\n")
endforeach()

if(NOT seen)
  message(FATAL_ERROR "${program} has no test case")
endif()
file(WRITE "${output}" "${script}")
