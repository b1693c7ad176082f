// Cortex-M: vector table, reset, faults, and an instruction counter made of SysTick.
// Registers: Armv7-M Architecture Reference Manual (DDI 0403), sections B3.2 and B3.3.
#include GRAVEN_BOARD_HEADER
#include "internal.hpp"

#include <numeric>

namespace firmware {
namespace {

using board::reg;

constexpr std::uintptr_t systick_control = 0xe000e010, systick_reload = 0xe000e014,
                         systick_value = 0xe000e018, icsr = 0xe000ed04, vtor = 0xe000ed08,
                         shcsr = 0xe000ed24, cfsr = 0xe000ed28, hfsr = 0xe000ed2c,
                         mmfar = 0xe000ed34, bfar = 0xe000ed38, mpu_type = 0xe000ed90;
constexpr bool mainline = __ARM_ARCH_ISA_THUMB == 2;

constexpr std::uint32_t systick_period = 1u << 24;
constexpr std::uint32_t samples = board::counter_rate.instructions;
constexpr std::uint32_t sample_distance = 7;  // instructions of the loop in sample()
static_assert(std::gcd(sample_distance * board::counter_rate.ticks, samples) == 1,
              "the samples must hit every phase of a tick");

Unit unit = Unit::none;

}  // namespace

extern "C" {
volatile std::uint32_t systick_wraps = 0;
constexpr std::uint32_t wrap_cost = 5;  // instructions of the handler

/// Reads SysTick, then `count` times more, 7 instructions apart. The result is the sum of the ticks
/// since the first reading, which is left in `*first`.
std::uint32_t sample(volatile std::uint32_t* value, std::uint32_t count, std::uint32_t* first);
}

// One tick is many instructions (40 on a 25 MHz board). But the sum of `samples` readings, spread
// evenly over all phases of a tick, is exactly linear in the time of the first:
//   sum over k of floor((p * (t + 7 k) + c) / q) = p * t + constant, where k = 0 .. q - 1
// for p ticks in q instructions, as 7 p k mod q takes every value once. Hence exact instructions.
Count count() {
  asm volatile("cpsid i" ::: "memory");
  std::uint32_t first;
  const std::uint32_t sum =
      sample(reinterpret_cast<volatile std::uint32_t*>(systick_value), samples, &first);
  const bool pending = (reg(icsr) & 1u << 26) != 0;  // PENDSTSET: wrapped, but not yet counted
  const std::uint32_t wraps = systick_wraps + (pending && first > systick_period / 2 ? 1 : 0);
  asm volatile("cpsie i" ::: "memory");
  return {samples * (systick_period - 1 - first) + sum, wraps};
}

std::uint64_t fractions(Count from, Count to) {
  constexpr std::uint64_t per_wrap = std::uint64_t{samples} * systick_period;
  const std::uint64_t wraps = to.high - from.high;
  const std::uint64_t cost = wraps * wrap_cost * board::counter_rate.ticks;
  return wraps * per_wrap + to.low - from.low - cost;
}

std::uint64_t to_unit(std::uint64_t fractions) {
  if (unit == Unit::cycles) return fractions / samples;  // SysTick runs at the core's clock
  return fractions / board::counter_rate.ticks;
}

Unit counter_unit() { return unit; }

/// The unit is learnt once, from a routine of known length: in the emulator all instructions take
/// the same time, on silicon most take a cycle at least.
void start_counter(std::uint32_t first_period) {
  const bool known = unit != Unit::none;
  reg(systick_control) = 0;
  reg(systick_reload) = first_period ? first_period - 1 : systick_period - 1;
  reg(systick_value) = 0;
  reg(systick_control) = 1u << 2 | 1u << 1 | 1u << 0;  // processor clock, interrupt, enable
  while (reg(systick_value) == 0) {
  }
  reg(systick_reload) = systick_period - 1;
  if (known) return;
  constexpr std::uintptr_t loops = 5000;
  unit = Unit::instructions;
  const Count from = count();
  known_routine(reinterpret_cast<void*>(loops));
  const std::uint64_t seen = to_unit(fractions(from, count()));
  if (seen > 3 * loops + samples * sample_distance) unit = Unit::cycles;
}

namespace {

constexpr bool has_stack_limit = mainline && __ARM_ARCH >= 8;

std::uint32_t word(const void* pointer) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(pointer));
}

