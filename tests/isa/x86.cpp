// The kernels of AVX2, AVX-VNNI and AVX-512 VNNI, where the compiler has them, against those of
// scalar: random shapes, weights, quantizations and clamps.
#include <graven/isa/avx2.hpp>
#include <graven/isa/avx512vnni.hpp>
#include <graven/isa/avxvnni.hpp>

#include "kernel_run.hpp"

#if defined(__AVX2__)

using namespace test;
using namespace avx2_isa;

namespace {

void fill_quants(Problem& p) {
  p.values[0].quant = {p.real(0.01f, 0.1f), p.pick(-128, 127)};
  p.values[1].quant = {p.real(0.01f, 0.1f), p.pick(-128, 127)};
  p.values[2].quant = {p.real(0.01f, 0.1f), p.pick(-128, 127)};
  p.values[2].activation = p.of({none, relu, relu6, relu_n1_to_1});
}

// A window over an input of `channels`.
void make_window(Problem& p, int channels, bool dilated) {
  const Extent filter(p.pick(1, 5), p.pick(1, 5)), stride(p.pick(1, 3), p.pick(1, 3));
  const Extent dilation(dilated ? p.pick(1, 3) : 1, dilated ? p.pick(1, 3) : 1);
  const int tall = (filter.height - 1) * dilation.height + 1;
  const int wide = (filter.width - 1) * dilation.width + 1;
  const Padding uneven{p.pick(0, tall - 1), p.pick(0, tall - 1), p.pick(0, wide - 1),
                       p.pick(0, wide - 1)};
  const Padding padding = p.of({same, valid, uneven});
  const Shape in{tall + p.pick(0, 6), p.pick(0, 3) == 0 ? wide : wide + p.pick(0, 20), channels};
  p.values[0].shape = in;
  p.views[0].shape = in;
  p.values[2].shape = window_shape(in, channels, filter, stride, dilation, padding);
  set_window(p.values[2], p.views[0], filter, stride, dilation, padding);
}

float any_multiplier(Problem& p) {
  return p.of({1e-9f, 1e-6f, 0.001f, 0.001f, 0.01f, 0.3f, 0.9f, 1.0f, 3.0f, 100.0f});
}

int channels_of(Problem& p) { return p.of({p.pick(1, 9), p.pick(1, 40), 8, 16, 32, 64}); }

template <class Kernel> void check_conv(unsigned seed, int band) {
  Problem p(seed);
  make_window(p, channels_of(p), band == 0);
  p.values[2].op = op::conv;
  p.values[2].shape.channels = channels_of(p);
  p.connect(1);
  fill_quants(p);
  p.fill_filter();
  p.fill_scales(any_multiplier(p));
  CAPTURE(seed);
  check_parity<scalar_isa::Conv<scalar_isa::Int8>, Kernel>(p, band == 0 ? 1 : band);
}

template <class Taps, int band> void check_depthwise(unsigned seed) {
  Problem p(seed);
  const bool many = p.pick(0, 3) == 0;  // that may repeat after many vectors
  const int channels = many ? p.pick(41, 200) : channels_of(p);
  const int times = many ? 1 : p.of({1, 1, 1, 2, 3, 8});
  make_window(p, channels, band == 1);
  p.values[2].op = op::depthwise;
  p.values[2].shape.channels = channels * times;
  p.connect(1);
  fill_quants(p);
  p.fill_filter();
  p.fill_scales(any_multiplier(p));
  CAPTURE(seed);
  check_parity<scalar_isa::Depthwise<scalar_isa::Int8>, avx2_isa::Depthwise<Taps, band>>(p, band);
}

void check_add(unsigned seed) {
  Problem p(seed);
  const Shape shape{p.pick(1, 3), p.pick(1, 20), p.pick(1, 40)};
  for (Value& v : p.values) v.shape = shape;
  if (p.pick(0, 5) == 0) p.values[1].shape.width = 1;
  if (p.pick(0, 5) == 0) p.values[0].shape.channels = 1;
  p.values[2].op = op::add;
  p.connect(2);
  fill_quants(p);
  if (p.pick(0, 3) == 0) p.values[1].quant = p.values[0].quant;
  if (p.pick(0, 3) == 0) p.values[2].quant.scale *= p.of({1e-4f, 1e-6f, 1e3f});
  if (p.pick(0, 3) == 0) p.values[0].quant.scale *= p.of({1e-4f, 1e-9f, 1e4f});
  CAPTURE(seed);
  check_parity<scalar_isa::AddInt8, avx2_isa::Add>(p);
}

template <class Rule, bool Reduces> void check_pool(unsigned seed, Op op) {
  Problem p(seed);
  make_window(p, p.pick(1, 40), false);
  Value& v = p.values[2];
  if (Reduces) {
    const Shape in = p.values[0].shape;
    v.reduces = true;
    set_window(v, p.views[0], Extent(in.height, v.filter.width), Extent(in.height, v.stride.width),
               1, valid);
    v.shape = window_shape(in, in.channels, v.filter, v.stride, 1, valid);
  }
  v.op = op;
  p.connect(1);
  fill_quants(p);
  v.quant = p.values[0].quant;
  if (!avx2_isa::Pools::serves(p.graph(), 2)) return;
  CAPTURE(seed);
  check_parity<scalar_isa::Pool<std::int8_t, Rule, Reduces>, avx2_isa::Pool<Rule, Reduces>>(p);
}

void check_dense_rows(unsigned seed) {
  Problem p(seed);
  p.values[0].shape = {p.pick(1, 6), p.pick(1, 9), p.pick(1, 30)};
  p.values[2].shape = {1, 1, p.pick(1, 20)};
  p.values[2].op = op::dense;
  p.values[2].reduces = true;
  p.connect(1);
  fill_quants(p);
  p.fill_filter();
  p.fill_scales(any_multiplier(p));
  CAPTURE(seed);
  check_parity<scalar_isa::DenseRows<scalar_isa::Int8>, avx2_isa::DenseRows>(p);
}

void check_nearest(unsigned seed) {
  Problem p(seed);
  p.values[0].shape = {p.pick(1, 4), p.pick(1, 9), p.of({1, 3, 4, 8, 16, 17, 32})};
  p.values[2].shape = {1, p.pick(1, 20), p.values[0].shape.channels};
  p.values[2].op = op::nearest;
  p.connect(1);
  CAPTURE(seed);
  check_parity<scalar_isa::Nearest, avx2_isa::Nearest>(p);
}

template <class Expected, class Kernel> void check_float(unsigned seed, Op op, int band) {
  Problem p(seed);
  const int channels = channels_of(p);
  make_window(p, channels, op == op::depthwise);
  for (Value& v : p.values) v.element = Element::float32;
  p.values[2].op = op;
  p.values[2].activation = p.of({none, relu, relu6, relu_n1_to_1});
  p.values[2].shape.channels = op == op::depthwise ? channels : channels_of(p);
  p.connect(1);
  p.fill_filter();
  CAPTURE(seed);
  check_parity<Expected, Kernel>(p, band);
}

#if !defined(GRAVEN_SEEDS)  // fewer where the processor is emulated
#define GRAVEN_SEEDS 400
#endif
constexpr unsigned count = GRAVEN_SEEDS;

template <class Lanes> void check_convs() {
  for (unsigned seed = 0; seed < count; ++seed) {
    check_conv<avx2_isa::Conv<Lanes, PaddedRows, 1, 1>>(seed, 1);
    check_conv<avx2_isa::Conv<Lanes, PaddedRows, 2, 4>>(seed + count, 4);
    check_conv<avx2_isa::Conv<Lanes, PaddedRows, 4, 2>>(seed + 2 * count, 2);
    check_conv<avx2_isa::Conv<Lanes, Patches, 2, 1>>(seed + 3 * count, 0);
  }
}
template <class Taps> void check_depthwises() {
  for (unsigned seed = 0; seed < count; ++seed) {
    check_depthwise<Taps, 1>(seed);
    check_depthwise<Taps, 4>(seed + count);
  }
}

}  // namespace

