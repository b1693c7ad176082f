// What a static Linux program needs of a PC without an operating system: it is read from the disk,
// its output goes to the serial port, and of the system calls there are those that libc makes for
// memory and output. No interrupts, no faults: after one of these the emulator ends.
#include <cstddef>
#include <cstdint>
#include <elf.h>

namespace {

using Address = std::uint64_t;

constexpr Address file_at = 0xc000000, stack_top = 0x3f00000, mappings = 0x4000000;
constexpr int sector = 512;

std::uint8_t in(std::uint16_t port) {
  std::uint8_t value;
  asm volatile("inb %1, %0" : "=a"(value) : "d"(port));
  return value;
}
void out(std::uint16_t port, int value) {
  asm volatile("outb %0, %1" : : "a"(static_cast<std::uint8_t>(value)), "d"(port));
}

void print(const char* text, Address size) {
  for (; size > 0; --size, ++text) {
    while (!(in(0x3fd) & 0x20)) {
    }
    out(0x3f8, *text);
  }
}

// The emulator ends by itself once this port has read the word.
[[noreturn]] void end(Address code) {
  const char text[] = "\nexit code ";
  print(text, sizeof text - 1);
  const char digits[] = {static_cast<char>('0' + code / 100 % 10),
                         static_cast<char>('0' + code / 10 % 10),
                         static_cast<char>('0' + code % 10), '\n'};
  print(digits, sizeof digits);
  while (!(in(0x3fd) & 0x40)) {
  }
  for (const char* c = "Shutdown"; *c != 0; ++c) out(0x8900, *c);
  for (;;) asm volatile("hlt");
}

void copy(void* to, const void* from, Address size) {
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

// ATA's first disk, by programmed input.
void read_sector(std::uint32_t number, Address to) {
  out(0x1f6, 0xe0 | static_cast<int>(number >> 24));
  out(0x1f2, 1);
  for (int i = 0; i < 3; ++i)
    out(static_cast<std::uint16_t>(0x1f3 + i), static_cast<int>(number >> 8 * i));
  out(0x1f7, 0x20);
  while ((in(0x1f7) & 0x88) != 0x08) {
  }
  std::uint64_t words = sector / 2;
  asm volatile("rep insw" : "+D"(to), "+c"(words) : "d"(std::uint16_t{0x1f0}) : "memory");
}

Address break_at, mapped = mappings;

// Sector 0 holds the size of the program, which follows. Returns where it begins to run.
Address load(Elf64_Ehdr& header) {
  read_sector(0, file_at);
  const auto size = *reinterpret_cast<const std::uint32_t*>(file_at);
  for (std::uint32_t i = 0; i * sector < size; ++i) read_sector(1 + i, file_at + i * sector);
  copy(&header, reinterpret_cast<const void*>(file_at), sizeof header);
  const auto* segments = reinterpret_cast<const Elf64_Phdr*>(file_at + header.e_phoff);
  for (int i = 0; i < header.e_phnum; ++i) {
    const Elf64_Phdr& s = segments[i];
    if (s.p_type != PT_LOAD) continue;
    copy(reinterpret_cast<void*>(s.p_vaddr), reinterpret_cast<const void*>(file_at + s.p_offset),
         s.p_filesz);
    if (s.p_vaddr + s.p_memsz > break_at) break_at = s.p_vaddr + s.p_memsz;
  }
  return header.e_entry;
}

Address set_break(Address to) {
  if (to >= break_at && to < stack_top - 0x800000) break_at = to;
  return break_at;
}
Address map(Address size) {
  const Address at = mapped;
  if (at + size > file_at) return static_cast<Address>(-12);
  mapped += (size + 4095) / 4096 * 4096;
  return at;
}
Address describe_system(Address to) {
  copy(reinterpret_cast<char*>(to) + 2 * 65, "6.1.0", 6);  // the release; libc asks for one
  return 0;
}
Address set_thread_pointer(Address code, Address to) {
  if (code != 0x1002) return static_cast<Address>(-22);
  asm volatile("wrmsr" : : "c"(0xc0000100), "a"(to), "d"(to >> 32));
  return 0;
}
Address write_parts(Address parts, Address count) {
  const auto* part = reinterpret_cast<const Address*>(parts);
  Address written = 0;
  for (; count > 0; --count, part += 2) {
    print(reinterpret_cast<const char*>(part[0]), part[1]);
    written += part[1];
  }
  return written;
}

}  // namespace

extern "C" {

[[noreturn]] void enter(Address entry, const Address* stack);

// Linux's numbers. What is not here does not exist, as on an old kernel.
Address serve(Address a, Address b, Address c, Address call) {
  switch (call) {
    case 1: print(reinterpret_cast<const char*>(b), c); return c;
    case 9: return map(b);
    case 10:
    case 11:
    case 13:
    case 14:
    case 131:
    case 202: return 0;
    case 12: return set_break(a);
    case 20: return write_parts(b, c);
    case 60:
    case 231: end(a);
    case 63: return describe_system(a);
    case 158: return set_thread_pointer(a, b);
    case 186:
    case 39:
    case 218: return 1;
    case 234:
    case 200: end(128 + (call == 234 ? c : b));  // a signal to itself: abort()
    default: return static_cast<Address>(-38);
  }
}

void start() {
  out(0x3fb, 0x80);  // the fastest rate
  out(0x3f8, 1);
  out(0x3f9, 0);
  out(0x3fb, 3);
  Elf64_Ehdr header;
  const Address entry = load(header);
  static const char name[] = "test";
  static const Address random[2]{1, 2};
  const Address stack[]{1,         reinterpret_cast<Address>(name),
                        0,         0,  // arguments, environment
                        AT_PAGESZ, 4096,
                        AT_RANDOM, reinterpret_cast<Address>(random),
                        AT_PHDR,   file_at + header.e_phoff,
                        AT_PHENT,  sizeof(Elf64_Phdr),
                        AT_PHNUM,  header.e_phnum,
                        AT_NULL,   0};
  auto* top = reinterpret_cast<Address*>(stack_top);
  copy(top, stack, sizeof stack);
  enter(entry, top);
}

}  // extern "C"
