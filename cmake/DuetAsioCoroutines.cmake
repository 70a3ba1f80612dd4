# SPDX-License-Identifier: MIT
# Asio 1.22.1 does not recognise clang's C++20 coroutines with libstdc++; with these two macros clang 16
# compiles and runs them. They are set for duet's own tests, examples and benchmarks only (top-level
# builds): in an embedder's build Asio's macros are the embedder's.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_compile_definitions(ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE)
endif()
