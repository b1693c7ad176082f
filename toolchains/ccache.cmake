# Compiles by way of ccache, where it is installed and nothing else is asked for. Paths below the
# repository count as relative, so that another clone finds what this one has compiled (but for
# builds with symbols, which name the folder).
if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(GRAVEN_CCACHE ccache NO_CMAKE_FIND_ROOT_PATH)
  cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH repository)
  set(place CCACHE_BASEDIR=${repository} CCACHE_NOHASHDIR=1 CCACHE_ABSSTDERR=1)
  if(CMAKE_BUILD_TYPE MATCHES "Deb")
    set(place)
  endif()
  if(GRAVEN_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env ${place} ${GRAVEN_CCACHE})
  endif()
endif()
