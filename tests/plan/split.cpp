// Arenas in two memories, a fast and a slow one.
#include "../plan_check.hpp"
#include "../policies.hpp"

using namespace test;

namespace {

template <int Bytes> constexpr plan::Policy fast{.fast = Bytes};

// The same outputs, nothing written around either region, and no row or scratch across the border.
template <class C, int bytes> void check_split() {
  CAPTURE(__PRETTY_FUNCTION__);
  using Plain = Subject<typename C::Network, C::input, Element::int8, 5, plan::inspectable>;
  using Split = Subject<typename C::Network, C::input, Element::int8, 5, fast<bytes>>;
  using M = typename Split::OnArena;
  using Plan = typename Split::Engine::Plan;
  CHECK(PlanCheck<Split>::run() == "");
  static_assert(M::fast_size <= bytes);
  struct Memory {
    std::byte before[16];
    alignas(M::alignment) std::byte fast[std::size_t{bytes}];
    std::byte between[16];
    alignas(M::alignment) std::byte slow[M::slow_size + 1];
    std::byte after[16];
  };
  alignas(8) static Memory memory;
  for (const std::byte garbage : {std::byte{0x5a}, std::byte{0xa5}}) {
    std::memset(static_cast<void*>(&memory), static_cast<int>(garbage), sizeof(memory));
    typename M::OnArenas model(memory.fast, memory.slow);
    fill_inputs(model, 3);
    model.run_in_place();
    CHECK(outputs_of(model) == run_guarded<Plain>(std::byte{0}, 3));
    auto untouched = [&](std::span<const std::byte> guard) {
      for (const std::byte byte : guard) CHECK(byte == garbage);
    };
    untouched(memory.before);
    untouched(std::span(memory.fast).subspan(M::fast_size));
    untouched(memory.between);
    untouched(std::span(memory.slow).subspan(M::slow_size));
    untouched(memory.after);
  }
  for (int v = 0; v < Split::Engine::values; ++v)
    for (int r = 0; r < Plan::problem.values[v].rows; ++r) {
      const int at = Plan::places.row[Plan::schedule.first_row[v] + r];
      const int end = at + Plan::problem.values[v].row_bytes;
      const bool straddles = at < Plan::border && end > Plan::border;
      if (!Plan::problem.values[v].is_constant) CHECK_FALSE(straddles);
    }
}

using Whole = Subject<Chain::Network, Chain::input, Element::int8, 5>::OnArena;
using Halved = Subject<Chain::Network, Chain::input, Element::int8, 5, fast<128>>::OnArena;
using Roomy = Subject<Chain::Network, Chain::input, Element::int8, 5, fast<4096>>::OnArena;

// Without the policy nothing is split; where all fits, the fast region holds all.
static_assert(Whole::fast_size == 0 && Whole::slow_size == Whole::arena_size);
static_assert(Roomy::fast_size == Whole::arena_size && Roomy::slow_size == 0);
static_assert(Halved::fast_size > 64 && Halved::fast_size <= 128);
static_assert(Halved::slow_size < Whole::arena_size);

}  // namespace

TEST_CASE("the same outputs from two memories") {
  check_split<Chain, 64>();
  check_split<Chain, 200>();
  check_split<Chain, 4096>();
  check_split<Residuals, 100>();
  check_split<TwoInTwoOut, 24>();
  check_split<DenseRows, 60>();
  check_split<Chain, 8>();  // too small for anything
}

TEST_CASE("the fast region gets what most steps touch") {
  using S = Subject<Chain::Network, Chain::input, Element::int8, 5, fast<200>>;
  using Plan = S::Engine::Plan;
  for (int v = 0; v < S::Engine::values; ++v)
    if (Plan::problem.values[v].scratch > 0) CHECK(Plan::places.scratch[v] < Plan::border);
  CHECK(Plan::places.row[0] >= Plan::border);  // the input is a block
}

TEST_CASE("one memory in one piece serves, too") {
  using S = Subject<Chain::Network, Chain::input, Element::int8, 5, fast<200>>;
  static S::Owner model;
  fill_inputs(model, 3);
  model.run_in_place();
  using Plain = Subject<Chain::Network, Chain::input, Element::int8, 5, plan::inspectable>;
  CHECK(outputs_of(model) == run_guarded<Plain>(std::byte{0}, 3));
}