/// Armv8-M has a register for the stack's limit; before it, the MPU's region 0 forbids the guard.
void close_guard() {
#if __ARM_ARCH >= 8
  asm volatile("msr msplim, %0" ::"r"(_stack_limit));
#else
  if (!guard_is_closed()) return;
  constexpr std::uintptr_t mpu_control = 0xe000ed94, mpu_rbar = 0xe000ed9c, mpu_rasr = 0xe000eda0;
  constexpr std::uint32_t never_execute = 1u << 28, bytes_256 = 7u << 1, enable = 1u << 0;
  reg(mpu_rbar) = word(_stack_guard) | 1u << 4;  // VALID: selects region 0
  reg(mpu_rasr) = never_execute | bytes_256 | enable;
  reg(mpu_control) = 1u << 2 | 1u << 0;  // all other addresses as without the MPU
  asm volatile("dsb \n isb" ::: "memory");
#endif
}

}  // namespace

bool guard_is_closed() { return has_stack_limit || (reg(mpu_type) & 0xff00u) != 0; }

void wait_forever() {
  for (;;) asm volatile("wfi");
}

namespace {

struct Frame {
  std::uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
};

void print_register(const char* name, std::uint32_t value) {
  print(name);
  print_hex(value);
}

}  // namespace

extern "C" {
[[noreturn, gnu::used]] void report_fault(const std::uint32_t* stack_pointer,
                                          std::uint32_t number) {
  print("\nfault: exception ");
  print(number);
  const bool overflow = mainline && (reg(cfsr) & 1u << 20) != 0;  // STKOF, Armv8-M
  if (overflow || stack_pointer < _stack_limit) print(", stack overflow");
  if (stack_pointer >= _stack_limit) {  // else the frame was not written
    const auto& frame = *reinterpret_cast<const Frame*>(stack_pointer);
    print_register(", pc ", frame.pc);
    print_register(", lr ", frame.lr);
  }
  print_register(", sp ", word(stack_pointer));
  if constexpr (mainline) {
    print_register(", cfsr ", reg(cfsr));
    print_register(", hfsr ", reg(hfsr));
    print_register(", mmfar ", reg(mmfar));
    print_register(", bfar ", reg(bfar));
  }
  print("\n");
  exit(exit_fault);
}

/// All exceptions but reset and SysTick. A handler needs a stack: without one it takes all of it.
[[gnu::naked, gnu::used]] void fault() {
  asm(R"(
    mov r0, sp
    mrs r1, ipsr
    ldr r2, =_stack_limit + 512
    cmp r0, r2
    bhs 1f
    ldr r2, =_stack_top
    mov sp, r2
  1:
    bl report_fault
    .ltorg)");
}

[[gnu::naked, gnu::used]] void systick() {
  asm(R"(
    ldr r0, =systick_wraps
    ldr r1, [r0]
    adds r1, #1
    str r1, [r0]
    bx lr
    .ltorg)");
}

[[gnu::naked]] std::uint32_t sample(volatile std::uint32_t*, std::uint32_t, std::uint32_t*) {
  asm(R"(
    push {r4, r5}
    movs r3, #0
    ldr r4, [r0]
    str r4, [r2]
  1:
    ldr r5, [r0]
    subs r5, r4, r5
    lsls r5, r5, #8
    lsrs r5, r5, #8
    adds r3, r3, r5
    subs r1, #1
    bne 1b
    movs r0, r3
    pop {r4, r5}
    bx lr)");
}

[[gnu::naked]] std::uintptr_t semihosting_call(std::uintptr_t, const void*) {
  asm("bkpt 0xab \n bx lr");
}

[[gnu::naked]] void empty_routine(void*) { asm("bx lr"); }

[[gnu::naked]] void known_routine(void*) { asm("1: subs r0, #1 \n bne 1b \n bx lr"); }

/// The FPU must be on before any function that may save its registers.
[[gnu::naked, gnu::used, gnu::section(".text.reset")]] void reset() {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  asm(R"(
    ldr r0, =0xe000ed88
    ldr r1, [r0]
    orr r1, r1, #0xf00000
    str r1, [r0]
    dsb
    isb)");
#endif
  asm("bl start \n .ltorg");
}

using Handler = void (*)();
struct VectorTable {
  std::uint32_t* stack;
  Handler handlers[15];
};
extern const VectorTable vectors;

[[noreturn, gnu::used]] void start() {
  if constexpr (mainline) {
    reg(vtor) = word(&vectors);
    reg(shcsr) = reg(shcsr) | 7u << 16;  // usage, bus and memory faults have their own exceptions
  }
  close_guard();
  run_program();
}

[[gnu::section(".vectors"), gnu::used]] const VectorTable vectors = {
    _stack_top,
    {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault,
     fault, systick}};
}

}  // namespace firmware
