# SPDX-License-Identifier: MIT
# Sanitizers for every target of this tree, from DUET_SANITIZE. A finding ends the process.
if(DUET_SANITIZE)
  add_compile_options(-fsanitize=${DUET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${DUET_SANITIZE})
endif()
