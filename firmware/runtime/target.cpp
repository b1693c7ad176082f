// The half of the runtime that is the same for all processors: start of the program, console,
// semihosting, measurement.
#include GRAVEN_BOARD_HEADER
#include "internal.hpp"

#include <cstring>

namespace firmware {
namespace {

/// Semihosting operations (ARM-software/abi-aa, semihosting.rst; the same numbers on RISC-V).
enum Operation : std::uintptr_t {
  sys_open = 0x01,
  sys_close = 0x02,
  sys_write = 0x05,
  sys_read = 0x06,
  sys_flen = 0x0c,
  sys_get_cmdline = 0x15,
  sys_exit_extended = 0x20
};
constexpr std::uintptr_t stopped_application_exit = 0x20026;

template <class... Words> std::uintptr_t host(Operation operation, Words... words) {
  if constexpr (!GRAVEN_SEMIHOSTING) return ~std::uintptr_t{};
  const std::uintptr_t block[] = {static_cast<std::uintptr_t>(words)...};
  return semihosting_call(operation, block);
}

std::uintptr_t address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

struct Arguments {
  static constexpr int most = 16;
  char text[512] = {};
  char* list[most + 1] = {};
  int count = 0;
};
constinit Arguments arguments;

/// The words after the first `--`. What stands before it is the emulator's: the image's path.
void read_arguments() {
  static char program[] = "image";
  arguments.list[arguments.count++] = program;
  std::uintptr_t block[] = {address(arguments.text), sizeof arguments.text};
  if (!GRAVEN_SEMIHOSTING || semihosting_call(sys_get_cmdline, block) != 0) return;
  bool ours = false;
  for (char* word = arguments.text; word && arguments.count < Arguments::most;) {
    char* const space = std::strchr(word, ' ');
    if (space) *space = '\0';
    if (ours && *word) arguments.list[arguments.count++] = word;
    ours = ours || std::strcmp(word, "--") == 0;
    word = space ? space + 1 : nullptr;
  }
}

}  // namespace

void put(char character) { board::console.put(character); }

void print(const char* text) {
  while (*text) put(*text++);
}

void print(std::uint64_t number) {
  char digits[20];
  int count = 0;
  do digits[count++] = static_cast<char>('0' + number % 10);
  while (number /= 10);
  while (count) put(digits[--count]);
}

void print_hex(std::uint32_t number) {
  print("0x");
  for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[number >> shift & 15]);
}

namespace {

constexpr std::uint32_t paint = 0xa5c3963cu;

/// Writes below the stack pointer: must not become a call.
[[gnu::always_inline]] inline void fill(volatile std::uint32_t* from, volatile std::uint32_t* to) {
  while (from < to) *from++ = paint;
}

/// Where the hardware can guard nothing, an overflow is found out afterwards.
bool guard_is_intact() {
  if (guard_is_closed()) return true;
  for (const volatile std::uint32_t* word = _stack_guard; word < _stack_limit; ++word)
    if (*word != paint) return false;
  return true;
}

}  // namespace

void exit(int code) {
  if (code != exit_fault && !guard_is_intact()) {
    print_line("fault: stack overflow, found at the program's end");
    code = exit_fault;
  }
  host(sys_exit_extended, stopped_application_exit, code);
  wait_forever();
}

bool File::open(const char* path, Mode mode) {
  constexpr int rb = 1, wb = 5;
  const auto result =
      host(sys_open, address(path), mode == Mode::read ? rb : wb, std::strlen(path));
  handle = static_cast<std::intptr_t>(result);
  return handle != -1;
}

bool File::read(std::span<std::byte> data) {
  return host(sys_read, handle, address(data.data()), data.size()) == 0;
}

bool File::write(std::span<const std::byte> data) {
  return host(sys_write, handle, address(data.data()), data.size()) == 0;
}

std::int64_t File::size() { return static_cast<std::intptr_t>(host(sys_flen, handle)); }

bool File::close() { return host(sys_close, handle) == 0; }

namespace {

constexpr std::size_t top_words = 64;  // the part of the stack that reading the counter soils
volatile std::uint32_t top[top_words];

struct Raw {
  Count from, to;
  const std::uint32_t* stack_pointer;
};

/// Between the two readings everything but the routine is of constant length. The top of the stack
/// is painted after the first reading and kept before the second.
[[gnu::noinline]] Raw measure_raw(void (*routine)(void*), void* context) {
  std::uint32_t* const sp = stack_pointer();
  fill(_stack_limit, sp);
  const Count from = count();
  fill(sp - top_words, sp);
  routine(context);
  const volatile std::uint32_t* const soiled = sp - top_words;
  for (std::size_t i = 0; i < top_words; ++i) top[i] = soiled[i];
  return {from, count(), sp};
}

std::size_t stack_used(const std::uint32_t* sp) {
  const std::uint32_t* const end = sp - top_words;
  const std::uint32_t* lowest = _stack_limit;
  while (lowest < end && *lowest == paint) ++lowest;
  if (lowest == end)
    for (std::size_t i = 0; i < top_words && top[i] == paint; ++i) ++lowest;
  return static_cast<std::size_t>(sp - lowest) * sizeof *sp;
}

}  // namespace

Measurement measure(void (*routine)(void*), void* context) {
  constexpr std::uint64_t empty_length = 1;
  const Raw empty = measure_raw(empty_routine, nullptr);
  const std::uint64_t overhead = to_unit(fractions(empty.from, empty.to)) - empty_length;
  const Raw raw = measure_raw(routine, context);
  return {to_unit(fractions(raw.from, raw.to)) - overhead, stack_used(raw.stack_pointer)};
}

}  // namespace firmware

void run_program() {
  // Volatile: the compiler must not make calls of these loops, as nothing is ready yet.
  volatile std::uint32_t* to = _data_start;
  for (const std::uint32_t* from = _data_load; to < _data_end;) *to++ = *from++;
  for (to = _bss_start; to < _bss_end;) *to++ = 0;
  for (auto constructor = _init_array_start; constructor < _init_array_end;) (*constructor++)();
  if (!firmware::guard_is_closed()) firmware::fill(_stack_guard, _stack_limit);
  board::console.open();
  firmware::start_counter();
  firmware::read_arguments();
  firmware::exit(program_main(firmware::arguments.count, firmware::arguments.list));
}
