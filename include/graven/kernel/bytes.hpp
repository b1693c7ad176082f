// Bytes and the values in them. The arena and the packed parameters are bytes; whatever is wider
// goes through load and store, which work in constant expressions (byte by byte) and compile to
// one instruction at run time. Everything is little-endian, as all targets are.
#pragma once

#include "graven/shape.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace graven::core {

static_assert(std::endian::native == std::endian::little,
              "graven needs a little-endian core: packed weights and rows lie in this order. Leave "
              "out -mbig-endian.");

template <std::size_t Size> struct Bits;
template <> struct Bits<1> { using type = std::uint8_t; };
template <> struct Bits<2> { using type = std::uint16_t; };
template <> struct Bits<4> { using type = std::uint32_t; };
template <> struct Bits<8> { using type = std::uint64_t; };

namespace detail {

template <class T> constexpr T load_bytes(const std::byte* from) {
  using Word = typename Bits<sizeof(T)>::type;
  Word word = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    word = static_cast<Word>(word | static_cast<Word>(static_cast<Word>(from[i]) << (8 * i)));
  return std::bit_cast<T>(word);
}

template <class T> constexpr void store_bytes(std::byte* to, T value) {
  using Word = typename Bits<sizeof(T)>::type;
  const auto word = std::bit_cast<Word>(value);
  for (std::size_t i = 0; i < sizeof(T); ++i)
    to[i] = static_cast<std::byte>(static_cast<std::uint64_t>(word) >> (8 * i) & 0xff);
}

}  // namespace detail

// From any address: activation rows are not aligned.
template <class T> constexpr T load(const std::byte* from) {
  if constexpr (sizeof(T) == 1) {
    return static_cast<T>(*from);
  } else {
    if (std::is_constant_evaluated()) return detail::load_bytes<T>(from);
    T value;
    __builtin_memcpy(&value, from, sizeof(T));
    return value;
  }
}

// From an address that is a multiple of sizeof(T), at most 4: packed parameters and scratch.
template <class T> constexpr T load_aligned(const std::byte* from) {
  if (std::is_constant_evaluated()) return detail::load_bytes<T>(from);
  T value;
  constexpr std::size_t alignment = sizeof(T) < 4 ? sizeof(T) : 4;
  __builtin_memcpy(&value, __builtin_assume_aligned(from, alignment), sizeof(T));
  return value;
}

template <class T> constexpr void store(std::byte* to, T value) {
  if constexpr (sizeof(T) == 1) {
    *to = static_cast<std::byte>(value);
  } else {
    if (std::is_constant_evaluated()) return detail::store_bytes(to, value);
    __builtin_memcpy(to, &value, sizeof(T));
  }
}

template <class T> constexpr void store_aligned(std::byte* to, T value) {
  if (std::is_constant_evaluated()) return detail::store_bytes(to, value);
  constexpr std::size_t alignment = sizeof(T) < 4 ? sizeof(T) : 4;
  __builtin_memcpy(__builtin_assume_aligned(to, alignment), &value, sizeof(T));
}

constexpr void copy_bytes(std::byte* to, const std::byte* from, int count) {
  if (std::is_constant_evaluated()) {
    for (int i = 0; i < count; ++i) to[i] = from[i];
  } else {
    __builtin_memcpy(to, from, static_cast<std::size_t>(count));
  }
}

constexpr void fill_bytes(std::byte* to, std::byte value, int count) {
  if (std::is_constant_evaluated()) {
    for (int i = 0; i < count; ++i) to[i] = value;
  } else {
    __builtin_memset(to, static_cast<int>(value), static_cast<std::size_t>(count));
  }
}

// An element of a row: rows of float32 are aligned, as all blocks of an arena, users' arrays of
// float and weights are; cores that want alignment read others byte by byte.
template <class T> constexpr T load_element(const std::byte* from) {
  if constexpr (std::is_same_v<T, float>)
    return load_aligned<T>(from);
  else
    return load<T>(from);
}
template <class T> constexpr void store_element(std::byte* to, T value) {
  if constexpr (std::is_same_v<T, float>)
    store_aligned(to, value);
  else
    store(to, value);
}

// Reads a packed stream of 4-aligned records in order.
struct Reader {
  const std::byte* at;

  template <class T> constexpr T next() {
    const T value = load_aligned<T>(at);
    at += sizeof(T);
    return value;
  }
};

