// Operators from outside of the library, each with its layer and its kernel in one file: what
// docs/contributing.md tells. Nothing of the library names them.
#include <graven/graven.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <span>

using namespace graven;

// ---- RunningMax: out[y] = max(out[y - 1], in[y]), down the height
// -------------------------------- Its scratch, the row of maxima so far, lasts from the first step
// to the last.

namespace mine {

using namespace graven::core;

inline constexpr Op running_max{"mine.running_max"};

struct RunningMax {
  static constexpr const char* op = "RUNNING_MAX";

  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(running_max, in.layer, in.shape, input);
    v.carries = true;
    return l.add(v, input);
  }
};

struct RunningMaxInt8 : PlainKernel {
  static constexpr const char* name = "mine.running_max";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, running_max);
  }
  static constexpr int scratch(const GraphView&, const Value& v) { return v.shape.row(); }
  static constexpr void run(const Task& task, const Band& band) {
    for (int i = 0; i < task.out_width * task.out_channels; ++i) {
      auto most = load<std::int8_t>(band.rows[0] + i);
      if (band.step > 0)
        if (const auto before = load<std::int8_t>(band.scratch + i); before > most) most = before;
      store(band.scratch + i, most);
      store(band.out[0] + i, most);
    }
  }
};

// Counter: how many runs there were since the last reset(). Its one element persists; a step reads
// it and writes it again.

inline constexpr Op counter{"mine.counter"};

struct Counter {
  static constexpr const char* op = "COUNTER";

  template <At in> static constexpr Shape output() { return {1, 1, 1}; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    Value v = l.begin(counter, in.layer, {1, 1, 1}, input);
    v.element = Element::int32;
    v.quant = {};
    v.persistent = true;
    return l.add(v, l.own_rows(v), input);
  }
};

struct CounterInt32 : PlainKernel {
  static constexpr const char* name = "mine.counter";
  static constexpr bool serves(const GraphView& g, int value) { return g[value].op == counter; }
  static constexpr void run(const Task&, const Band& band) {
    store(band.out[0], load<std::int32_t>(band.rows[0]) + 1);
  }
};

// Product: out = a * b, of a matrix by rows with a whole one. A step reads one row of a and all
// rows of b: inputs of one value differ in their row counts.

inline constexpr Op product{"mine.product"};

struct Product {
  static constexpr const char* op = "PRODUCT";

  template <At a, At b> static constexpr Shape output() {
    return {a.shape.height, 1, b.shape.channels};
  }
  template <At a, At b, class Lowering> static constexpr View lower(Lowering& l, View x, View y) {
    x = l.with_rows(x, a.layer);
    y = l.with_rows(y, b.layer);
    y.rows = {.first = 0, .step = 0, .count = b.shape.height};
    Value v = l.begin(product, a.layer, output<a, b>(), x);
    v.macs = static_cast<std::uint64_t>(v.shape.size()) * static_cast<unsigned>(b.shape.height);
    return l.add(v, x, y);
  }
};

struct ProductFloat32 : PlainKernel {
  static constexpr const char* name = "mine.product";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, product);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const std::byte* const* b = band.rows + task.rows;  // behind the rows of the first input
    for (int c = 0; c < task.out_channels; ++c) {
      float sum = 0;
      for (int k = 0; k < task.in_channels; ++k)
        sum += load<float>(band.rows[0] + 4 * k) * load<float>(b[k] + 4 * c);
      store(band.out[0] + 4 * c, sum);
    }
  }
};

// An instruction set with three kernels more. In constant expressions scalar stands for all others.
template <class Isa> struct with_kernels : Isa {
  using kernels = Prefer<RunningMaxInt8, CounterInt32, ProductFloat32, typename Isa::kernels>;
  using twin = with_kernels<scalar>;
};
using with_mine = with_kernels<native>;

}  // namespace mine

// ---- in networks --------------------------------------------------------------------------------

namespace {

constexpr Parameters params[] = {{.output = {0.5f, 0}}, {}, {}, {}};

using Envelope = Sequential<mine::RunningMax, ReLU, MaxPool<Extent{2, 1}>>;
using Envelopes = Model<Envelope, Shape{4, 2, 1}, params, mine::with_mine>;
constexpr std::array<std::int8_t, 8> signal{1, -5, -3, 4, 7, 2, 0, 9};

}  // namespace

TEST_CASE("scratch that is carried from step to step") {
  constexpr std::array<std::int8_t, 4> expected{1, 4, 7, 9};
  static_assert(evaluate<Model<Envelope, Shape{4, 2, 1}, params, mine::with_mine>>(signal) ==
                expected);
  static Envelopes model;
  const auto output = model.run(signal);
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(output[i] == expected[i]);
}

constexpr Parameters counted[] = {{.output = {0.5f, 0}}, {}};
using Runs = Model<Sequential<mine::Counter>, Shape{4, 2, 1}, counted, mine::with_mine>;
static_assert(Runs::has_state && !Envelopes::has_state && Envelopes::state_size == 0);
static_assert(Runs::arena_bound <= Runs::arena_size);  // neither with the State

