# SPDX-License-Identifier: MIT
# cpack: Debian packages, one with the programs (duet) and one to build against (libduet-dev), and a tarball that works wherever it is
# unpacked. With SOURCE_DATE_EPOCH in the environment the same tree gives the same bytes.
#   cpack -G DEB --config build/release/CPackConfig.cmake
#   cpack -G TGZ --config build/release/CPackConfig.cmake
set(CPACK_PACKAGE_NAME duet)
set(CPACK_PACKAGE_VENDOR duet)
set(CPACK_PACKAGE_CONTACT "The authors of duet <duet@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_INSTALL_DIRECTORY duet)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL duet_runtime duet_development)
set(CPACK_PACKAGE_FILE_NAME "duet-${PROJECT_VERSION}-${CMAKE_SYSTEM_PROCESSOR}")

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE "")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_DUET_RUNTIME_PACKAGE_NAME duet)
set(CPACK_DEBIAN_DUET_RUNTIME_PACKAGE_SECTION net)
set(CPACK_DEBIAN_DUET_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_DUET_RUNTIME_DESCRIPTION
  "Echo and resolve programs
duet-echo serves, sends, measures and probes over TCP, UDP and UNIX sockets;
duet-resolve tells what a program on this host is told of a name.")
set(CPACK_DEBIAN_DUET_DEVELOPMENT_PACKAGE_NAME libduet-dev)
set(CPACK_DEBIAN_DUET_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DUET_DEVELOPMENT_PACKAGE_RECOMMENDS "libasio-dev (>= 1:1.22.1)")
set(CPACK_COMPONENT_DUET_DEVELOPMENT_DESCRIPTION
  "Headers and libraries of duet
Networking parts on Asio (duet::on_asio, headers only) and on bare POSIX
(duet::on_posix), with CMake package and pkg-config file.")

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/duet
  RENAME copyright COMPONENT duet_runtime)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libduet-dev
  RENAME copyright COMPONENT duet_development)
include(CPack)