// Writes one, in constant expressions only: bytes [from, until) of the stream, all others are only
// counted, because compilers limit what one constant expression may do. Packing chooses the program
// of a kernel that has several.
struct Writer {
  std::byte* window;
  int from, until;
  int at = 0;  // in the stream
  int program = 0;
  int half = -1;              // of a byte whose other half comes next
  bool takes_filter = false;  // may the filter as a whole end the stream as it came?
  int filter_at = -1;         // where it does

  // Whoever packs leaves the filter as it came, the end of the stream, to whoever asked for that.
  constexpr bool leaves_filter(int bytes) {
    if (!takes_filter) return false;
    filter_at = at;
    at += bytes;
    return true;
  }

  // Goes on behind the next bytes if none of them is kept: saves whoever asks the work.
  constexpr bool skips(int bytes) {
    if (at < until && at + bytes > from) return false;
    at += bytes;
    return true;
  }
  // Where the next bytes go, if all of them are kept: whoever writes them there has put them.
  constexpr std::byte* room(int bytes) {
    if (at < from || at + bytes > until) return nullptr;
    at += bytes;
    return window + (at - bytes - from);
  }
  // Another one, so many bytes ahead.
  constexpr Writer ahead(int bytes) const {
    Writer other = *this;
    other.at += bytes;
    return other;
  }
  constexpr void put_byte(int position, std::byte value) {
    if (position >= from && position < until) window[position - from] = value;
  }
  template <class T> constexpr void put(T value) {
    constexpr int size = sizeof(T);
    if constexpr (size == 1) {
      put_byte(at, static_cast<std::byte>(value));
    } else if (at >= from && at + size <= until) {
      detail::store_bytes(window + (at - from), value);
    } else if (at + size > from && at < until) {
      std::byte bytes[sizeof(T)]{};
      detail::store_bytes(bytes, value);
      for (int i = 0; i < size; ++i) put_byte(at + i, bytes[i]);
    }
    at += size;
  }
  // Numbers of four bits, two per byte, the lower half first.
  constexpr void put_nibble(int value) {
    if (half < 0) {
      half = value & 15;
    } else {
      put(static_cast<std::int8_t>(half | value * 16));
      half = -1;
    }
  }
  constexpr void end_nibbles() {
    if (half >= 0) put_nibble(0);
  }
  // `count` values, `step` apart: the compiler's time for a model's weights is spent here, and a
  // loop's own operations are half of it.
  constexpr void copy(const std::int8_t* weights, int count, int step = 1) {
    const int first = at < from ? from - at : 0, end = at + count > until ? until - at : count;
    at += count;
    if (first >= end) return;
    std::byte* to = window + (at - count + first - from);
    weights += first * step;
    int left = end - first;
    for (; left >= 8 && step == 1; left -= 8, to += 8, weights += 8) {
      to[0] = static_cast<std::byte>(weights[0]);
      to[1] = static_cast<std::byte>(weights[1]);
      to[2] = static_cast<std::byte>(weights[2]);
      to[3] = static_cast<std::byte>(weights[3]);
      to[4] = static_cast<std::byte>(weights[4]);
      to[5] = static_cast<std::byte>(weights[5]);
      to[6] = static_cast<std::byte>(weights[6]);
      to[7] = static_cast<std::byte>(weights[7]);
    }
    for (int k = 0; k < left; ++k) to[k] = static_cast<std::byte>(weights[k * step]);
  }
  // From here on, without going on: `count` values, `step` apart, in groups, whose starts are
  // `apart` bytes apart.
  template <int group>
  constexpr void spread(const std::int8_t* weights, int count, int step, int apart) const {
    int k = at < from ? (from - at) / apart * group : 0, place = at + k / group * apart;
    for (; k < count && place < until; k += group, place += apart) {
      if (place >= from && place + group <= until && k + group <= count) {
        for (int i = 0; i < group; ++i)
          window[place - from + i] = static_cast<std::byte>(weights[(k + i) * step]);
      } else {
        for (int i = 0; i < group && k + i < count; ++i)
          if (place + i >= from && place + i < until)
            window[place - from + i] = static_cast<std::byte>(weights[(k + i) * step]);
      }
    }
  }
  template <class T> constexpr void copy(const T* weights, int count, int step = 1) {
    if (skips(static_cast<int>(sizeof(T)) * count)) return;
    for (int i = 0; i < count; ++i) put(weights[i * step]);
  }
};

}  // namespace graven::core
