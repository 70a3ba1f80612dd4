# SPDX-License-Identifier: MIT
# duet_precompile_asio(TARGET OWNER): with DUET_QUICK_BUILD TARGET begins with a precompiled <asio.hpp>, the one that the target OWNER makes.
# For programs alike: same compiler flags and definitions. Reading Asio is most of what compiling a small program takes.
function(duet_precompile_asio target owner)
  if(NOT DUET_QUICK_BUILD)
    return()
  endif()
  if(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE <asio.hpp>)
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()
