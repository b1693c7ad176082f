// The property of every plan: the same outputs, whatever the arena held before, and no byte around
// the arena written. Included by one test per policy.
#pragma once

#include "networks.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

namespace test {

using Bytes = std::vector<std::byte>;

// Byte by byte: g++ 12 warns of an overflow that is none in vector::insert.
inline void append(Bytes& to, std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes) to.push_back(byte);
}

// An arena between guards, filled with garbage.
template <class M> struct GuardedArena {
  static constexpr std::size_t guard = 64;
  alignas(M::alignment) std::byte memory[guard + M::arena_size + guard];
  std::byte garbage;

  explicit GuardedArena(std::byte fill) : garbage(fill) {
    std::memset(memory, static_cast<int>(fill), sizeof(memory));
  }
  std::span<std::byte, M::arena_size> arena() {
    return std::span<std::byte, M::arena_size>(memory + guard, M::arena_size);
  }
  bool guards_are_whole() const {
    for (std::size_t i = 0; i < guard; ++i)
      if (memory[i] != garbage || memory[guard + M::arena_size + i] != garbage) return false;
    return true;
  }
};

// Random int8, or floats in [-2, 2).
template <class M> void fill_inputs(M& model, std::uint32_t seed) {
  for (int i = 0; i < M::input_count; ++i) {
    const std::span<std::byte> bytes = model.input_bytes(i);
    const std::size_t size = static_cast<std::size_t>(size_of(M::input_element(i)));
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      const std::uint32_t x = next_random(seed);
      if (size == 1)
        bytes[at] = static_cast<std::byte>(x >> 11);
      else
        store(bytes.data() + at, static_cast<float>(x >> 16) / 16384.0f - 2.0f);
    }
  }
}

template <class M> Bytes outputs_of(const M& model) {
  Bytes all;
  for (int o = 0; o < M::output_count; ++o) {
    append(all, model.output_bytes(o));
  }
  return all;
}

template <class Subject> Bytes run_guarded(std::byte fill, std::uint32_t seed) {
  using M = typename Subject::OnArena;
  GuardedArena<M> memory(fill);
  M model(memory.arena());
  fill_inputs(model, seed);
  Bytes before;
  for (int i = 0; i < M::input_count; ++i) append(before, model.input_bytes(i));
  model.run_in_place();
  CHECK(memory.guards_are_whole());
  if (Subject::used.keep_input) {
    Bytes after;
    for (int i = 0; i < M::input_count; ++i) append(after, model.input_bytes(i));
    CHECK(before == after);
  }
  return outputs_of(model);
}

template <class C, Element element, plan::Policy policy, std::uint32_t seed> void check_policy() {
  using Plain = Subject<typename C::Network, C::input, element, seed, plan::inspectable>;
  using Planned = Subject<typename C::Network, C::input, element, seed, policy>;
  for (std::uint32_t input : {1u, 2u, 77u}) {
    const Bytes expected = run_guarded<Plain>(std::byte{0xa5}, input);
    CHECK(run_guarded<Planned>(std::byte{0x00}, input) == expected);
    CHECK(run_guarded<Planned>(std::byte{0x5a}, input) == expected);
  }
}

template <Element element, plan::Policy policy, std::uint32_t seed> void check_policies() {
  for_each(All{}, []<class C>(C) {
    CAPTURE(__PRETTY_FUNCTION__);
    check_policy<C, element, policy, seed>();
  });
}

}  // namespace test