TEST_CASE("convolutions") { check_convs<Words>(); }
TEST_CASE("depthwise convolutions") { check_depthwises<TapPairs>(); }
#if !defined(__FMA__)  // fused products have other roundings
TEST_CASE("float32") {
  using Real = scalar_isa::Float32;
  for (unsigned seed = 0; seed < count; ++seed) {
    check_float<scalar_isa::Conv<Real>, avx2_isa::Conv<Floats, PaddedRows, 2, 4>>(seed, op::conv,
                                                                                  4);
    check_float<scalar_isa::Conv<Real>, avx2_isa::Conv<Floats, PaddedRows, 4, 1>>(seed, op::conv,
                                                                                  1);
    check_float<scalar_isa::Depthwise<Real>, FloatDepthwise>(seed, op::depthwise, 1);
  }
}
#endif
TEST_CASE("add") {
  for (unsigned seed = 0; seed < count; ++seed) check_add(seed);
}
TEST_CASE("pools") {
  using Max = scalar_isa::Largest<std::int8_t>;
  using Narrow = scalar_isa::Average<std::int8_t, std::int16_t>;
  using Wide = scalar_isa::Average<std::int8_t, std::int32_t>;
  for (unsigned seed = 0; seed < count; ++seed) {
    check_pool<Max, false>(seed, op::max_pool);
    check_pool<Max, true>(seed, op::max_pool);
    check_pool<Narrow, false>(seed, op::average_pool);
    check_pool<Narrow, true>(seed, op::average_pool);
    check_pool<Wide, false>(seed, op::average_pool);
    check_pool<Wide, true>(seed, op::average_pool);
  }
}
TEST_CASE("dense, row by row") {
  for (unsigned seed = 0; seed < count; ++seed) check_dense_rows(seed);
}
TEST_CASE("nearest") {
  for (unsigned seed = 0; seed < count; ++seed) check_nearest(seed);
}

#if defined(__AVXVNNI__) || (defined(__AVX512VNNI__) && defined(__AVX512VL__))
TEST_CASE("convolutions, AVX-VNNI") { check_convs<avxvnni_isa::Bytes>(); }
TEST_CASE("depthwise convolutions, AVX-VNNI") {
  check_depthwises<avxvnni_isa::TapQuads<avxvnni_isa::Bytes>>();
}
#endif
#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)
TEST_CASE("convolutions, AVX-512 VNNI") { check_convs<avx512vnni_isa::Bytes>(); }
TEST_CASE("depthwise convolutions, AVX-512 VNNI") {
  check_depthwises<avxvnni_isa::TapQuads<avx512vnni_isa::Bytes>>();
}
#endif

#endif
