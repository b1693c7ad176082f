// Quantize: ties, which lie between two steps, and what saturates.
#include "compare.hpp"

namespace parity {

namespace {

inline constexpr Style ties{.out_zero = 3, .out_scale = 1.0f / 64, .real = true},
    odd{.out_zero = -128, .out_scale = 0.0031f, .real = true},
    coarse_steps{.out_zero = 127, .out_scale = 0.5f, .real = true},
    unsigned_ties{
        .out_zero = 131, .out_scale = 1.0f / 128, .real = true, .quantized = Element::uint8},
    widened{.in_zero = 5, .out_zero = 0, .out_scale = 0.0007f, .quantized = Element::int16},
    narrowed{.in_zero = 0, .out_zero = -7, .out_scale = 0.06f, .words = true},
    rescaled{.in_zero = 0,
             .out_zero = 0,
             .out_scale = 0.0005f,
             .words = true,
             .quantized = Element::int16};

}  // namespace

void check() {
  constexpr Shape shape{9, 7, 13};
  using One = Sequential<Quantize>;
  compare<One, shape, ties>("quantize");
  compare<One, shape, odd>("quantize");
  compare<One, shape, coarse_steps>("quantize, coarse");
  compare<One, shape, unsigned_ties>("quantize, uint8");
  compare<One, Shape{1, 1, 3}, ties>("quantize three");
  compare<Sequential<Quantize, Dequantize>, shape, ties>("quantize and back");
  compare<One, shape, widened>("int8 becomes int16");
  compare<One, shape, narrowed>("int16 becomes int8");
  compare<One, shape, rescaled>("int16 in another scale");
  compare<Sequential<Dequantize>, shape, centred>("int8 becomes real");
  compare<Sequential<Dequantize>, shape, words>("int16 becomes real");
}

}  // namespace parity
