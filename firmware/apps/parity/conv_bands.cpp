// Convolutions in bands of two rows, and what a limit of the weights leaves of them.
#include "compare.hpp"

namespace parity {

namespace {

// The limit of flash decides whether weights are expanded (by an estimate that is a word or two too
// high), and whether there are kernels for speed at all.
template <class Network, Shape shape> void check_flash() {
  static constexpr const auto& params =
      Source<Network, graven::core::detail::input_shapes(shape), centred>::params;
  using Fast = Model<Network, shape, params>;
  using Small = Model<Network, shape, params, native, plan::smallest>;
  constexpr int fast = Fast::weight_size, small = Small::weight_size;
  static_assert(fast > small);
  constexpr int all = Fast::flash_size + Fast::code_estimate;
  using Roomy = Model<Network, shape, params, native, plan::in_flash(plan::fastest, all + 8)>;
  using Tight = Model<Network, shape, params, native, plan::in_flash(plan::fastest, all - 1)>;
  static_assert(Roomy::weight_size == fast && Tight::weight_size == small);
  using Lean = Model<Network, shape, params, native, plan::lean>;
  constexpr int least = Lean::flash_size + Lean::code_estimate;
  using Least = Model<Network, shape, params, native, plan::in_flash(plan::fastest, least)>;
  static_assert(Least::weight_size == Lean::weight_size);
  static_assert(Least::code_estimate == Lean::code_estimate && Lean::code_estimate > 0 &&
                Lean::code_estimate < Fast::code_estimate);
}

// A layer that does not fit the limit leaves it to others, though it would save more per byte.
template <class Isa> void check_room() {
  using Network = Sequential<C<8, 16, e3>, C<16, 16, e3>, C<16, 64, e1>, C<64, 64, e3>>;
  constexpr Shape shape{8, 8, 8};
  using From = Source<Network, graven::core::detail::input_shapes(Shape{8, 8, 8}), centred>;
  constexpr int small = Model<Network, shape, From::params, Isa, plan::smallest>::weight_size;
  static_assert(Model<Network, shape, From::params, Isa>::weight_size > small);
}

// 3x3 at stride 1 in bands of two rows, where an instruction set has such, and one row at a time.
template <int in, int out, Padding padding, int height, int width, class Isa = native>
void banded(const char* name) {
  using Network = Sequential<C<in, out, e3, e1, padding>>;
  constexpr Shape shape{height, width, in};
  compare_all<Network, shape>(name);
  compare<Network, shape, centred, plan::smallest>(name);
  if constexpr (requires { typename Isa::template with_spare<0>; }) {
    constexpr auto inputs = graven::core::detail::input_shapes(shape);
    static constexpr const auto& graph =
        graph_of<Network, inputs, Source<Network, inputs, centred>::params, true>;
    static_assert(core::detail::band_of<graph, Isa>(1) == 2);
    static_assert(core::detail::band_of<graph, typename Isa::lean>(1) == 1);
    check_flash<Network, shape>();
    check_room<Isa>();
  }
}
void bands() {
  banded<8, 8, same, 4, 8>("bands, 8 to 8");
  banded<4, 12, valid, 7, 18>("bands, 4 to 12, an odd row");
  banded<12, 10, same, 5, 15>("bands, 12 to 10, an odd row and column");
  banded<20, 6, valid, 4, 9>("bands, 20 to 6");
  compare<Sequential<C<16, 4, e3>, C<4, 8, e3, e1, valid>>, Shape{6, 16, 16}, extreme>("bands");
  compare<Sequential<C<32, 2, e3>>, Shape{2, 8, 32}, full>("bands");
}

}  // namespace

void check() { bands(); }

}  // namespace parity
