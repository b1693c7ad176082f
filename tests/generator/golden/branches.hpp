// branches: written by graven 0.1.0 from branches.tflite. Do not edit.
// sha256 83661ec43c05852175e7261c54abffbca469762e0262cdd72f7ca6c5a00c244f
// 13 operators, 5670 MACs, int8 1x6x5x3 -> int8 1x6x5x3, int32 1x5x10, int8 1x1x5x1: A residual,...
// clang-format off
#pragma once

#include <graven/graven.hpp>

namespace branches {

namespace source {
inline constexpr std::int8_t conv2d_0_filter[] = {
    -104, -76, 40, -50, 16, -61, -89, 64, -17, 46, 43, 114, -20, -71, 34, 111, 119, 94, 47, -31,
    -28, -117, -80, -43, -39, 20, 3,
};
inline constexpr float conv2d_0_scale[] = {
    0.044551615f, 0.015925733f, 0.034377314f,
};
inline constexpr std::int8_t conv2d_1_filter[] = {
    -100, 24, 37, -12, -24, 24, 4, 73, 24, -7, 92, -73, -16, -4, 100, -15, 29, -108, 84, -14, 0,
    -103, 49, 34, -41, 69, 6, -113, -72, -62, -102, 0, -118, 6, 51, 20, -11, -59, 101, -45, 85, -14,
    -29, 49, 121, 73, 23, -100, 68, 73, -24, -35, -77, 123, -84, -2, -81, 73, 26, -87, -99, -103,
    -122, 91, 85, -31, -102, -57, -13, 10, -3, 30, 31, 32, 1, -14, 112, 82, 64, -113, 19,
};
inline constexpr std::int32_t conv2d_1_bias[] = {
    -1433, -23461, -16556,
};
inline constexpr float conv2d_1_scale[] = {
    0.03604447f, 0.021885695f, 0.04254541f,
};
inline constexpr std::int8_t conv2d_2_filter[] = {
    73, 83, -113, 3, 123, -36, -14, -63, -46,
};
inline constexpr std::int32_t conv2d_2_bias[] = {
    957, -5215, -1386,
};
inline constexpr float conv2d_2_scale[] = {
    0.011755916f, 0.018207658f, 0.010610118f,
};
inline constexpr std::int8_t conv2d_4_filter[] = {
    -99, 43, 123, 103, 109, 94, -65, 75, -64, -114, 69, 122, 80, 29, 117, -106, -100, -62, -109, 31,
    -117, -29, 3, -14, 25, 78, 99, 83, 65, 12, 24, 75, -8, -24, 84, 121, -31, 27, -116, 119, 79,
    -116, -31, 98, 34,
};
inline constexpr std::int32_t conv2d_4_bias[] = {
    -8730, 5951, -4800, 22412, -526,
};
inline constexpr float conv2d_4_scale[] = {
    0.11170571f, 0.02499834f, 0.014531207f, 0.07413416f, 0.009608802f,
};
inline constexpr std::int8_t conv2d_5_filter[] = {
    -9, -90, 113, 35, -65, -18, 36, 26, -36,
};
inline constexpr std::int32_t conv2d_5_bias[] = {
    2675, -5537, -3036,
};
inline constexpr float conv2d_5_scale[] = {
    0.006702331f,
};
inline constexpr std::int8_t conv2d_6_filter[] = {
    -102, 61, -31, 121, 70, -59, -76, -61, 21, -20, -12, -52, 95, 39, -110, 115, -127, -88,
};
inline constexpr std::int32_t conv2d_6_bias[] = {
    -9556, 11268,
};
inline constexpr float conv2d_6_scale[] = {
    0.0077008517f, 0.011387087f,
};
inline constexpr std::int8_t add_10_operand[] = {
    -60,
};
inline constexpr float add_10_operand_scale[] = {
    249.09113f,
};
inline constexpr graven::Constant add_10_constants[] = {
    {"operand", add_10_operand, add_10_operand_scale, -78},
};
}  // namespace source

// One record per model input, then one per operator of the file.
inline constexpr graven::Parameters params[] = {
    {.output = {0.057074666f, 127}, .name = "tensor_0"},
    {.filter = graven::whole_array<source::conv2d_0_filter>, .scale = source::conv2d_0_scale,
     .output = {0.22558117f, 127}, .name = "tensor_2"},
    {.filter = graven::whole_array<source::conv2d_1_filter>, .bias = source::conv2d_1_bias,
     .scale = source::conv2d_1_scale, .output = {8.73145f, 127}, .name = "tensor_5"},
    {.filter = graven::whole_array<source::conv2d_2_filter>, .bias = source::conv2d_2_bias,
     .scale = source::conv2d_2_scale, .output = {0.07208136f, 127}, .name = "tensor_8"},
    {.output = {4.9547215f, 127}, .name = "tensor_9"},
    {.filter = graven::whole_array<source::conv2d_4_filter>, .bias = source::conv2d_4_bias,
     .scale = source::conv2d_4_scale, .output = {141.58485f, 127}, .name = "tensor_12"},
    {.filter = graven::whole_array<source::conv2d_5_filter>, .bias = source::conv2d_5_bias,
     .scale = source::conv2d_5_scale, .output = {3.5110292f, 0}, .name = "tensor_15"},
    {.filter = graven::whole_array<source::conv2d_6_filter>, .bias = source::conv2d_6_bias,
     .scale = source::conv2d_6_scale, .output = {9.800118f, 0}, .name = "tensor_18"},
    {.output = {141.58485f, 127}, .name = "tensor_19"},
    {.output = {141.58485f, 127}, .name = "tensor_20"},
    {.output = {141.58485f, 127}, .name = "tensor_21"},
    {.constants = source::add_10_constants, .output = {210.28581f, -128}, .name = "tensor_23"},
    {.output = {210.28581f, -128}, .name = "tensor_24"},
    {.name = "tensor_27"},
};

enum Value : int {
  input_0, conv2d_0, conv2d_1, conv2d_2, add_3, conv2d_4, conv2d_5, conv2d_6, quantize_7,
  quantize_8, concat_9, add_10, mean_11, argmax_12,
};

// A type of its own: keeps names of symbols, and the compiler's time, short.
struct Network : graven::Graph<
    // 0 tensor_2
    graven::Node<graven::Conv2D<3, 3, graven::Filter{3, 1}, 1, graven::same, graven::relu6>,
        input_0>,
    // 1 tensor_5
    graven::Node<graven::Conv2D<3, 3, 3, 1, graven::same, graven::relu_n1_to_1>, conv2d_0>,
    // 2 tensor_8
    graven::Node<graven::Conv2D<3, 3, 1, 1, graven::same, graven::relu_n1_to_1>, input_0>,
    graven::Node<graven::AddWith<graven::relu>, conv2d_1, conv2d_2>,  // 3 tensor_9
    // 4 tensor_12
    graven::Node<graven::Conv2D<3, 5, graven::Filter{1, 3}, 1, graven::same, graven::relu6>, add_3>,
    graven::Node<graven::Conv2D<3, 3, 1, 1, graven::same, graven::relu6>, add_3>,  // 5 tensor_15
    // 6 tensor_18
    graven::Node<graven::Conv2D<3, 2, graven::Filter{3, 1}, 1, graven::same,
        graven::relu_n1_to_1>, add_3>,
    graven::Node<graven::Quantize, conv2d_5>,  // 7 tensor_19
    graven::Node<graven::Quantize, conv2d_6>,  // 8 tensor_20
    graven::Node<graven::Concatenate<>, conv2d_4, quantize_7, quantize_8>,  // 9 tensor_21
    // 10 tensor_23
    graven::Node<graven::AddConstant<graven::Shape{1, 1, 1}, graven::relu_n1_to_1>, concat_9>,
    // 11 tensor_24
    graven::Node<graven::Mean<graven::Axis::height | graven::Axis::channels>, add_10>,
    graven::Node<graven::ArgMax<graven::Axis::height>, add_10>,  // 12 tensor_27
    graven::Outputs<add_3, argmax_12, mean_11>> {};

inline constexpr auto input = graven::Shape{6, 5, 3};

template <class Isa = graven::native, graven::plan::Policy policy = graven::plan::fastest>
using ModelFor = graven::Model<Network, input, params, Isa, policy>;
using Model = ModelFor<>;

static_assert(Model::layers[0].shape == graven::Shape{6, 5, 3},
              "branches.tflite: layer 0 'tensor_2' must yield 6x5x3");
static_assert(Model::layers[1].shape == graven::Shape{6, 5, 3},
              "branches.tflite: layer 1 'tensor_5' must yield 6x5x3");
static_assert(Model::layers[2].shape == graven::Shape{6, 5, 3},
              "branches.tflite: layer 2 'tensor_8' must yield 6x5x3");
static_assert(Model::layers[3].shape == graven::Shape{6, 5, 3},
              "branches.tflite: layer 3 'tensor_9' must yield 6x5x3");
static_assert(Model::layers[4].shape == graven::Shape{6, 5, 5},
              "branches.tflite: layer 4 'tensor_12' must yield 6x5x5");
static_assert(Model::layers[5].shape == graven::Shape{6, 5, 3},
              "branches.tflite: layer 5 'tensor_15' must yield 6x5x3");
static_assert(Model::layers[6].shape == graven::Shape{6, 5, 2},
              "branches.tflite: layer 6 'tensor_18' must yield 6x5x2");
static_assert(Model::layers[7].shape == graven::Shape{6, 5, 3},
              "branches.tflite: layer 7 'tensor_19' must yield 6x5x3");
static_assert(Model::layers[8].shape == graven::Shape{6, 5, 2},
              "branches.tflite: layer 8 'tensor_20' must yield 6x5x2");
static_assert(Model::layers[9].shape == graven::Shape{6, 5, 10},
              "branches.tflite: layer 9 'tensor_21' must yield 6x5x10");
static_assert(Model::layers[10].shape == graven::Shape{6, 5, 10},
              "branches.tflite: layer 10 'tensor_23' must yield 6x5x10");
static_assert(Model::layers[11].shape == graven::Shape{1, 5, 1},
              "branches.tflite: layer 11 'tensor_24' must yield 1x5x1");
static_assert(Model::layers[12].shape == graven::Shape{1, 5, 10},
              "branches.tflite: layer 12 'tensor_27' must yield 1x5x10");

}  // namespace branches
