// Row input: rows pushed one by one give the outputs of the resident input.
#include "../policies.hpp"

using namespace graven;

using namespace graven::core;

namespace test {

template <class C> void check_row_input() {
  using Plain =
      typename Subject<typename C::Network, C::input, Element::int8, 7, plan::inspectable>::OnArena;
  using ByRows =
      typename Subject<typename C::Network, C::input, Element::int8, 7, plan::by_rows>::OnArena;
  GuardedArena<Plain> plain_memory(std::byte{0xa5});
  Plain plain(plain_memory.arena());
  for (std::byte garbage : {std::byte{0x00}, std::byte{0x5a}}) {
    fill_inputs(plain, 11);
    const Bytes input(plain.input_bytes(0).begin(), plain.input_bytes(0).end());
    plain.run_in_place();
    GuardedArena<ByRows> memory(garbage);
    ByRows model(memory.arena());
    model.begin();
    REQUIRE(input.size() == std::size_t{ByRows::row_size} * ByRows::row_count);
    for (int row = 0; row < ByRows::row_count; ++row)
      model.push_row_bytes(input.data() + row * ByRows::row_size);
    CHECK(outputs_of(model) == outputs_of(plain));
    CHECK(memory.guards_are_whole());
  }
  CHECK(ByRows::arena_size <= Plain::arena_size);
}

}  // namespace test

TEST_CASE("rows pushed one by one") {
  test::for_each(test::All{}, []<class C>(C) {
    CAPTURE(__PRETTY_FUNCTION__);
    if constexpr (std::is_same_v<decltype(C::input), const Shape>) test::check_row_input<C>();
  });
}
