// sequence: written by graven 0.1.0 from sequence.tflite. Do not edit.
// sha256 e5cc7f982ab74e5f56ec3990c82e1d1a7b1b32b1fc2c4500d9d6d630bdda1a32
// 6 operators, 336 MACs, int8 1x7x6x2 -> int8 1x2: One layer after the other, with int8 weights ...
// clang-format off
#pragma once

#include <graven/graven.hpp>

namespace sequence {

namespace source {
inline constexpr std::int8_t conv2d_0_filter[] = {
    -106, -120, 93, 65, 86, 10, 81, -43, -12, 74, -96, -50, -96, -12, 122, -93,
};
inline constexpr std::int32_t conv2d_0_bias[] = {
    -5630, -1852, 59, -1984,
};
inline constexpr float conv2d_0_scale[] = {
    0.030039553f,
};
inline constexpr std::int8_t dense_4_filter[] = {
    55, 7, 95, -11, -34, -113, -11, 36, 69, 90, -73, 23, 77, -62, -40, 87, 20, 2, 44, 2, 123, 64,
    -115, -91, 11, 81, -111, 46, 66, 73, 95, -79, 14, 77, -37, -80, -6, -108, -72, 90, 42, 92, 87,
    96, -49, -8, 30, -58,
};
inline constexpr std::int32_t dense_4_bias[] = {
    4811, -17322,
};
inline constexpr float dense_4_scale[] = {
    0.031450797f,
};
}  // namespace source

// One record per model input, then one per operator of the file.
inline constexpr graven::Parameters params[] = {
    {.output = {0.06368391f, 65}, .name = "tensor_0"},
    {.filter = graven::whole_array<source::conv2d_0_filter>, .bias = source::conv2d_0_bias,
     .scale = source::conv2d_0_scale, .output = {0.567947f, -99}, .name = "tensor_3"},
    {.name = "tensor_4"},
    {.name = "tensor_5"},
    {.name = "tensor_7"},
    {.filter = graven::whole_array<source::dense_4_filter>, .bias = source::dense_4_bias,
     .scale = source::dense_4_scale, .output = {0.01663414f, -128}, .name = "tensor_10"},
    {.name = "tensor_11"},
};

// A type of its own: keeps names of symbols, and the compiler's time, short.
struct Network : graven::Sequential<
    // 0 tensor_3
    graven::Conv2D<2, 4, graven::Filter{1, 2}, graven::Stride{3, 1}, graven::same, graven::none, 3>,
    graven::MaxPool<graven::Window{3, 1}, 1, graven::valid, graven::relu>,  // 1 tensor_4
    graven::Sigmoid,  // 2 tensor_5
    graven::Flatten,  // 3 tensor_7
    graven::Dense<24, 2, graven::relu6>,  // 4 tensor_10
    graven::Softmax> {};  // 5 tensor_11

inline constexpr auto input = graven::Shape{7, 6, 2};

template <class Isa = graven::native, graven::plan::Policy policy = graven::plan::fastest>
using ModelFor = graven::Model<Network, input, params, Isa, policy>;
using Model = ModelFor<>;

static_assert(Model::layers[0].shape == graven::Shape{3, 6, 4},
              "sequence.tflite: layer 0 'tensor_3' must yield 3x6x4");
static_assert(Model::layers[1].shape == graven::Shape{1, 6, 4},
              "sequence.tflite: layer 1 'tensor_4' must yield 1x6x4");
static_assert(Model::layers[2].shape == graven::Shape{1, 6, 4},
              "sequence.tflite: layer 2 'tensor_5' must yield 1x6x4");
static_assert(Model::layers[3].shape == graven::Shape{1, 1, 24},
              "sequence.tflite: layer 3 'tensor_7' must yield 1x1x24");
static_assert(Model::layers[4].shape == graven::Shape{1, 1, 2},
              "sequence.tflite: layer 4 'tensor_10' must yield 1x1x2");
static_assert(Model::layers[5].shape == graven::Shape{1, 1, 2},
              "sequence.tflite: layer 5 'tensor_11' must yield 1x1x2");

}  // namespace sequence
