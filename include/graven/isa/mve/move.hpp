// Moves elements by patterns (patterns.hpp).
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/copies.hpp"
#include "graven/isa/mve/patterns.hpp"

#include <arm_mve.h>

namespace graven::core::mve_isa {

// Gathers and scatters by offsets in bytes.
template <Lanes lanes> struct Vectors {  // bytes and far_bytes
  static constexpr bool far = lanes == Lanes::far_bytes;
  using Element = std::uint8_t;
  using Offsets = std::conditional_t<far, uint16x8_t, uint8x16_t>;

  static mve_pred16_t first(int count) {
    const auto n = static_cast<std::uint32_t>(count);
    return far ? vctp16q(n) : vctp8q(n);
  }
  static Offsets load(const Element* from) {
    if constexpr (far)
      return vldrbq_u16(from);
    else
      return vldrbq_u8(from);
  }
  static Offsets load(const Element* from, mve_pred16_t p) {
    if constexpr (far)
      return vldrbq_z_u16(from, p);
    else
      return vldrbq_z_u8(from, p);
  }
  static Offsets gather(const Element* from, Offsets at) { return vldrbq_gather_offset(from, at); }
  static Offsets gather(const Element* from, Offsets at, mve_pred16_t p) {
    return vldrbq_gather_offset_z(from, at, p);
  }
  static void store(Element* to, Offsets v) { vstrbq(to, v); }
  static void store(Element* to, Offsets v, mve_pred16_t p) { vstrbq_p(to, v, p); }
  static void scatter(Element* to, Offsets at, Offsets v) { vstrbq_scatter_offset(to, at, v); }
  static void scatter(Element* to, Offsets at, Offsets v, mve_pred16_t p) {
    vstrbq_scatter_offset_p(to, at, v, p);
  }
};
template <> struct Vectors<Lanes::halves> {
  using Element = std::uint16_t;
  using Offsets = uint16x8_t;

  static mve_pred16_t first(int count) { return vctp16q(static_cast<std::uint32_t>(count)); }
  static Offsets load(const Element* from) { return vldrhq_u16(from); }
  static Offsets load(const Element* from, mve_pred16_t p) { return vldrhq_z_u16(from, p); }
  static Offsets gather(const Element* from, Offsets at) { return vldrhq_gather_offset(from, at); }
  static Offsets gather(const Element* from, Offsets at, mve_pred16_t p) {
    return vldrhq_gather_offset_z(from, at, p);
  }
  static void store(Element* to, Offsets v) { vstrhq(to, v); }
  static void store(Element* to, Offsets v, mve_pred16_t p) { vstrhq_p(to, v, p); }
  static void scatter(Element* to, Offsets at, Offsets v) { vstrhq_scatter_offset(to, at, v); }
  static void scatter(Element* to, Offsets at, Offsets v, mve_pred16_t p) {
    vstrhq_scatter_offset_p(to, at, v, p);
  }
};
template <> struct Vectors<Lanes::words> {
  using Element = std::uint32_t;
  using Offsets = uint32x4_t;

  static mve_pred16_t first(int count) { return vctp32q(static_cast<std::uint32_t>(count)); }
  static Offsets load(const Element* from) { return vldrwq_u32(from); }
  static Offsets load(const Element* from, mve_pred16_t p) { return vldrwq_z_u32(from, p); }
  static Offsets gather(const Element* from, Offsets at) { return vldrwq_gather_offset(from, at); }
  static Offsets gather(const Element* from, Offsets at, mve_pred16_t p) {
    return vldrwq_gather_offset_z(from, at, p);
  }
  static void store(Element* to, Offsets v) { vstrwq(to, v); }
  static void store(Element* to, Offsets v, mve_pred16_t p) { vstrwq_p(to, v, p); }
  static void scatter(Element* to, Offsets at, Offsets v) { vstrwq_scatter_offset(to, at, v); }
  static void scatter(Element* to, Offsets at, Offsets v, mve_pred16_t p) {
    vstrwq_scatter_offset_p(to, at, v, p);
  }
};

// One vector between the side that lies dense and the one whose offsets are given.
template <Lanes lanes, bool scatters, class... Mask>
[[gnu::always_inline]] inline void move_vector(std::byte* to, const std::byte* from,
                                               typename Vectors<lanes>::Offsets at, Mask... mask) {
  using V = Vectors<lanes>;
  auto* out = reinterpret_cast<typename V::Element*>(to);
  const auto* in = reinterpret_cast<const typename V::Element*>(from);
  if constexpr (scatters)
    V::scatter(out, at, V::load(in, mask...), mask...);
  else
    V::store(out, V::gather(in, at, mask...), mask...);
}

// A pattern whose record is in a stream. Its turns keep the offsets of a few vectors in registers.
template <PatternKind kind> struct Mover {
  using V = Vectors<kind.lanes>;
  using Offsets = typename V::Offsets;
  static constexpr int vector = kind.lanes == Lanes::far_bytes ? 8 : 16;  // bytes
  static constexpr bool holds = kind.period <= Pattern::in_registers;
  static constexpr std::size_t held = holds ? kind.period : 1;

  int turns, rest, start, step, advance;
  const std::byte* table;

  [[gnu::always_inline]] explicit Mover(Reader from)
      : turns(from.next<std::int32_t>()), rest(from.next<std::int32_t>()),
        start(from.next<std::int32_t>()), step(from.next<std::int32_t>()),
        advance(from.next<std::int32_t>()), table(from.at) {}

  [[gnu::always_inline]] Offsets offsets(std::size_t b) const {
    return std::bit_cast<Offsets>(vldrbq_u8(reinterpret_cast<const std::uint8_t*>(table) + 16 * b));
  }
  [[gnu::always_inline]] static void shift(std::byte*& to, const std::byte*& from, int way) {
    if constexpr (kind.scatters)
      to += way;
    else
      from += way;
  }
  [[gnu::always_inline]] static void pass(std::byte*& to, const std::byte*& from, int way) {
    shift(to, from, way);
    if constexpr (kind.scatters)
      from += vector;
    else
      to += vector;
  }
  template <class... Mask>
  [[gnu::always_inline]] static void move(std::byte* to, const std::byte* from, Offsets at,
                                          Mask... mask) {
    move_vector<kind.lanes, kind.scatters>(to, from, at, mask...);
  }

  [[gnu::always_inline]] void whole_turns(std::byte*& to, const std::byte*& from) const {
    if constexpr (holds) {
      std::array<Offsets, held> at;
#pragma GCC unroll 16
      for (std::size_t b = 0; b < held; ++b) at[b] = offsets(b);
      for (int left = turns; left > 0; --left)
#pragma GCC unroll 16
        for (std::size_t b = 0; b < held; ++b) {
          move(to, from, at[b]);
          pass(to, from, b + 1 == held ? advance : kind.once ? 0 : step);
        }
    } else {
      for (int left = turns; left > 0; --left, shift(to, from, advance - step))
        for (std::size_t b = 0; b < kind.period; ++b, pass(to, from, step))
          move(to, from, offsets(b));
    }
  }
  [[gnu::always_inline]] void run(std::byte* to, const std::byte* from) const {
    shift(to, from, start);
    whole_turns(to, from);
    std::size_t b = 0;
    for (int left = rest; left > 0; left -= lanes_of(kind.lanes), ++b, pass(to, from, step))
      move(to, from, offsets(b), V::first(left));
  }
};
// Runs of whole vectors.
template <PatternKind kind>
requires(kind.lanes == Lanes::neighbours) struct Mover<kind> {
  int turns, rest, advance;

  [[gnu::always_inline]] explicit Mover(Reader from)
      : turns(from.next<std::int32_t>()), rest(from.next<std::int32_t>()) {
    from.at += 8;
    advance = from.next<std::int32_t>();
  }
  [[gnu::always_inline]] void run(std::byte* to, const std::byte* from) const {
    if constexpr (kind.period == 0) {
      copy(to, from, rest);
    } else {
      for (int left = turns; left > 0; --left) {
#pragma GCC unroll 16
        for (int b = 0; b < kind.period; ++b)
          vstrbq_u8(reinterpret_cast<std::uint8_t*>(to) + 16 * b,
                    vldrbq_u8(reinterpret_cast<const std::uint8_t*>(from) + 16 * b));
        const int run = 16 * kind.period;
        to += kind.scatters ? run - 16 + advance : run;
        from += kind.scatters ? run : run - 16 + advance;
      }
    }
  }
};

// Where the pieces of a loop lie: at a list of pointers, or so many bytes apart.
struct Pieces {
  const std::byte* const* rows;  // with a list: from each of them `place` bytes on
  int place;
  const std::byte* from;  // without one
  int in, out;            // bytes from a piece to the next
  int count;
};

// Pieces of few vectors, whose offsets stay in registers.
template <PatternKind kind, std::size_t vectors, bool listed>
[[gnu::always_inline]] inline void move_pieces(std::byte* to, Pieces pieces, Reader stream) {
  constexpr bool run = kind.lanes == Lanes::neighbours;
  constexpr PatternKind as{run ? Lanes::bytes : kind.lanes, kind.scatters, true, kind.period};
  constexpr std::size_t period = run ? 1 : std::size_t{kind.period};
  using M = Mover<as>;
  const M pattern(stream);
  const int lanes = lanes_of(as.lanes), behind = pattern.rest % lanes;
  const mve_pred16_t last = M::V::first(behind > 0 ? behind : lanes);
  std::array<typename M::Offsets, period> at;
#pragma GCC unroll 16
  for (std::size_t b = 0; b < period && !run; ++b) at[b] = pattern.offsets(b);
  pieces.place += run || kind.scatters ? 0 : pattern.start;
  if constexpr (!listed) pieces.from += run || kind.scatters ? 0 : pattern.start;
  to += kind.scatters ? pattern.start : 0;
  for (int left = pieces.count; left > 0; --left, to += pieces.out) {
    const std::byte* from = listed ? *pieces.rows++ + pieces.place : pieces.from;
    std::byte* out = to;
    if constexpr (!listed) pieces.from += pieces.in;
#pragma GCC unroll 16
    for (std::size_t b = 0; b + 1 < vectors; ++b) {
      if constexpr (run) {
        vstrbq_u8(reinterpret_cast<std::uint8_t*>(out),
                  vldrbq_u8(reinterpret_cast<const std::uint8_t*>(from)));
        M::pass(out, from, M::vector);
      } else {
        M::move(out, from, at[b % period]);
        M::pass(out, from, (b + 1) % period == 0 ? pattern.advance : kind.once ? 0 : pattern.step);
      }
    }
    if constexpr (run)
      vstrbq_p_u8(reinterpret_cast<std::uint8_t*>(out),
                  vldrbq_z_u8(reinterpret_cast<const std::uint8_t*>(from), last), last);
    else
      M::move(out, from, at[(vectors - 1) % period], last);
  }
}

// Four elements of 1, 2 or 4 bytes, which lie `at` so many bytes behind `base`; elsewhere 0.
template <int size>
[[gnu::always_inline]] inline uint32x4_t gather_from(const std::byte* base, uint32x4_t at,
                                                     mve_pred16_t mask) {
  if constexpr (size == 1)
    return vldrbq_gather_offset_z_u32(reinterpret_cast<const std::uint8_t*>(base), at, mask);
  else if constexpr (size == 2)
    return vldrhq_gather_offset_z_u32(reinterpret_cast<const std::uint16_t*>(base), at, mask);
  else
    return vldrwq_gather_offset_z_u32(reinterpret_cast<const std::uint32_t*>(base), at, mask);
}
// Their low bytes, side by side.
template <int size>
[[gnu::always_inline]] inline void store_narrow(std::byte* to, uint32x4_t x, mve_pred16_t mask) {
  if constexpr (size == 1)
    vstrbq_p_u32(reinterpret_cast<std::uint8_t*>(to), x, mask);
  else if constexpr (size == 2)
    vstrhq_p_u32(reinterpret_cast<std::uint16_t*>(to), x, mask);
  else
    vstrwq_p_u32(reinterpret_cast<std::uint32_t*>(to), x, mask);
}

// One element of each row of a list, at the same place of all.
template <int size>
[[gnu::always_inline]] inline void gather_rows(std::byte* to, const std::byte* const* rows,
                                               int place, int count) {
  auto from = reinterpret_cast<const std::uint32_t*>(rows);
  const auto base = reinterpret_cast<const std::byte*>(static_cast<std::uintptr_t>(place));
  for (; count > 0; count -= 4, from += 4, to += 4 * size) {
    const mve_pred16_t mask = vctp32q(static_cast<std::uint32_t>(count));
    store_narrow<size>(to, gather_from<size>(base, vldrwq_z_u32(from, mask), mask), mask);
  }
}

}  // namespace graven::core::mve_isa

#endif
