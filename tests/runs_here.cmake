# On a processor without the instructions that the compiler's flags ask for, programs are built and
# their tests skipped: what would run them says so, and ends with the exit code of a skipped test.
include(CheckCXXSourceRuns)

if(NOT CMAKE_CROSSCOMPILING)
  check_cxx_source_runs([[
#if defined(__AVXVNNI__)
#include <cpuid.h>
#endif
int main() {
#if defined(__AVXVNNI__)  // clang 14 has no name for it
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 1, &a, &b, &c, &d) || !(a & 1u << 4)) return 1;
#endif
#if defined(__AVX512VNNI__)
  return __builtin_cpu_supports("avx512vnni") ? 0 : 1;
#elif defined(__AVX2__)
  return __builtin_cpu_supports("avx2") ? 0 : 1;
#endif
}
]] GRAVEN_RUNS_HERE)
  if(NOT GRAVEN_RUNS_HERE)
    message(STATUS "graven: this processor lacks instructions of '${CMAKE_CXX_FLAGS}': tests skip")
    set(CMAKE_CROSSCOMPILING_EMULATOR
      sh -c "echo 'skipped: this processor lacks instructions of the program' && exit 77")
  endif()
endif()
