# SPDX-License-Identifier: MIT
# Finds stand-alone Asio (header-only, no package of its own in most distributions).
#   DUET_ASIO_INCLUDE_DIR, Asio_ROOT   where to look first
#   Asio::Asio                         imported target; defines ASIO_STANDALONE
#   Asio_VERSION                       from asio/version.hpp, e.g. 1.22.1
# Installed beside duetConfig.cmake, which calls it only for the component on_asio.
if(DUET_ASIO_INCLUDE_DIR)
  # Never fall back: a mistyped folder must not silently mean the system's Asio.
  unset(Asio_INCLUDE_DIR CACHE)
  find_path(Asio_INCLUDE_DIR asio.hpp PATHS "${DUET_ASIO_INCLUDE_DIR}" NO_DEFAULT_PATH)
else()
  find_path(Asio_INCLUDE_DIR asio.hpp)
endif()
mark_as_advanced(Asio_INCLUDE_DIR)

if(Asio_INCLUDE_DIR AND EXISTS "${Asio_INCLUDE_DIR}/asio/version.hpp")
  file(STRINGS "${Asio_INCLUDE_DIR}/asio/version.hpp" asio_version_line
    REGEX "^#define ASIO_VERSION [0-9]+")
  string(REGEX MATCH "[0-9]+" asio_version_number "${asio_version_line}")
  math(EXPR asio_major "${asio_version_number} / 100000")
  math(EXPR asio_minor "${asio_version_number} / 100 % 1000")
  math(EXPR asio_patch "${asio_version_number} % 100")
  set(Asio_VERSION "${asio_major}.${asio_minor}.${asio_patch}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Asio
  REQUIRED_VARS Asio_INCLUDE_DIR
  VERSION_VAR Asio_VERSION
  REASON_FAILURE_MESSAGE "install libasio-dev, or set DUET_ASIO_INCLUDE_DIR to the folder of asio.hpp")

if(Asio_FOUND AND NOT TARGET Asio::Asio)
  find_package(Threads REQUIRED)
  add_library(Asio::Asio INTERFACE IMPORTED GLOBAL)
  target_include_directories(Asio::Asio SYSTEM INTERFACE "${Asio_INCLUDE_DIR}")
  target_compile_definitions(Asio::Asio INTERFACE ASIO_STANDALONE)
  target_link_libraries(Asio::Asio INTERFACE Threads::Threads)
endif()
