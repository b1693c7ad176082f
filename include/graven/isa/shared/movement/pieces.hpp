// Bytes of any address, by words, for cores that load and store words anywhere.
#pragma once

#if defined(__thumb2__)

#include "graven/isa/shared/halves.hpp"
#include "graven/kernel/bytes.hpp"

namespace graven::core::movement {

[[gnu::always_inline]] inline void copy_word(std::byte* to, const std::byte* from) {
  store(to, load<std::uint32_t>(from));
}
// As many bytes as are known, each word loaded once and stored by `put(at, word)`; the last may
// overlap the one before it.
template <int bytes, class Put>
[[gnu::always_inline]] inline void each_word(const std::byte* from, Put put) {
  constexpr int whole = bytes & ~3;
#pragma GCC unroll 8
  for (int i = 0; i < whole; i += 4) put(i, load<std::uint32_t>(from + i));
  if constexpr (bytes % 4 == 3 && bytes > 4) {
    put(bytes - 4, load<std::uint32_t>(from + bytes - 4));
  } else {
    if constexpr ((bytes & 2) != 0) put(whole, load<std::uint16_t>(from + whole));
    if constexpr ((bytes & 1) != 0) put(bytes - 1, load<std::uint8_t>(from + bytes - 1));
  }
}
template <int bytes>
[[gnu::always_inline]] inline void copy_piece(std::byte* to, const std::byte* from) {
  each_word<bytes>(from, [&](int at, auto word) { store(to + at, word); });
}

// One run of any length.
inline void copy_run(std::byte* to, const std::byte* from, int count) {
  if (count >= 4) {
    for (; count >= 32; count -= 32, to += 32, from += 32) copy_piece<32>(to, from);
    for (; count >= 4; count -= 4, to += 4, from += 4) copy_word(to, from);
    if (count > 0) copy_word(to + count - 4, from + count - 4);
    return;
  }
  for (; count > 0; --count) *to++ = *from++;
}
// The same sixteen bytes again and again.
inline void fill_run(std::byte* to, const std::byte* sixteen, int count) {
  const auto a = load<std::uint32_t>(sixteen), b = load<std::uint32_t>(sixteen + 4);
  for (; count >= 32; count -= 32, to += 32)
#pragma GCC unroll 4
    for (int i = 0; i < 32; i += 8) store(to + i, a), store(to + i + 4, b);
  for (; count >= 8; count -= 8, to += 8) store(to, a), store(to + 4, b);
  for (; count > 0; --count) *to++ = *sixteen++;
}

// Where pieces lie: bytes from one to the next in the input and the output.
struct Pieces {
  int count, in, out;
};

// What goes on together: pieces at such bytes of the input and the output.
struct Group {
  static constexpr int most = 16;
  int count = 1;
  int in[most]{}, out[most]{};

