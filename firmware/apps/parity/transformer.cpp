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
// Heads of a size that instruction sets serve; the mask has a row for each query or for all.
template <class Mask, int heads, int kv_heads, int head, Span span, Style style, MaskOf of,
          int queries = 7, int keys = 7, bool one = false>
void masked_heads(const char* name) {
  constexpr Shape q{2, queries, heads * head}, k{2, keys, kv_heads * head};
  constexpr Shape mask{of == MaskOf::head ? 2 * heads : 1, one ? 1 : queries, keys};
  using Attends = Attention<heads, kv_heads, head, span, 0.0f, of>;
  using Net = Graph<Node<Mask, 3>, Node<Attends, 0, 1, 2, 4>, Outputs<5>>;
  compare<Net, shapes(q, k, k, mask), style>(name);
}
void masks() {
  constexpr MaskOf all = MaskOf::all_heads, each = MaskOf::head;
  using Booleans = Cast<Element::boolean>;
  masked_heads<Booleans, 2, 2, 8, everything, centred, all>("mask, booleans, moments in pairs");
  masked_heads<Booleans, 2, 2, 8, past, full, all>("mask, booleans, past");
  masked_heads<Booleans, 1, 1, 128, everything, extreme, all, 9, 33>("mask, many channels");
  masked_heads<Dequantize, 4, 2, 12, everything, left, each>("mask of each head, pairs of heads");
  masked_heads<Dequantize, 3, 1, 4, past, full, each>("mask of each head, float32, past");
  masked_heads<Identity, 2, 2, 8, everything, extreme, all, 5, 9>("mask of int8, more keys");
  masked_heads<Identity, 1, 1, 24, past, centred, all>("mask of int8, past");
  masked_heads<Booleans, 2, 1, 16, everything, full, all, 6, 11, true>("mask of all queries");
  masked_heads<Booleans, 2, 2, 4, everything, full, each, 5, 3, true>("a mask of each head");
  masked_heads<Booleans, 2, 2, 8, past, words, all>("mask, int16, booleans, past");
  masked_heads<Dequantize, 4, 2, 12, everything, words, each, 4, 9>("mask of each head, int16");
  masked_heads<Identity, 2, 1, 8, everything, words, all, 3, 5, true>("mask of int16");
  masked_heads<Identity, 2, 1, 4, everything, real, each, 3, 5>("mask of each head, float32");
}
// Scores so close together that no distance within an int32 leaves a key without weight.
constexpr Parameters close[]{{.output = {1e-4f, 5}},
                             {.output = {1e-4f, 5}},
                             {.output = {0.05f, 3}},
                             {.element = Element::boolean},
                             {}};
constexpr Parameters close_unmasked[]{close[0], close[1], close[2], {}};
template <class Net, auto in, const auto& params> void with_close_scores(const char* name) {
  constexpr auto shapes = core::detail::input_shapes(in);
  compare(name, SubjectOf<Net, shapes, params, scalar, plan::fastest>::value,
          SubjectOf<Net, shapes, params, native, plan::fastest>::value);
}
void close_scores() {
  constexpr Shape seven{1, 7, 8}, eight{1, 8, 8};
  using Everything = Graph<Node<Attention<1, 1, 8, everything>, 0, 1, 2>, Outputs<3>>;
  using Past = Graph<Node<Attention<1, 1, 8, past>, 0, 1, 2>, Outputs<3>>;
  using Masked = Graph<Node<Attention<1, 1, 8, everything>, 0, 1, 2, 3>, Outputs<4>>;
  with_close_scores<Everything, shapes(seven, seven, seven), close_unmasked>("close scores");
  with_close_scores<Past, shapes(eight, eight, eight), close_unmasked>("close scores, past");
  with_close_scores<Masked, shapes(eight, eight, eight, Shape{1, 8, 8}), close>(
      "close scores, mask");
}
// Exponentials of all sizes: some are subnormal, or nothing.
template <int scale, int head> void far_apart(const char* name) {
  constexpr Shape rows{1, 23, head};
  using Net = Graph<Node<Attention<1, 1, head, everything, float{scale}>, 0, 1, 2>, Outputs<3>>;
  compare<Net, shapes(rows, rows, rows), real>(name);
}
// So small a scale that scores are 0 or -0: of a head of one channel, all are -0 now and then.
void zeros() {
  constexpr Shape rows{1, 4, 16};
  using Net = Graph<Node<Attention<16, 16, 1, everything, 1.4e-45f>, 0, 1, 2>, Outputs<3>>;
  compare<Net, shapes(rows, rows, rows), real>("attention, float32, scores of 0");
}
template <Span span, int heads = 2, int kv_heads = 1, int head = 8, Shape rows = Shape{2, 3, 1}>
void of_words(const char* name) {
  constexpr Shape q{rows.height, rows.width, heads * head};
  constexpr Shape k{rows.height, rows.width, kv_heads * head};
  using Net = Graph<Node<RoPE<head>, 0>, Node<RoPE<head>, 1>,
                    Node<Attention<heads, kv_heads, head, span>, 3, 4, 2>, Outputs<5>>;
  compare<Net, shapes(q, k, k), words>(name);
}

