// What an application of this folder may use, the same on the host and on a target: console, files,
// exit, and the measurement of a routine. On a target, files and arguments come by semihosting.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace firmware {

/// Exit codes beside 0: bad arguments or files, and an exception of the processor.
inline constexpr int exit_bad_input = 2;
inline constexpr int exit_fault = 70;

void put(char character);
void print(const char* text);
void print(std::uint64_t number);
void print(std::signed_integral auto number) {
  if (number < 0) print("-");
  const auto value = static_cast<std::uint64_t>(number);
  print(number < 0 ? 0 - value : value);
}
void print(std::unsigned_integral auto number) { print(static_cast<std::uint64_t>(number)); }
void print_hex(std::uint32_t number);

/// Prints all arguments and a line end.
void print_line(const auto&... parts) {
  (print(parts), ...);
  print("\n");
}

/// FNV-1a: by it a test tells whether two machines hold the same bytes.
constexpr std::uint32_t hash(std::span<const std::byte> bytes) {
  std::uint32_t hash = 2166136261u;
  for (const std::byte b : bytes) hash = (hash ^ static_cast<std::uint8_t>(b)) * 16777619u;
  return hash;
}

[[noreturn]] void exit(int code);

/// A file of the machine that runs the program or its emulator. Calls return false or -1 on
/// failure.
struct File {
  enum class Mode { read, write };
  std::intptr_t handle = -1;

  bool open(const char* path, Mode mode);
  bool read(std::span<std::byte> data);
  bool write(std::span<const std::byte> data);
  std::int64_t size();
  bool close();
};

/// What the counter counts: instructions in the emulator, cycles on silicon, nothing on the host.
enum class Unit { none, instructions, cycles };
Unit counter_unit();

/// A reading of the counter. Reading costs a constant number of instructions.
struct Count {
  std::uint32_t low, high;
};
Count count();
/// From one reading to another, in fractions of the unit: may be added up, then taken to the unit.
std::uint64_t fractions(Count from, Count to);
std::uint64_t to_unit(std::uint64_t fractions);

struct Measurement {
  std::uint64_t count;  ///< what the routine executed, its return included
  std::size_t stack;    ///< bytes from its caller's stack pointer to the deepest byte written
};
Measurement measure(void (*routine)(void*), void* context);

}  // namespace firmware
