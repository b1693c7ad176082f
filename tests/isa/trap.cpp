// AVX-VNNI on processors with AVX2 only: carries out the VPDPBUSD and VPDPWSSD (clang's own choice)
// that they refuse, so that tests run the very code made for those that know them. Linux.
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ucontext.h>
#include <unistd.h>

namespace {

using Byte = unsigned char;
struct Register {
  alignas(32) Byte bytes[32];
};

// Vector registers as a signal frame holds them: low halves, and upper ones where there are any.
struct Vectors {
  Byte* frame;

  std::uint64_t* parts() const { return reinterpret_cast<std::uint64_t*>(frame + 512); }
  Register read(int i) const {
    Register r{};
    std::memcpy(r.bytes, frame + 160 + 16 * i, 16);
    if (*parts() & 4) std::memcpy(r.bytes + 16, frame + 576 + 16 * i, 16);
    return r;
  }
  void write(int i, const Register& r) const {
    if (!(*parts() & 4)) std::memset(frame + 576, 0, 256);
    *parts() |= 6;
    std::memcpy(frame + 160 + 16 * i, r.bytes, 16);
    std::memcpy(frame + 576 + 16 * i, r.bytes + 16, 16);
  }
};

constexpr int general[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                           REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

template <class T> T take(const Byte*& at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}

// The address that ModRM, what follows it and the prefix's bits name; `at` behind all of it.
greg_t address(const Byte*& at, int mode, int base, int x_bit, int b_bit, const greg_t* registers) {
  greg_t sum = 0;
  const bool relative = base == 5 && mode == 0;
  bool absolute = relative;
  if (base == 4) {
    const int sib = take<Byte>(at), index = (sib >> 3 & 7) + x_bit;
    base = sib & 7;
    absolute = base == 5 && mode == 0;
    if (index != 4) sum += registers[general[index]] << (sib >> 6);
  }
  if (!absolute) sum += registers[general[base + b_bit]];
  if (mode == 1) sum += take<std::int8_t>(at);
  if (mode == 2 || absolute) sum += take<std::int32_t>(at);
  return relative ? sum + reinterpret_cast<greg_t>(at) : sum;
}

// Sums of `parts` products in every 32 bits.
template <class A, class B>
void add_products(Register& sums, const Register& a, const Register& b) {
  constexpr int parts = 4 / sizeof(A);
  for (int i = 0; i < 8 * parts; ++i) {
    A x;
    B y;
    std::uint32_t sum;
    std::memcpy(&x, a.bytes + i * static_cast<int>(sizeof x), sizeof x);
    std::memcpy(&y, b.bytes + i * static_cast<int>(sizeof y), sizeof y);
    std::memcpy(&sum, sums.bytes + i / parts * 4, 4);
    sum += static_cast<std::uint32_t>(int{x} * int{y});
    std::memcpy(sums.bytes + i / parts * 4, &sum, 4);
  }
}

void carry_out(int, siginfo_t*, void* context) {
  auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
  const Vectors vectors{reinterpret_cast<Byte*>(machine.fpregs)};
  const auto* at = reinterpret_cast<const Byte*>(machine.gregs[REG_RIP]);
  const int vex = take<Byte>(at), first = take<Byte>(at), second = take<Byte>(at);
  const int code = take<Byte>(at), modrm = take<Byte>(at), mode = modrm >> 6;
  const bool known = vex == 0xc4 && (first & 31) == 2 && (second & 0x83) == 1;
  if (!known || (code != 0x50 && code != 0x52)) _exit(3);
  const int b_bit = first & 0x20 ? 0 : 8, x_bit = first & 0x40 ? 0 : 8;
  const int target = (modrm >> 3 & 7) + (first & 0x80 ? 0 : 8);
  const int bytes = second & 4 ? 32 : 16;
  Register sums = vectors.read(target), b{};
  const Register a = vectors.read(~second >> 3 & 15);
  if (mode == 3)
    b = vectors.read((modrm & 7) + b_bit);
  else
    std::memcpy(
        b.bytes,
        reinterpret_cast<const void*>(address(at, mode, modrm & 7, x_bit, b_bit, machine.gregs)),
        static_cast<std::size_t>(bytes));
  if (code == 0x50)
    add_products<std::uint8_t, std::int8_t>(sums, a, b);
  else
    add_products<std::int16_t, std::int16_t>(sums, a, b);
  if (bytes == 16) std::memset(sums.bytes + 16, 0, 16);
  vectors.write(target, sums);
  machine.gregs[REG_RIP] = reinterpret_cast<greg_t>(at);
}

const bool installed = [] {
  struct sigaction action {};
  action.sa_sigaction = carry_out;
  action.sa_flags = SA_SIGINFO;
  return sigaction(SIGILL, &action, nullptr) == 0;
}();

}  // namespace
