// Kernels whose assembler is long, or takes nearly all registers: compiled at other options than
// those of the presets. The float32 of Armv7E-M wants its constants within reach, int16 sums
// in two scales the register of a frame pointer.
#include <graven/graven.hpp>

using namespace graven;

namespace {

constexpr Parameters reals[] = {{.element = Element::float32},
                                {.element = Element::float32},
                                {.element = Element::float32},
                                {}};
constexpr Parameters bytes[] = {
    {.output = {0.1f, 3}}, {.output = {0.1f, 3}}, {.output = {0.1f, 3}}, {.output = {0.05f, 1}}};
template <int head, Span span>
using Net = Graph<Node<Attention<1, 1, head, span>, 0, 1, 2>, Outputs<3>>;
template <int head> inline constexpr Shape rows{1, 9, head};
template <int head, Span span, const auto& params>
using Of = Model<Net<head, span>, shapes(rows<head>, rows<head>, rows<head>), params>;

// Sums in two scales.
constexpr Parameters words[] = {{.output = {0.1f, 0}, .element = Element::int16},
                                {.output = {0.03f, 0}, .element = Element::int16},
                                {.output = {0.1f, 0}},
                                {.output = {0.1f, 0}}};
using Sums = Graph<Node<Add, 0, 1>, Node<Sub, 2, 1>, Outputs<3>>;

}  // namespace

Of<44, everything, reals> odd;
Of<24, past, reals> past_reals;
Of<24, past, bytes> past_bytes;
Model<Sums, shapes(Shape{2, 3, 40}, Shape{2, 3, 40}), words> sums;

void run_all() {
  odd.run();
  past_reals.run();
  past_bytes.run();
  sums.run();
}
