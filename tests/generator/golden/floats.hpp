// floats: written by graven 0.1.0 from floats.tflite. Do not edit.
// sha256 3d7d453c72166d2c05142a0304015cfa56a42d64f8f0d4904e0fc3bb87616c5e
// 3 operators, 20 MACs, float32 1x5, float32 1x4 -> float32 1x4: Two float32 inputs.
// clang-format off
#pragma once

#include <graven/graven.hpp>

namespace floats {

namespace source {
inline constexpr float dense_0_filter[] = {
    -0.2838848f, -0.22632465f, -0.107798584f, -1.0099931f, -0.115966186f, -0.43260655f, 1.6614997f,
    0.112893306f, -0.1763154f, -0.14064372f, -0.33402318f, -0.52757525f, -0.19540049f, 0.2409727f,
    -0.11927681f, 0.47887936f, -0.099901065f, 0.012129783f, 0.7729104f, 0.27255276f,
};
inline constexpr float dense_0_bias[] = {
    -0.09141949f, 0.27026257f, 0.967544f, -0.13481016f,
};
}  // namespace source

// One record per model input, then one per operator of the file.
inline constexpr graven::Parameters params[] = {
    {.name = "tensor_0"},
    {.name = "tensor_4"},
    {.filter = graven::whole_array<source::dense_0_filter>, .bias = source::dense_0_bias,
     .name = "tensor_3"},
    {.name = "tensor_5"},
    {.name = "tensor_6"},
};

enum Value : int {
  input_0, input_1, dense_0, add_1, tanh_2,
};

// A type of its own: keeps names of symbols, and the compiler's time, short.
struct Network : graven::Graph<
    graven::Node<graven::Dense<5, 4>, input_0>,  // 0 tensor_3
    graven::Node<graven::AddWith<graven::relu>, dense_0, input_1>,  // 1 tensor_5
    graven::Node<graven::Tanh, add_1>,  // 2 tensor_6
    graven::Outputs<tanh_2>> {};

inline constexpr auto input = graven::shapes(graven::Shape{1, 1, 5}, graven::Shape{1, 1, 4});

template <class Isa = graven::native, graven::plan::Policy policy = graven::plan::fastest>
using ModelFor = graven::Model<Network, input, params, Isa, policy>;
using Model = ModelFor<>;

static_assert(Model::layers[0].shape == graven::Shape{1, 1, 4},
              "floats.tflite: layer 0 'tensor_3' must yield 1x1x4");
static_assert(Model::layers[1].shape == graven::Shape{1, 1, 4},
              "floats.tflite: layer 1 'tensor_5' must yield 1x1x4");
static_assert(Model::layers[2].shape == graven::Shape{1, 1, 4},
              "floats.tflite: layer 2 'tensor_6' must yield 1x1x4");

}  // namespace floats
