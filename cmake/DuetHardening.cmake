# SPDX-License-Identifier: MIT
# Hardening of release builds, which are also the builds that are measured. Sanitizers bring their own
# checks and do not mix with _FORTIFY_SOURCE, so those builds are left alone.
if(DUET_HARDENING AND NOT DUET_SANITIZE)
  set(duet_is_release "$<CONFIG:Release,RelWithDebInfo,MinSizeRel>")
  # -U first: some distributions' compilers define a level of their own.
  add_compile_options(
    "$<${duet_is_release}:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2;-fstack-protector-strong>")
  add_compile_definitions("$<${duet_is_release}:_GLIBCXX_ASSERTIONS>")
  add_link_options("$<${duet_is_release}:LINKER:-z,relro,-z,now>")

  # PIE for the libraries too, not PIC: under -fPIC every exported function may be replaced at run time, so the
  # compiled column would lose inlining that the header-only column keeps, and the comparison its fairness.
  if(NOT CMAKE_POSITION_INDEPENDENT_CODE AND NOT BUILD_SHARED_LIBS)
    add_compile_options("$<${duet_is_release}:-fPIE>")
    add_link_options("$<$<AND:${duet_is_release},$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>>:-pie>")
  endif()
endif()
