// The source of a network's parameters: canonical weights and real scales, as a trained model has
// them. They exist for the compiler only; what reaches flash is packed from them (isa/).
#pragma once

#include "graven/quant.hpp"
#include "graven/shape.hpp"
#include "graven/text.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace graven::core {

// Are these the same constants or function? Under -fsanitize=undefined and
// -fno-delete-null-pointer-checks g++ (before 15) calls the address of what is inline no constant
// once it is compared with another or with nullptr; those differ.
template <class T> constexpr bool is_same(T* one, T* other) {
  if (std::is_constant_evaluated() && !__builtin_constant_p(one == other)) return false;
  return one == other;
}
template <class T> constexpr bool is_null(T* pointer) {
  return is_same(pointer, static_cast<T*>(nullptr));
}

// Where constants lie, or nothing: a pointer, but for that question.
template <class T> struct Address {
  const T* at = nullptr;

  constexpr Address() = default;
  constexpr Address(const T* data) : at(data) {}
  constexpr operator const T*() const { return at; }
  constexpr const T* operator->() const { return at; }
  constexpr Address& operator+=(int elements) {
    at += elements;
    return *this;
  }
  friend constexpr bool operator==(Address address, std::nullptr_t) { return is_null(address.at); }
};

// An array as one object, which a compiler copies at once: element by element costs it ten times as
// much. Of which type and size, whoever reads it knows.
struct Whole {};
template <class T, int Size> struct WholeArray : Whole {
  struct Copy {
    T values[std::size_t{Size}];
  };
  Copy copy;

  // Of `count` values from `i` on.
  constexpr int sum(int i, int count) const {
    int sum = 0;
    const T(&x)[std::size_t{Size}] = copy.values;
    for (; count >= 8; count -= 8, i += 8)
      sum += x[i] + x[i + 1] + x[i + 2] + x[i + 3] + x[i + 4] + x[i + 5] + x[i + 6] + x[i + 7];
    for (; count > 0; --count, ++i) sum += x[i];
    return sum;
  }
};

// int8 numbers as a string literal, which a compiler reads ten times as fast as a list of them:
// `constexpr Int8Text<3> weights = {"\1\177\200"};` has the weights 1, 127 and -128. A NUL ends it.
template <int Size> struct Int8Text { std::int8_t values[std::size_t{Size + 1}]; };

// A constant array of any element type that parameters come in. Of others it keeps the size alone;
// the layer's check speaks of them.
struct Array {
  Element element = Element::inherit;
  int size = 0;  // elements
  Address<std::int8_t> int8{};
  Address<std::int16_t> int16{};
  Address<std::int32_t> int32{};
  Address<std::int64_t> int64{};
  Address<float> float32{};
  Address<bool> boolean{};
  Address<Whole> whole{};  // WholeArray; null: there is none

  constexpr Array() = default;
  template <class T, std::size_t N>
  constexpr Array(const T (&data)[N]) : Array(data, static_cast<int>(N)) {}
  template <class T, std::size_t N>
  constexpr Array(const std::array<T, N>& data) : Array(data.data(), static_cast<int>(N)) {}
  template <int N> constexpr Array(const Int8Text<N>& data) : Array(data.values, N) {}

private:
  template <class T> constexpr Array(const T* data, int count) : size(count) {
    if constexpr (std::is_same_v<T, std::int8_t>) {
      element = Element::int8;
      int8 = data;
    } else if constexpr (std::is_same_v<T, std::int16_t>) {
      element = Element::int16;
      int16 = data;
    } else if constexpr (std::is_same_v<T, std::int32_t>) {
      element = Element::int32;
      int32 = data;
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      element = Element::int64;
      int64 = data;
    } else if constexpr (std::is_same_v<T, float>) {
      element = Element::float32;
      float32 = data;
    } else if constexpr (std::is_same_v<T, std::uint8_t>) {
      element = Element::uint8;
    } else if constexpr (std::is_same_v<T, bool>) {
      element = Element::boolean;
      boolean = data;
    }
  }
};

namespace detail {
template <class T, std::size_t N> WholeArray<T, int{N}> whole_of(const T (&)[N]);
template <class T, std::size_t N> WholeArray<T, int{N}> whole_of(const std::array<T, N>&);
template <int N> WholeArray<std::int8_t, N> whole_of(const Int8Text<N>&);
template <class Copy> struct Ended {
  Copy copy;
  std::int8_t end;
};
// No call of std::bit_cast: g++ keeps the results of calls.
template <const auto& data, class Found = decltype(whole_of(data)),
          bool ended = sizeof data != sizeof(Found)>
inline constexpr Found whole_object{{}, __builtin_bit_cast(typename Found::Copy, data)};
template <const auto& data, class Found>
inline constexpr Found whole_object<data, Found, true>{
    {}, __builtin_bit_cast(Ended<typename Found::Copy>, data).copy};
}  // namespace detail

// A constant array with static storage, plain or a std::array, as `.filter` or any other: the same
// as the array by itself, but large networks compile faster.
template <const auto& data>
inline constexpr Array whole_array = [] {
  Array array(data);
  array.whole = &detail::whole_object<data>;
  return array;
}();

// int8 weights from -8 to 7, which lie two per byte in flash.
template <class Data> constexpr Array int4(const Data& data) {
  Array array(data);
  if (array.element == Element::int8) array.element = Element::int4;
  return array;
}

// A constant of a layer by the name that the layer gives it: the operand of MulConstant, the
// matrices of an LSTM. Its element type, scale and zero point are its own.
struct Constant {
  const char* name = "";
  Array data{};
  Array scale{};  // of integers, one for all elements
  int zero_point = 0;
};

