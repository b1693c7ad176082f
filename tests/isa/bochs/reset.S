# From the reset vector of a PC to start() in 64-bit mode, AVX-512 on, memory mapped as it is.
  .section .reset, "ax"
  .code16
reset:
  lgdtl %cs:(gdt_pointer - reset + 0xff00)  # this section ends the ROM; CS begins 64 KB before
  mov %cr0, %eax
  or $1, %al
  mov %eax, %cr0
  ljmpl $8, $(protected - reset + 0xffffff00)

  .code32
protected:
  mov $16, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  mov $0xfffe0000, %esi  # the ROM to where it is linked
  mov $0x10000, %edi
  mov $0x8000, %ecx
  rep movsl
  movl $(pages_of_1g + 3), page_table
  movl $0x00000083, pages_of_1g
  movl $0x40000083, pages_of_1g + 8
  movl $0xc0000083, pages_of_1g + 24
  mov $page_table, %eax
  mov %eax, %cr3
  mov $0x40620, %eax  # PAE, FXSR, SIMD exceptions, XSAVE
  mov %eax, %cr4
  mov $0xc0000080, %ecx  # EFER: long mode, SYSCALL
  mov $0x101, %eax
  xor %edx, %edx
  wrmsr
  mov $0x80000003, %eax  # paging
  mov %eax, %cr0
  ljmp $24, $long_mode

  .balign 8
gdt:
  .quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff, 0x00af9a000000ffff, 0x00cf92000000ffff
gdt_pointer:
  .word . - gdt - 1
  .long gdt - reset + 0xffffff00
  .org 0xf0
  .code16
  jmp reset
  .org 0x100

  .text
  .code64
long_mode:
  fninit
  xor %ecx, %ecx  # XCR0: x87, SSE, AVX, AVX-512
  mov $0xe7, %eax
  xor %edx, %edx
  xsetbv
  mov $0xc0000081, %ecx  # STAR: the segments after SYSCALL
  xor %eax, %eax
  mov $0x18, %edx
  wrmsr
  mov $0xc0000082, %ecx  # LSTAR
  mov $system_call, %eax
  xor %edx, %edx
  wrmsr
  mov $stack_end, %rsp
  call start

# Keeps all registers but RAX, RCX and R11, and the red zone below the caller's stack.
system_call:
  mov %rsp, callers_stack
  mov $stack_end, %rsp
  push %rcx
  push %rdi
  push %rsi
  push %rdx
  push %r8
  push %r9
  push %r10
  push %r11
  mov %rax, %rcx
  call serve
  pop %r11
  pop %r10
  pop %r9
  pop %r8
  pop %rdx
  pop %rsi
  pop %rdi
  pop %rcx
  mov callers_stack, %rsp
  jmp *%rcx

  .globl enter
enter:  # (entry, stack)
  mov %rsi, %rsp
  xor %edx, %edx
  jmp *%rdi

  .bss
  .balign 4096
page_table: .skip 4096
pages_of_1g: .skip 4096
callers_stack: .skip 8
  .balign 16
  .skip 16384
stack_end:
