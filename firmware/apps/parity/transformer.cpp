// Attention, rotations and norms, moment by moment: what is float inside of int8 as well.
#include "compare.hpp"

namespace parity {

namespace {

template <int heads, int kv_heads, int head, Span span, Style style, Shape rows = Shape{2, 3, 1}>
void attention(const char* name) {
  constexpr Shape q{rows.height, rows.width, heads * head},
      k{rows.height, rows.width, kv_heads * head};
  using Net =
      Graph<Node<RoPE<head>, 0>, Node<RoPE<head>, 1>,
            Node<Attention<heads, kv_heads, head, span>, 3, 4, 2>, Node<SiLU, 5>, Outputs<6>>;
  compare<Net, shapes(q, k, k), style>(name);
}

// Under a mask that `Mask` makes of an input.
template <class Mask, Span span, Style style> void masked(const char* name) {
  constexpr Shape q{2, 5, 8}, k{2, 5, 4}, mask{1, 5, 5};
  using Net = Graph<Node<Mask, 3>, Node<Attention<4, 2, 2, span>, 0, 1, 2, 4>, Outputs<5>>;
  compare<Net, shapes(q, k, k, mask), style>(name);
}
template <Span span> void of_words(const char* name) {
  constexpr Shape q{2, 3, 16}, k{2, 3, 8};
  using Net = Graph<Node<RoPE<8>, 0>, Node<RoPE<8>, 1>, Node<Attention<2, 1, 8, span>, 3, 4, 2>,
                    Outputs<5>>;
  compare<Net, shapes(q, k, k), words>(name);
}

}  // namespace

void check() {
  attention<2, 1, 4, sliding(3), centred>("attention, sliding");
  attention<4, 2, 6, stopping(4), full>("attention, stopping");
  attention<3, 3, 2, past, left>("attention, past");
  attention<2, 2, 8, everything, extreme>("attention, everything");
  attention<1, 1, 2, sliding(600), centred>("attention, a sum of many");
  attention<2, 1, 8, sliding(5), full>("attention, eight channels");
  attention<4, 2, 24, sliding(3), centred, Shape{3, 3, 1}>("attention, twenty-four channels");
  attention<1, 1, 64, everything, extreme, Shape{1, 7, 1}>("attention, sixty-four channels");
  attention<2, 2, 16, past, left, Shape{1, 9, 1}>("attention, past, sixteen channels");
  attention<2, 1, 12, past, full, Shape{2, 6, 1}>("attention, past, twelve channels");
  attention<1, 1, 8, sliding(7), centred, Shape{3, 5, 1}>("attention, an odd memory");
  attention<2, 1, 128, sliding(6), centred, Shape{1, 7, 1}>("attention, many channels");
  attention<3, 1, 8, past, full, Shape{2, 6, 1}>("attention, three queries per key");
  attention<5, 1, 4, sliding(6), centred, Shape{2, 4, 1}>("attention, five queries per key");
  attention<2, 1, 20, past, extreme, Shape{1, 11, 1}>("attention, twenty channels");
  attention<1, 1, 36, everything, full, Shape{1, 9, 1}>("attention, thirty-six channels");
  attention<4, 2, 6, sliding(4), real>("attention, float32");
  attention<2, 1, 4, everything, real>("attention, float32, everything");
  attention<2, 1, 24, sliding(5), real, Shape{3, 3, 1}>("attention, float32, blocks");
  attention<1, 1, 38, past, real, Shape{1, 9, 1}>("attention, float32, odd sizes");
  masked<Identity, everything, centred>("attention, mask");
  masked<Identity, past, full>("attention, past, mask");
  masked<Dequantize, everything, left>("attention, mask of float32");
  masked<Cast<Element::boolean>, everything, extreme>("attention, mask of booleans");
  masked<Identity, past, words>("attention, int16, mask");
  masked<Dequantize, everything, words>("attention, int16, mask of float32");
  masked<Identity, past, real>("attention, float32, mask");
  of_words<sliding(4)>("attention, int16, sliding");
  of_words<stopping(3)>("attention, int16, stopping");
  of_words<past>("attention, int16, past");
  of_words<everything>("attention, int16, everything");
  compare<Sequential<LayerNorm, RMSNorm>, Shape{2, 3, 9}, centred>("norms");
  compare<Sequential<LayerNorm, RMSNorm>, Shape{2, 3, 9}, real>("norms, float32");
  compare<Sequential<RMSNorm>, Shape{1, 3, 64}, words>("norm, int16");
  compare<Sequential<Dense<8, 12>, GatedMLP<12, 16>>, Shape{1, 3, 8}, real>("gated");
}

}  // namespace parity
