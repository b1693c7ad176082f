// Elements that change places by a pattern: which bytes a vector gathers or scatters, and how far
// the next one lies, repeat after a few vectors.
#pragma once

#include "graven/isa/shared/walks.hpp"
#include "graven/kernel/bytes.hpp"

#include <array>

namespace graven::core::mve_isa {

// What a vector holds: sixteen neighbours, sixteen bytes that lie up to 255 bytes apart, eight that
// lie up to 65535 apart, eight elements of two bytes, four of four.
enum class Lanes : std::uint8_t { neighbours, bytes, far_bytes, halves, words };
constexpr int lanes_of(Lanes lanes) {
  return lanes <= Lanes::bytes ? 16 : lanes == Lanes::words ? 4 : 8;
}
constexpr std::int64_t farthest(Lanes lanes) {
  return lanes == Lanes::bytes ? 255 : lanes == Lanes::words ? 0x7fffffff : 65535;
}

// How a pattern moves, without its numbers.
struct PatternKind {
  Lanes lanes = Lanes::bytes;
  bool scatters = false;  // the output moves, the input is read as it lies; else the other way
  bool once = false;
  int period = 0;  // 0: there is none, or it is one run

  constexpr int offset_vectors() const { return lanes == Lanes::neighbours ? 0 : period; }
  constexpr int stream_size() const { return 20 + 16 * offset_vectors(); }
};

// `period` vectors are a turn. The moving side's vector b lies at b * step from the turn's start,
// or all at the start itself (`once`); `advance` leads from the last vector to the next turn.
struct Pattern : PatternKind {
  static constexpr int longest = 15, in_registers = 4;

  int turns = 0, rest = 0;                            // rest: elements behind the last whole turn
  int start = 0, step = 0, advance = 0;               // bytes
  std::array<std::uint32_t, 16 * longest> offsets{};  // of each lane

  constexpr bool exists() const { return period > 0; }
  constexpr int last_vectors() const {  // of what is behind the last whole turn
    return (rest + lanes_of(lanes) - 1) / lanes_of(lanes);
  }

  constexpr void pack(Writer& to) const {
    for (const int number : {turns, rest, start, step, advance}) to.put<std::int32_t>(number);
    for (int i = 0; i < offset_vectors() * lanes_of(lanes); ++i) {
      const std::uint32_t offset = offsets[static_cast<std::size_t>(i)];
      if (lanes == Lanes::bytes)
        to.put(static_cast<std::uint8_t>(offset));
      else if (lanes == Lanes::words)
        to.put(static_cast<std::int32_t>(offset));
      else
        to.put(static_cast<std::uint16_t>(offset));
    }
  }
};

// Finds the pattern of some walks whose other side is dense.
template <std::size_t most> struct PatternFinder {
  const Walks<most>& walks;
  int count;
  Pattern made{};

  constexpr int moving(int i) const { return walks.place(i, !made.scatters); }
  constexpr bool repeats(int elements) const {
    const int way = elements < count ? moving(elements) : 0;
    for (int i = elements; i < count; ++i)
      if (moving(i) != moving(i - elements) + way) return false;
    return true;
  }
  // The least and the greatest place of a vector's elements.
  constexpr void reach(int vector, int& least, int& greatest) const {
    const int lanes = lanes_of(made.lanes);
    for (int i = vector * lanes; i < (vector + 1) * lanes && i < count; ++i) {
      const int at = moving(i);
      if (i == vector * lanes || at < least) least = at;
      if (i == vector * lanes || at > greatest) greatest = at;
    }
  }
  // A turn of so many vectors: do all offsets have room?
  constexpr bool lays(int period, bool once) {
    int least[Pattern::longest]{}, greatest[Pattern::longest]{}, lowest = 0;
    for (int b = 0; b < period; ++b) {
      reach(b, least[b], greatest[b]);
      if (b == 0 || least[b] < lowest) lowest = least[b];
    }
    made.start = once ? lowest : least[0];
    made.step = 0;
    for (int b = 1; b < period && !once; ++b) {
      const int way = floor_div(least[b] - made.start, b);
      if (b == 1 || way < made.step) made.step = way;
    }
    for (int b = 0; b < period; ++b) {
      const int from = made.start + b * made.step;
      if (greatest[b] - from > farthest(made.lanes)) return false;
      const int lanes = lanes_of(made.lanes);
      for (int i = b * lanes; i < (b + 1) * lanes; ++i)
        made.offsets[static_cast<std::size_t>(i)] =
            i < count ? static_cast<std::uint32_t>(moving(i) - from) : 0;
    }
    made.period = period;
    made.once = once;
    const int elements = period * lanes_of(made.lanes);
    made.turns = count / elements;
    made.rest = count % elements;
    made.advance = (count > elements ? moving(elements) : 0) - (period - 1) * made.step;
    return true;
  }
  constexpr bool finds(Lanes lanes) {
    made.lanes = lanes;
    const int in_vector = lanes_of(lanes);
    for (int period = 1; period <= Pattern::longest; ++period) {
      const int elements = period * in_vector;
      if (!repeats(elements)) continue;
      for (int times = period > Pattern::in_registers ? 1 : Pattern::in_registers / period;
           times > 0; --times)  // several turns as one
        if ((times == 1 || times * elements <= count) && lays(times * period, true)) return true;
      return lays(period, false);
    }
    return false;
  }
  // Runs of whole vectors, `run` bytes each and `apart` bytes from one to the next.
  constexpr bool finds_runs(int run, int apart) {
    if (run % 16 != 0 || run > 16 * Pattern::longest) return false;
    made.lanes = Lanes::neighbours;
    made.period = run / 16;
    made.turns = count / run;
    made.advance = apart - run + 16;
    return true;
  }
  // One run of any length.
  constexpr bool finds_run(int run) {
    made.lanes = Lanes::neighbours;
    made.period = (run + 15) / 16;
    made.rest = run;
    return true;
  }
};

// Of walks over elements of so many bytes, if there is one.
template <std::size_t most> constexpr Pattern pattern_of(Walks<most> walks, int element) {
  const int count = walks.size();
  const bool gathers = walks.is_dense(false, element);
  if (!gathers) walks.sort_by_input();
  const bool reads_dense = walks.is_dense(true, element);
  if (count > 4096 || element > 4 || !(gathers || reads_dense)) return {};
  PatternFinder<most> finder{walks, count};
  finder.made.scatters = !gathers;
  const Walk last = walks.last(0), around = walks.last(1);
  if (last.in == element && last.out == element) {
    PatternFinder<most> runs{walks, count * element, finder.made};
    const int run = last.count * element;
    if (walks.levels == 1 && runs.finds_run(run)) return runs.made;
    if (walks.levels == 2 && runs.finds_runs(run, gathers ? around.in : around.out))
      return runs.made;
  }
  if (finder.finds(element == 1 ? Lanes::bytes : element == 2 ? Lanes::halves : Lanes::words))
    return finder.made;
  if (element == 1 && finder.finds(Lanes::far_bytes)) return finder.made;
  return {};
}

constexpr PatternKind kind_of(const Pattern& p) {
  const bool run = p.lanes == Lanes::neighbours && p.turns == 0;
  return {p.lanes, p.scatters, p.once, run ? 0 : p.period};
}

}  // namespace graven::core::mve_isa
