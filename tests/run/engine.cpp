// Running a plan: in slices, with a hook, in bands, with values that stay from run to run, and with
// more rows than a byte counts.
#include "../plan_check.hpp"
#include "../policies.hpp"

using namespace test;

namespace {

using Net = Chain::Network;
template <plan::Policy policy> using ChainOf = Subject<Net, Chain::input, Element::int8, 5, policy>;

template <class M> struct Loaded {
  GuardedArena<M> memory{std::byte{0x33}};
  M model{memory.arena()};
  explicit Loaded(std::uint32_t seed) { fill_inputs(model, seed); }
};

using M = ChainOf<plan::fastest>::OnArena;

}  // namespace

TEST_CASE("slices of any length end in the same outputs") {
  Loaded<M> whole(9);
  whole.model.run_in_place();
  for (int slice : {1, 2, 7, M::step_count, 10 * M::step_count}) {
    CAPTURE(slice);
    Loaded<M> sliced(9);
    M::Progress progress;
    int calls = 1;
    while (sliced.model.advance(progress, slice)) ++calls;
    CHECK(calls == (M::step_count + slice - 1) / slice);
    CHECK_FALSE(sliced.model.advance(progress, slice));  // nothing left, nothing done
    CHECK(outputs_of(sliced.model) == outputs_of(whole.model));
  }
}

TEST_CASE("two instances make their steps in turn") {
  Loaded<M> one(1), two(2), first(1), second(2);
  first.model.run_in_place();
  second.model.run_in_place();
  REQUIRE(outputs_of(first.model) != outputs_of(second.model));
  M::Progress progress_one, progress_two;
  while (one.model.advance(progress_one, 1)) two.model.advance(progress_two, 1);
  two.model.advance(progress_two, M::step_count);
  CHECK(outputs_of(one.model) == outputs_of(first.model));
  CHECK(outputs_of(two.model) == outputs_of(second.model));
}

namespace {

// What a hook saw: per layer the rows in order, as bytes.
struct Seen {
  std::vector<Bytes> rows = std::vector<Bytes>(16);
  std::vector<int> next = std::vector<int>(16);
  int calls = 0;

  void operator()(const Step& step) {
    ++calls;
    if (step.rows == 0) return;
    const auto layer = static_cast<std::size_t>(step.layer);
    CHECK(step.first_row == next[layer]);  // in order, without gaps
    next[layer] += step.rows;
    for (int r = 0; r < step.rows; ++r)
      rows[layer].insert(rows[layer].end(), step.data[r], step.data[r] + step.row_bytes);
  }
};

template <plan::Policy policy> Seen look(std::uint32_t seed) {
  using S = ChainOf<policy>;
  Loaded<typename S::OnArena> loaded(seed);
  Seen seen;
  loaded.model.run_with(seen);
  CHECK(seen.calls == S::OnArena::step_count);
  return seen;
}

}  // namespace

TEST_CASE("a hook sees every row of every layer once, in order") {
  const Seen seen = look<plan::inspectable>(4);
  // Conv, depthwise, ReLU6, pool, conv, (Flatten computes nothing), Dense, Softmax.
  const int heights[] = {11, 6, 6, 3, 1, 0, 1, 1};
  const int sizes[] = {11 * 9 * 4, 6 * 5 * 8, 6 * 5 * 8, 3 * 2 * 8, 2 * 5, 0, 3, 3};
  for (std::size_t layer = 0; layer < 8; ++layer) {
    CAPTURE(layer);
    CHECK(seen.next[layer] == heights[layer]);
    CHECK(static_cast<int>(seen.rows[layer].size()) == sizes[layer]);
  }
}

TEST_CASE("the rows that a hook sees are the same under every plan") {
  const Seen plain = look<plan::inspectable>(4), streamed_rows = look<plan::fastest>(4);
  for (std::size_t layer : {3u, 4u, 6u, 7u}) CHECK(streamed_rows.rows[layer] == plain.rows[layer]);
  CHECK(streamed_rows.rows[0] == plain.rows[0]);
  CHECK(streamed_rows.rows[1] == plain.rows[2]);  // with ReLU6 as its clamp
  CHECK(streamed_rows.rows[2].empty());
  CHECK(look<unfused>(4).rows[1] == plain.rows[1]);
}

TEST_CASE("after an inspectable run every layer lies whole in the arena") {
  using S = ChainOf<plan::inspectable>;
  Loaded<S::OnArena> loaded(6);
  const Seen seen = look<plan::inspectable>(6);
  loaded.model.run_in_place();
  for (int v = S::Engine::first_value; v < S::Engine::values; ++v) {
    const auto& facts = S::Engine::Plan::problem.values[v];
    Bytes rows;
    for (int r = 0; r < facts.rows; ++r) {
      const auto at = S::Engine::Tables::place(v, r);
      append(rows, loaded.memory.arena().subspan(static_cast<std::size_t>(at),
                                                 static_cast<std::size_t>(facts.row_bytes)));
    }
    CHECK(rows == seen.rows[static_cast<std::size_t>(S::graph.values[v].layer)]);
  }
}

// ---- values that persist ----------------------------------------------------------------------

namespace {

// Test only: passes its input on and keeps it until the next run.
struct Latch {
  static constexpr const char* op = "TEST_LATCH";
  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::clamp, in.layer, in.shape, input);
    v.elementwise = true;
    v.persistent = true;
    return l.add(v, input);
  }
};

using Latched = Case<
    Sequential<Conv2D<1, 2, 3, 1, same>, Latch, Conv2D<2, 3, 3, 1, same>, AvgPool<2>, Dense<12, 2>>,
    Shape{4, 4, 1}>;