namespace detail {

constexpr bool is_same_array(const Array& a, const Array& b) {
  return a.size == b.size && a.element == b.element && is_same(a.int8.at, b.int8.at) &&
         is_same(a.int16.at, b.int16.at) && is_same(a.int32.at, b.int32.at) &&
         is_same(a.int64.at, b.int64.at) && is_same(a.float32.at, b.float32.at) &&
         is_same(a.boolean.at, b.boolean.at) && is_same(a.whole.at, b.whole.at);
}

}  // namespace detail

// An array of records with static storage, of any length.
template <class T> struct Listing {
  const T* first = nullptr;
  int size = 0;

  constexpr Listing() = default;
  template <std::size_t N>
  constexpr Listing(const T (&records)[N]) : first(records), size(static_cast<int>(N)) {}
  template <std::size_t N>
  constexpr Listing(const std::array<T, N>& records)
      : first(records.data()), size(static_cast<int>(N)) {}
  constexpr const T& operator[](int index) const { return first[index]; }
};

struct Channel;

// One record per model input, then one per layer in reading order ({} where a layer has nothing):
//
//   constexpr graven::Parameters params[] = {
//       {.output = {1.0f / 255, -128}},                                   // the input
//       {.filter = w0, .bias = b0, .scale = s0, .output = {0.02f, -128}}, // Conv2D
//       {}, {}, {},                                                       // ReLU, MaxPool, Flatten
//       {.filter = w1, .bias = b1, .scale = s1, .output = {0.1f, 3}}};    // Dense
struct Parameters {
  Array filter{};  // Conv2D: OHWI, DepthwiseConv2D: HWC, Dense: output-major
  Array bias{};    // int32 in units of input scale * filter scale, or float; may be absent
  Array scale{};   // filter scales: one per output channel, or one for all; float: absent
  Listing<Constant> constants{};  // whatever else a layer has, by name
  Quant output{};            // scale 0: as the input of the layer, or as the layer's own rule says
  Listing<Quant> outputs{};  // of a layer with several outputs: one for each
  Element element = Element::inherit;
  const char* name = "";      // in the original model
  int index = -1;             // of the operator in the original model; -1: as layers are counted
  Address<Channel> folded{};  // of every output, while a layer is packed (kernel/fold.hpp)

  // The index of a constant; -1: there is none of this name.
  constexpr int find(const char* constant) const {
    for (int k = 0; k < constants.size; ++k)
      if (equal(constants[k].name, constant)) return k;
    return -1;
  }
};

inline constexpr Parameters no_parameters{};
inline constexpr Parameters no_records[1]{};  // of a network without layers

namespace detail {

// Do two layers refer to the same arrays, at least one, and to one list of constants?
constexpr bool have_same_arrays(const Parameters& a, const Parameters& b) {
  return (a.filter.size > 0 || a.constants.size > 0) && is_same_array(a.filter, b.filter) &&
         is_same_array(a.bias, b.bias) && is_same_array(a.scale, b.scale) &&
         a.constants.size == b.constants.size && is_same(a.constants.first, b.constants.first);
}

// A constexpr array of records, Parameters[n] or std::array<Parameters, n>.
template <const auto& params>
concept IsRecords = requires {
  requires std::is_same_v<std::remove_cvref_t<decltype(params[0])>, Parameters>;
  typename std::integral_constant<std::size_t, std::size(params)>;
};
template <const auto& params>
concept AreConstant = requires {
  typename std::integral_constant<int, params[0].index>;
};

template <const auto& params> constexpr bool are_records() {
  static_assert(IsRecords<params>,
                "Parameters: what a model gets as its parameters must be an array of "
                "graven::Parameters, or a std::array of them: one record per input, then one per "
                "layer.");
  static_assert(!IsRecords<params> || AreConstant<params>,
                "Parameters: the array of records must be constexpr; the compiler packs what it "
                "holds.");
  return IsRecords<params> && AreConstant<params>;
}
template <const auto& params> constexpr int count_records() {
  if constexpr (IsRecords<params>)
    return static_cast<int>(std::size(params));
  else
    return 0;
}
template <const auto& params> constexpr const Parameters* first_record() {
  if constexpr (IsRecords<params>)
    return std::data(params);
  else
    return nullptr;
}
// Also where there are none: somebody has spoken of it.
template <const auto& params> constexpr const Parameters& record_of(int index) {
  if constexpr (IsRecords<params>)
    return index < count_records<params>() ? params[static_cast<std::size_t>(index)]
                                           : no_parameters;
  else
    return no_parameters;
}

// An element, to see whether the compiler can read it.
constexpr int last_of(const Array& a) {
  if (a.int8 != nullptr) return a.int8[a.size - 1];
  if (a.int16 != nullptr) return a.int16[a.size - 1];
  if (a.int32 != nullptr) return a.int32[a.size - 1];
  if (a.boolean != nullptr) return a.boolean[a.size - 1] ? 1 : 0;
  if (a.int64 != nullptr) return a.int64[a.size - 1] > 0 ? 1 : 0;
  return a.float32 != nullptr && a.float32[a.size - 1] > 0 ? 1 : 0;
}
template <const auto& params, int record, Array Parameters::*which>
concept IsReadable = requires {
  typename std::integral_constant<int, last_of(record_of<params>(record).*which)>;
};

template <const auto& params, int record, int index>
concept IsReadableConstant = requires {
  typename std::integral_constant<int, last_of(record_of<params>(record).constants[index].data)>;
};

}  // namespace detail

}  // namespace graven::core