void words_of_attention() {
  of_words<sliding(4)>("attention, int16, sliding");
  of_words<stopping(3)>("attention, int16, stopping");
  of_words<past>("attention, int16, past");
  of_words<everything>("attention, int16, everything");
  of_words<past, 2, 2, 12, Shape{1, 9, 1}>("attention, int16, moments in pairs");
  of_words<sliding(7), 3, 1, 24, Shape{3, 5, 1}>("attention, int16, an odd memory");
  of_words<everything, 1, 1, 64, Shape{1, 19, 1}>("attention, int16, sixty-four channels");
}

// Of keys, as many words as the last turn of a loop of four may have.
void words_of_keys() {
  attention<2, 1, 20, past, extreme, Shape{1, 11, 1}>("attention, twenty channels");
  attention<1, 1, 36, everything, full, Shape{1, 9, 1}>("attention, thirty-six channels");
  attention<1, 1, 20, sliding(9), full, Shape{1, 17, 1}>("attention, five words of a key");
  attention<1, 1, 28, sliding(6), extreme, Shape{1, 13, 1}>("attention, seven words of a key");
  attention<2, 1, 36, sliding(9), centred, Shape{1, 17, 1}>("attention, nine words, two queries");
  attention<2, 1, 32, stopping(9), full, Shape{1, 11, 1}>("attention, eight words, two queries");
  attention<2, 2, 12, stopping(5), full, Shape{2, 9, 1}>("attention, a full memory");
  attention<1, 1, 4, sliding(1), extreme, Shape{1, 5, 1}>("attention, a memory of one");
  attention<2, 2, 4, stopping(1), centred, Shape{2, 4, 1}>("attention, one moment, two heads");
  attention<3, 3, 8, sliding(2), extreme, Shape{1, 6, 1}>("attention, a memory of two");
  attention<2, 2, 16, sliding(8), full, Shape{3, 9, 1}>("attention, a memory of whole words");
  attention<1, 1, 8, sliding(3), left, Shape{1, 8, 1}>("attention, steep, a full memory");
  attention<1, 1, 8, sliding(40), full, Shape{1, 2, 1}>("attention, a memory that is not full");
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
  attention<4, 2, 6, sliding(4), real>("attention, float32");
  attention<2, 1, 4, everything, real>("attention, float32, everything");
  attention<2, 1, 24, sliding(5), real, Shape{3, 3, 1}>("attention, float32, blocks");
  attention<1, 1, 38, past, real, Shape{1, 9, 1}>("attention, float32, odd sizes");
  attention<1, 1, 44, everything, real, Shape{1, 13, 1}>("attention, float32, twelve channels");
  far_apart<20, 8>("attention, float32, scores apart");
  far_apart<200, 12>("attention, float32, scores far apart");
  zeros();
  masked<Identity, everything, centred>("attention, mask");
  masked<Identity, past, full>("attention, past, mask");
  masked<Dequantize, everything, left>("attention, mask of float32");
  masked<Cast<Element::boolean>, everything, extreme>("attention, mask of booleans");
  masked<Identity, past, words>("attention, int16, mask");
  masked<Dequantize, everything, words>("attention, int16, mask of float32");
  masked<Identity, past, real>("attention, float32, mask");
  words_of_keys();
  words_of_attention();
  masks();
  compare<Sequential<LayerNorm, RMSNorm>, Shape{2, 3, 9}, centred>("norms");
  compare<Sequential<LayerNorm, RMSNorm>, Shape{2, 3, 9}, real>("norms, float32");
  compare<Sequential<RMSNorm>, Shape{1, 3, 64}, words>("norm, int16");
  compare<Sequential<Dense<8, 12>, GatedMLP<12, 16>>, Shape{1, 3, 8}, real>("gated");
  close_scores();
}

}  // namespace parity
