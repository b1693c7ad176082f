// What g++ and clang say in different ways about functions.
#pragma once

// GRAVEN_NAKED: a function that is one asm statement. g++ must not conclude from its empty body
// what a call does; clang does not, nor knows `noipa`. GRAVEN_OPTIMIZE(option): what g++ is told
// for a function that its own choice makes slower, or short of a register. GRAVEN_STATEMENTS_64:
// g++ counts the statements of an asm to keep constants within reach behind it, and takes a macro's
// call for one: so many empty ones stand for what the macros make.
#if defined(__clang__)
#define GRAVEN_NAKED [[gnu::naked]]
#define GRAVEN_OPTIMIZE(option)
#else
#define GRAVEN_NAKED [[gnu::naked, gnu::noipa]]
#define GRAVEN_OPTIMIZE(option) [[gnu::optimize(option)]]
#endif
#define GRAVEN_STATEMENTS_64 ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;\n"
