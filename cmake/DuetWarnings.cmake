# SPDX-License-Identifier: MIT
# Warnings for every target of this tree. Included only when duet is the top-level project.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(DUET_WARNINGS_AS_ERRORS)
  add_compile_options(-Werror)
endif()
