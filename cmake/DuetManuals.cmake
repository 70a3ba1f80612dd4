# SPDX-License-Identifier: MIT
# duet_add_manuals(TARGET [NOT_INSTALLED] [COMMANDS name...]): the manual page and the completions of a program, made from its own --help
# whenever it is linked, and installed with it. COMMANDS: those that its help tells of in prose only.
include(GNUInstallDirs)
find_package(Python3 3.9 COMPONENTS Interpreter)

function(duet_add_manuals target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NOT_INSTALLED" "" "COMMANDS")
  if(NOT Python3_Interpreter_FOUND OR CMAKE_CROSSCOMPILING OR DUET_SANITIZE)
    return()
  endif()
  set(folder ${PROJECT_BINARY_DIR}/manuals)
  set(maker ${PROJECT_SOURCE_DIR}/tools/manuals)
  list(TRANSFORM arg_COMMANDS PREPEND "--command=")
  set(made ${folder}/${target}.1 ${folder}/${target}.bash ${folder}/_${target} ${folder}/${target}.fish)
  add_custom_command(OUTPUT ${made}
    COMMAND ${Python3_EXECUTABLE} -B ${maker}/make_manuals.py $<TARGET_FILE:${target}> ${folder} ${arg_COMMANDS}
    DEPENDS ${target} ${maker}/make_manuals.py ${maker}/help_text.py ${maker}/man_page.py ${maker}/completions.py
    VERBATIM)
  add_custom_target(${target}-manuals ALL DEPENDS ${made})
  if(DUET_INSTALL AND NOT arg_NOT_INSTALLED)
    install(FILES ${folder}/${target}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT duet_runtime)
    install(FILES ${folder}/${target}.bash RENAME ${target}
      DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT duet_runtime)
    install(FILES ${folder}/_${target}
      DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT duet_runtime)
    install(FILES ${folder}/${target}.fish
      DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT duet_runtime)
  endif()
endfunction()
