# SPDX-License-Identifier: MIT
# install: headers, libraries, the CMake package and duet.pc. One export set a component, so that a component can
# be loaded without the dependencies of the others.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(duet_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/duet)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/duet
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT duet_development
  FILES_MATCHING PATTERN "*.hpp")

foreach(component core os on_posix on_asio duet)
  if(TARGET duet_${component})
    install(TARGETS duet_${component}
      EXPORT duet-${component}
      ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT duet_development
      LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT duet_development)
    install(EXPORT duet-${component}
      NAMESPACE duet::
      DESTINATION ${duet_package_dir}
      COMPONENT duet_development)
  endif()
endforeach()

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/duetConfig.cmake.in
  ${PROJECT_BINARY_DIR}/duetConfig.cmake
  INSTALL_DESTINATION ${duet_package_dir}
  NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Before 1.0 a minor version may break: 0.1 does not stand in for 0.2.
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/duetConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/duetConfig.cmake
  ${PROJECT_BINARY_DIR}/duetConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindAsio.cmake
  DESTINATION ${duet_package_dir}
  COMPONENT duet_development)

# Relative to the .pc file itself, so that an installed tree can be moved.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
  BASE_DIRECTORY "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" OUTPUT_VARIABLE duet_pc_prefix)
set(duet_pc_definitions "$<$<BOOL:${DUET_FAULT_SEAM}>: -DDUET_FAULT_SEAM=1>")
configure_file(${PROJECT_SOURCE_DIR}/cmake/duet.pc.in ${PROJECT_BINARY_DIR}/duet.pc.gen @ONLY)
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/duet.pc INPUT ${PROJECT_BINARY_DIR}/duet.pc.gen)
install(FILES ${PROJECT_BINARY_DIR}/duet.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT duet_development)
