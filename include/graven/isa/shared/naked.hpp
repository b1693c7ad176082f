// Functions that are one asm statement, and call no C++.
#pragma once

// g++ must not conclude from the empty body what a call does; clang does not, nor knows `noipa`.
#if defined(__clang__)
#define GRAVEN_NAKED [[gnu::naked]]
#else
#define GRAVEN_NAKED [[gnu::naked, gnu::noipa]]
#endif