  constexpr bool repeats() const {  // one piece
    for (int k = 1; k < count; ++k)
      if (in[k] != in[0]) return false;
    return count > 1;
  }
};
template <int bytes, Group group>
[[gnu::always_inline]] inline void copy_group(std::byte* to, const std::byte* from) {
  if constexpr (group.repeats()) {
    each_word<bytes>(from + group.in[0], [&](int at, auto word) {
#pragma GCC unroll 16
      for (int k = 0; k < group.count; ++k) store(to + group.out[k] + at, word);
    });
  } else {
#pragma GCC unroll 16
    for (int k = 0; k < group.count; ++k) copy_piece<bytes>(to + group.out[k], from + group.in[k]);
  }
}

// Groups of pieces of `bytes` bytes (0: `length`); `dense`: groups of one, side by side in the
// output.
template <int bytes, Group group, bool dense>
[[gnu::always_inline]] inline void copy_groups(std::byte* to, const std::byte* from, Pieces pieces,
                                               int length) {
  int count = pieces.count;
  const int in = pieces.in, out = pieces.out;
  if constexpr (bytes == 0) {
    for (; count > 0; --count, to += out, from += in) copy_run(to, from, length);
  } else if constexpr (dense && bytes <= 4) {
    constexpr int word = bytes == 3 ? 4 : bytes;  // of which the next piece mends a byte
    using Word = typename Bits<std::size_t{word}>::type;
    const int kept = bytes != 3 ? 0 : in > 0 ? 1 : count;
    const auto next = [&](int k) { store(to + k * bytes, load<Word>(from + k * in)); };
    for (; count >= 4 + kept; count -= 4, to += 4 * bytes, from += 4 * in)
      next(0), next(1), next(2), next(3);
    for (; count > 0; --count, to += bytes, from += in) copy_piece<bytes>(to, from);
  } else {
    const auto next = [&] { copy_group<bytes, group>(to, from), to += out, from += in; };
    if constexpr (group.count * bytes <= 8)
      for (; count >= 4; count -= 4) next(), next(), next(), next();
    else if constexpr (group.count * bytes <= 16)
      for (; count >= 2; count -= 2) next(), next();
    for (; count > 0; --count) next();
  }
}

// A group of each row of a list, `place` bytes behind its start.
template <int bytes, Group group>
[[gnu::always_inline]] inline void copy_listed(std::byte* to, const std::byte* const* rows,
                                               int place, Pieces pieces, int length) {
  for (int count = pieces.count; count > 0; --count, to += pieces.out) {
    const std::byte* from = *rows++ + place;
    if constexpr (bytes == 0)
      copy_run(to, from, length);
    else
      copy_group<bytes, group>(to, from);
  }
}
// Neighbours of each row of a list, the k-th to outs[k].
template <int bytes>
[[gnu::always_inline]] inline void copy_across(std::byte* const* outs, int many, int to,
                                               const std::byte* const* rows, int place,
                                               Pieces pieces, int length) {
  for (int count = pieces.count; count > 0; --count, to += pieces.out) {
    const std::byte* from = *rows++ + place;
    for (int k = 0; k < many; ++k, from += bytes == 0 ? length : bytes)
      if constexpr (bytes == 0)
        copy_run(outs[k] + to, from, length);
      else
        copy_piece<bytes>(outs[k] + to, from);
  }
}

// ---- transpositions: neighbours of the input become neighbours of nobody ------------------------

// Where words are read: `in` bytes apart, or in each row of a list.
template <bool listed> struct Words;
template <> struct Words<false> {
  using From = const std::byte*;
  From at;
  int in;

  [[gnu::always_inline]] const std::byte* next() {
    const std::byte* here = at;
    at += in;
    return here;
  }
  // Two words; compilers would keep a pointer for each word of a block.
  [[gnu::always_inline]] void two(std::uint32_t& a, std::uint32_t& b) {
    asm("ldr %0, [%2]\n ldr %1, [%2, %3]\n add %2, %2, %3, lsl #1"
        : "=&r"(a), "=&r"(b), "+&r"(at)
        : "r"(in)
        : "memory");
  }
};
template <> struct Words<true> {
  using From = const std::byte* const*;
  From rows;
  int place;

  [[gnu::always_inline]] const std::byte* next() { return *rows++ + place; }
  [[gnu::always_inline]] void two(std::uint32_t& a, std::uint32_t& b) {
    a = load<std::uint32_t>(rows[0] + place);
    b = load<std::uint32_t>(rows[1] + place);
    rows += 2;
    asm("" : "+r"(rows));
  }
};

// Stores, and moves on: by one instruction, where the compiler does not put off the second step.
[[gnu::always_inline]] inline void put_word(std::byte*& to, std::uint32_t x) {
  store(to, x);
  to += 4;
  asm("" : "+r"(to));
}
// Bytes 1 and 3 of a change places with bytes 0 and 2 of b.
[[gnu::always_inline]] inline void swap_bytes(std::uint32_t& a, std::uint32_t& b) {
  const std::uint32_t change = (a >> 8 ^ b) & 0x00ff00ffu;
  b ^= change;
  a ^= change << 8;
}

// Element k of each word goes to outs[k] + offset, one behind the other; `outs` of them. A block
// reads words, which may reach beyond the elements; the last word is read by elements if it does.
template <class T, int outs, bool listed>
[[gnu::noinline]] inline void transpose(std::byte* const* out, int offset,
                                        typename Words<listed>::From from, int step, int count) {
  Words<listed> words{from, step};  // as an argument it would go through the stack
  constexpr int size = sizeof(T), most = 4 / size;
  static_assert(outs <= most);
  std::byte* to[std::size_t{most}];
#pragma GCC unroll 4
  for (int k = 0; k < outs; ++k) to[k] = out[k] + offset;
  if constexpr (outs == most || (outs > 1 && !listed)) {
    constexpr int kept = outs == most ? 0 : 1;
    for (; count >= most + kept; count -= most) {
      if constexpr (size == 2) {
        std::uint32_t a, b;
        words.two(a, b);
        put_word(to[0], low_halves(a, b));
        put_word(to[1], high_halves(a, b));
      } else {
        std::uint32_t a, b, c, d;
        words.two(a, b);
        words.two(c, d);
        std::uint32_t even = low_halves(a, c), odd = low_halves(b, d);
        swap_bytes(even, odd);
        put_word(to[0], even);
        put_word(to[1], odd);
        if constexpr (outs > 2) {
          even = high_halves(a, c), odd = high_halves(b, d);
          swap_bytes(even, odd);
          put_word(to[2], even);
          if constexpr (outs > 3) put_word(to[3], odd);
        }
      }
    }
  }
  for (; count > 0; --count) {
    const std::byte* here = words.next();
#pragma GCC unroll 4
    for (int k = 0; k < outs; ++k) store(to[k], load<T>(here + k * size)), to[k] += size;
  }
}

}  // namespace graven::core::movement

#endif