// Bytes of rows that lie otherwise are no State of this network.
struct lies_otherwise : mine::with_mine {
  static constexpr core::RowForm row_form(const core::GraphView& g, int value) {
    core::RowForm form = mine::with_mine::row_form(g, value);
    form.biased = !form.biased;
    return form;
  }
};
constexpr auto counting =
    core::graph_of<Sequential<mine::Counter>, std::array{Shape{4, 2, 1}}, counted, true>;
using CountingPlan = core::PlanOf<counting, mine::with_mine, plan::fastest>;
static_assert(core::detail::fingerprint_of<counting, mine::with_mine, CountingPlan>() !=
              core::detail::fingerprint_of<counting, lies_otherwise, CountingPlan>());

TEST_CASE("state lasts from run to run, until a reset") {
  static Runs model;
  CHECK(model.run(signal)[0] == 1);
  CHECK(model.run(signal)[0] == 2);
  CHECK(model.run(signal)[0] == 3);
  model.reset();
  CHECK(model.run(signal)[0] == 1);
}

TEST_CASE("each of several states has its own history, on one memory") {
  Runs::State left, right;
  alignas(Runs::alignment) std::byte memory[Runs::arena_size];
  CHECK(Runs::OnArena(left, memory).run(signal)[0] == 1);
  CHECK(Runs::OnArena(left, memory).run(signal)[0] == 2);
  CHECK(Runs::OnArena(right, memory).run(signal)[0] == 1);
  const Runs::State before = left;  // a copy is a snapshot
  CHECK(Runs::OnArena(left, memory).run(signal)[0] == 3);
  left = before;
  CHECK(Runs::OnArena(left, memory).run(signal)[0] == 3);
}

TEST_CASE("a state is saved and restored, by a network that it fits") {
  static Runs model;
  model.reset();
  model.run(signal);
  model.run(signal);
  std::array<std::byte, Runs::State::saved_size> bytes{};
  model.state().save(bytes);
  static Runs other;
  CHECK(other.state().restore(bytes));
  CHECK(other.run(signal)[0] == 3);

  bytes[0] ^= std::byte{1};
  CHECK(!other.state().restore(bytes));
  CHECK(other.run(signal)[0] == 4);  // nothing has changed
}

TEST_CASE("inputs of one value with different numbers of rows") {
  static constexpr Parameters none[] = {{}, {}, {}, {}};
  using Net = Graph<Node<mine::Product, 0, 1>, Node<ReLU, 2>, Outputs<3>>;
  static Model<Net, shapes(Shape{2, 1, 3}, Shape{3, 1, 2}), none, mine::with_mine> model;
  const float a[] = {1, 2, 3, -1, 0, 1}, b[] = {1, 2, 0, 1, -1, 4};
  std::copy(std::begin(a), std::end(a), model.input<0>().begin());
  std::copy(std::begin(b), std::end(b), model.input<1>().begin());
  const auto output = model.run();
  const float expected[] = {0, 16, 0, 2};  // -2 and -2 are clamped
  for (std::size_t i = 0; i < 4; ++i) CHECK(output[i] == expected[i]);
}

TEST_CASE("a stream keeps what persists, too") {
  static Streaming<Sequential<mine::Counter>, Shape{4, 2, 1}, counted, mine::with_mine> stream;
  std::array<std::int8_t, decltype(stream)::push_size> rows{};
  for (int push = 1; push <= 4; ++push) CHECK(stream.push(rows)[0] == push);
}

TEST_CASE("what carries scratch is computed whole by a stream") {
  constexpr StreamPolicy whole{.padding = TimePadding::recomputed};
  using Net = Sequential<mine::RunningMax>;
  static Model<Net, Shape{4, 1, 1}, counted, mine::with_mine> model;
  static Streaming<Net, Shape{4, 1, 1}, counted, mine::with_mine, whole> stream;
  const std::array<std::int8_t, 9> beats{9, 1, 2, 3, 1, 5, 2, 7, 1};
  const std::span<const std::int8_t> all(beats);
  for (std::size_t t = 0; t < beats.size(); ++t) {
    stream.push(all.subspan(t).first<1>());
    if (t < 3) continue;
    const auto expected = model.run(all.subspan(t - 3).first<4>()), got = stream.output();
    CHECK(std::equal(expected.begin(), expected.end(), got.begin(), got.end()));
  }
}

template <int fast> void check_state_of_regions() {
  using M = Model<Sequential<mine::Counter>, Shape{4, 2, 1}, counted, mine::with_mine,
                  plan::Policy{.fast = fast}>;
  static_assert(M::fast_size + M::slow_size >= Runs::arena_size);
  static_assert(M::fast_size + M::slow_size <= Runs::arena_size + 8);
  typename M::State state;
  alignas(8) std::byte first[M::fast_size + 8], second[M::slow_size + 8];
  typename M::OnArenas model(state, first, second);
  CHECK(model.run(signal)[0] == 1);
  const typename M::State before = state;
  CHECK(model.run(signal)[0] == 2);
  state = before;
  CHECK(model.run(signal)[0] == 2);
}
TEST_CASE("a state lies in neither of two memories") {
  check_state_of_regions<4>();
  check_state_of_regions<8>();
  check_state_of_regions<4096>();
}