template <plan::Policy policy> void check_latch() {
  using S = Subject<Latched::Network, Latched::input, Element::int8, 4, policy>;
  using E = typename S::Engine;
  CHECK(PlanCheck<S>::run() == "");
  int latch = 0;
  for (int v = 0; v < E::values; ++v) latch = S::graph.values[v].persistent ? v : latch;
  REQUIRE(latch > 0);
  using Holder = typename S::OnArena;
  static_assert(Holder::has_state && sizeof(typename Holder::State) >= 32);
  typename Holder::State state;
  GuardedArena<Holder> memory{std::byte{0x33}};
  Holder model{state, memory.arena()};
  fill_inputs(model, 3);
  auto row = [&](int r) {
    return state.rows + static_cast<std::size_t>(E::Tables::place(latch, r)) - E::state_at;
  };

  Bytes latched;
  auto hook = [&](const Step& step) {
    if (step.layer == 1 && step.rows == 1)
      latched.insert(latched.end(), step.data[0], step.data[0] + step.row_bytes);
  };
  model.run_with(hook);
  REQUIRE(latched.size() == 32);
  for (int r = 0; r < 4; ++r) CHECK(std::memcmp(row(r), latched.data() + 8 * r, 8) == 0);

  fill_inputs(model, 99);  // the next input does not reach it
  for (int r = 0; r < 4; ++r) CHECK(std::memcmp(row(r), latched.data() + 8 * r, 8) == 0);

  model.reset();
  CHECK(state.runs == 0);
  // The next run starts from real zeros, and touches nothing else before its first step.
  const Bytes before(memory.arena().begin(), memory.arena().end());
  E::reset(Regions<E::state_at>{{memory.arena().data(), state.rows}});
  for (int r = 0; r < 4; ++r)
    for (int i = 0; i < 8; ++i)
      CHECK(row(r)[i] == static_cast<std::byte>(S::graph.values[latch].quant.zero_point));
  CHECK(Bytes(memory.arena().begin(), memory.arena().end()) == before);
  CHECK(memory.guards_are_whole());
}

}  // namespace

TEST_CASE("what persists lies in the State, and reset() clears it") {
  check_latch<plan::fastest>();
  check_latch<by_layers>();
  check_latch<plan::inspectable>();
}

// ---- bands of several rows --------------------------------------------------------------------

namespace {

// Test only: the scalar kernels, two rows per step wherever rows are regular windows.
template <class K, int stride> struct InBands : K {
  static constexpr void run(const Task& task, const Band& band) {
    for (int i = 0; i < band.count; ++i) {
      Band one = band;
      Task t = task;
      t.rows = static_cast<std::uint16_t>(task.rows - stride);
      one.rows = band.rows + i * stride;
      one.out = band.out + i;
      one.count = 1;
      K::run(t, one);
    }
  }
};

struct TwoRows {
  static constexpr const char* name = "two_rows";
  static constexpr bool serves(const GraphView& graph, int value) {
    const Value& v = graph[value];
    const bool windows = v.op == op::conv || v.op == op::depthwise || v.op == op::max_pool;
    return windows && !v.reduces && graph.rows(v).dilation == 1;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return InBands<decltype(scalar::kernels::kernel<graph, value>()),
                   graph.view().rows(graph.values[value]).step>{};
  }
};

struct banded : scalar {
  [[maybe_unused]] static constexpr const char* name = "banded";
  static constexpr int band(const GraphView& graph, int value) {
    return TwoRows::serves(graph, value) ? 2 : 1;
  }
  using kernels = Prefer<TwoRows, scalar::kernels>;
};

template <class C> void check_bands() {
  CAPTURE(__PRETTY_FUNCTION__);
  using Plain = Subject<typename C::Network, C::input, Element::int8, 6, plan::inspectable>;
  using Banded = Subject<typename C::Network, C::input, Element::int8, 6, plan::fastest, banded>;
  using Inspected =
      Subject<typename C::Network, C::input, Element::int8, 6, plan::inspectable, banded>;
  CHECK(Banded::OnArena::step_count < Plain::OnArena::step_count);
  CHECK(PlanCheck<Banded>::run() == "");
  const Bytes expected = run_guarded<Plain>(std::byte{0x11}, 5);
  CHECK(run_guarded<Banded>(std::byte{0x77}, 5) == expected);
  CHECK(run_guarded<Inspected>(std::byte{0x77}, 5) == expected);
}

}  // namespace

TEST_CASE("bands of two rows, with a last one of one") {
  check_bands<Chain>();
  check_bands<Residuals>();
  check_bands<Resizes>();
}

// ---- many rows --------------------------------------------------------------------------------

static_assert(std::is_same_v<detail::unsigned_for<255>, std::uint8_t>);
static_assert(std::is_same_v<detail::unsigned_for<256>, std::uint16_t>);
static_assert(std::is_same_v<detail::unsigned_for<65536>, std::uint32_t>);

namespace {

template <class E> constexpr bool counters_are_wide_enough() {
  auto holds = []<class T>(T, std::uint64_t most) { return std::numeric_limits<T>::max() >= most; };
  return holds(typename E::Count{}, E::max_steps) && holds(typename E::Id{}, E::computed) &&
         holds(typename E::Place{}, E::arena_size) &&
         holds(decltype(E::Progress::next){}, E::steps);
}

}  // namespace

using Tall =
    Case<Sequential<Conv2D<1, 2, Extent{3, 1}, Extent{2, 1}>, GlobalAvgPool>, Shape{280, 1, 1}>;
static_assert(counters_are_wide_enough<ChainOf<plan::fastest>::Engine>());
static_assert(
    counters_are_wide_enough<Subject<Tall::Network, Tall::input, Element::int8, 2>::Engine>());

TEST_CASE("more steps than a byte counts") {
  check_policy<Tall, Element::int8, plan::fastest, 2>();
}
