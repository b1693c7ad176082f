// Layers as DeepMetal's converter writes them: plain loops in the order of the mathematics, images
// channels first, padding by a check of bounds at every tap, a ReLU as a pass of its own. Sizes are
// the compiler's, where DeepMetal's height and width come as arguments. Its loops are of float; of
// int8 are the same with zero points and TensorFlow Lite's requantization, its limits for a ReLU.
#pragma once
#include <cstdint>

namespace loops {

struct Quantized {
  int input_zero, output_zero, low, high;
  const std::int32_t *multiplier, *shift;  // one per output channel
};

/// round(sum * multiplier * 2^(shift - 31)), rounded twice as TensorFlow Lite does.
inline std::int8_t requantized(std::int32_t sum, const Quantized& q, int channel) {
  const int shift = q.shift[channel], left = shift > 0 ? shift : 0, right = shift < 0 ? -shift : 0;
  const std::int64_t product =
      std::int64_t{sum} * (std::int64_t{1} << left) * q.multiplier[channel];
  const auto high = static_cast<std::int32_t>((product + (std::int64_t{1} << 30)) >> 31);
  const std::int32_t mask = static_cast<std::int32_t>((std::int64_t{1} << right) - 1);
  const std::int32_t rest = high & mask, half = (mask >> 1) + (high < 0 ? 1 : 0);
  std::int32_t value = (high >> right) + (rest > half ? 1 : 0) + q.output_zero;
  value = value < q.low ? q.low : value;
  return static_cast<std::int8_t>(value > q.high ? q.high : value);
}

/// Weights [out][in][row][column].
template <int In, int Height, int Width, int Out, int Kernel, int Stride, int Padding, class T,
          class Sum, class Finish>
void convolve(const T* input, const T* weights, const Sum* bias, T* output, Sum input_zero,
              Finish finish) {
  constexpr int rows = (Height + 2 * Padding - Kernel) / Stride + 1;
  constexpr int columns = (Width + 2 * Padding - Kernel) / Stride + 1;
  for (int o = 0; o < Out; ++o)
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < columns; ++x) {
        Sum sum = bias[o];
        for (int c = 0; c < In; ++c)
          for (int i = 0; i < Kernel; ++i)
            for (int j = 0; j < Kernel; ++j) {
              const int row = y * Stride + i - Padding, column = x * Stride + j - Padding;
              if (row >= 0 && row < Height && column >= 0 && column < Width)
                sum += (static_cast<Sum>(input[(c * Height + row) * Width + column]) - input_zero) *
                       static_cast<Sum>(weights[((o * In + c) * Kernel + i) * Kernel + j]);
            }
        output[(o * rows + y) * columns + x] = finish(sum, o);
      }
}

/// Weights [out][in].
template <int In, int Out, class T, class Sum, class Finish>
void multiply(const T* input, const T* weights, const Sum* bias, T* output, Sum input_zero,
              Finish finish) {
  for (int o = 0; o < Out; ++o) {
    Sum sum = bias[o];
    for (int i = 0; i < In; ++i)
      sum += (static_cast<Sum>(input[i]) - input_zero) * static_cast<Sum>(weights[o * In + i]);
    output[o] = finish(sum, o);
  }
}

template <int In, int Height, int Width, int Out, int Kernel, int Stride, int Padding>
void conv(const float* input, const float* weights, const float* bias, float* output) {
  convolve<In, Height, Width, Out, Kernel, Stride, Padding>(input, weights, bias, output, 0.0f,
                                                            [](float sum, int) { return sum; });
}
template <int In, int Height, int Width, int Out, int Kernel, int Stride, int Padding>
void conv(const std::int8_t* input, const std::int8_t* weights, const std::int32_t* bias,
          std::int8_t* output, const Quantized& q) {
  convolve<In, Height, Width, Out, Kernel, Stride, Padding>(
      input, weights, bias, output, std::int32_t{q.input_zero},
      [&q](std::int32_t sum, int channel) { return requantized(sum, q, channel); });
}
template <int In, int Out>
void linear(const float* input, const float* weights, const float* bias, float* output) {
  multiply<In, Out>(input, weights, bias, output, 0.0f, [](float sum, int) { return sum; });
}
template <int In, int Out>
void linear(const std::int8_t* input, const std::int8_t* weights, const std::int32_t* bias,
            std::int8_t* output, const Quantized& q) {
  multiply<In, Out>(input, weights, bias, output, std::int32_t{q.input_zero},
                    [&q](std::int32_t sum, int channel) { return requantized(sum, q, channel); });
}
template <int Size> void relu(const float* input, float* output) {
  for (int i = 0; i < Size; ++i) output[i] = input[i] > 0 ? input[i] : 0;
}
template <int Size, class T> int argmax(const T* scores) {
  int best = 0;
  for (int i = 1; i < Size; ++i)
    if (scores[i] > scores[best]) best = i;
  return best;
}

}  // namespace loops
