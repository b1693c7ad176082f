// The loop that runs a model given as plain data, and the comparison of two.
#include "compare.hpp"
#include "runtime.hpp"

#include <iterator>
#include <type_traits>

// Flags under which the headers take another instruction set would prove that one.
static_assert(std::is_same_v<graven::native, graven::core::GRAVEN_ISA>);

namespace parity {

namespace {

using Steps = graven::core::detail::Steps<Wide>;

alignas(8) std::byte memory[Wide::arena_size];
int cases = 0, failures = 0;

using Hashes = std::array<std::uint32_t, Wide::max_layers>;

void mix(std::uint32_t& hash, std::byte b) {
  hash = (hash ^ static_cast<std::uint32_t>(b)) * 16777619u + 1;
}

// Random elements; the last pattern has only the extremes of int8, or of int16.
void fill(std::span<std::byte> input, Element element, int pattern, std::uint32_t& state) {
  if (element == Element::int16 && pattern == 3) {
    for (std::size_t i = 0; i < input.size(); i += 2)
      store(input.data() + i,
            static_cast<std::int16_t>(next_random(state) >> 11 & 1 ? 0x7fff : -0x8000));
    return;
  }
  for (std::byte& b : input) {
    const std::uint32_t random = next_random(state) >> 11;
    b = static_cast<std::byte>(pattern < 3 ? random : random & 1 ? 0x7f : 0x80);
  }
  if (element != Element::float32) return;
  for (std::size_t i = 0; i < input.size(); i += 4)  // in [-1, 1]
    store(input.data() + i, static_cast<float>(load<std::int16_t>(input.data() + i)) / 32768);
}

std::uint32_t number(const void* numbers, std::uint8_t bytes, int i) {
  if (bytes == 1) return static_cast<const std::uint8_t*>(numbers)[i];
  if (bytes == 2) return static_cast<const std::uint16_t*>(numbers)[i];
  return static_cast<const std::uint32_t*>(numbers)[i];
}

Wide::Slots widen(const Wide::Slots& slots) { return slots; }
Wide::Slots widen(const graven::core::detail::Slots<false>& slots) { return {slots.row}; }

template <bool blocks, bool counts> void widen_tables(const Subject& s) {
  const auto* wires = static_cast<const graven::core::detail::Wire<blocks>*>(s.wires);
  const auto* inputs =
      static_cast<const graven::core::detail::InputWire<blocks, counts>*>(s.inputs);
  for (int v = 0; v < s.values; ++v) {
    const auto& w = wires[v];
    Wide::tables.wires[v] = {widen(w.slots), w.scratch, w.first_input, w.height,
                             w.rows,         w.steps,   w.inputs,      w.band};
    for (int i = w.first_input; i < w.first_input + w.inputs; ++i) {
      const auto& from = inputs[i];
      Wide::InputWire& to = Wide::tables.inputs[i];
      if constexpr (counts)
        to.rows = from.rows;
      else
        to.rows = w.rows;
      to.constant = from.constant;
      to.starts = from.starts;
      to.slots = widen(from.slots);
      to.height = from.height;
      to.stride = from.stride;
      to.dilation = from.dilation;
      to.top = from.top;
    }
  }
}

void take(const Subject& s) {
  Wide::tables.tasks = s.tasks;
  if (s.has_blocks)
    s.has_counts ? widen_tables<true, true>(s) : widen_tables<true, false>(s);
  else
    s.has_counts ? widen_tables<false, true>(s) : widen_tables<false, false>(s);
  for (int i = 0; i < s.places_count; ++i) Wide::places[i] = number(s.places, s.place_bytes, i);
}

// Step `step` of value `id` has made the rows `out`.
void hash_rows(const Subject& s, int id, int step, const std::byte* const* out, Hashes& hashes) {
  static std::byte row[Wide::arena_size];
  const Wide::Wire& wire = Wide::tables.wires[id];
  const graven::core::detail::Result& result = s.results[id];
  const int made = wire.made(step);
  for (int r = 0; result.visible && r < made; ++r) {
    decode_row(out[r], result.form, result.shape, row);
    for (int i = 0; i < result.row_bytes; ++i)
      mix(hashes[static_cast<std::size_t>(result.layer)], row[i]);
  }
}

// A hash of every layer's rows, of a run on pseudo-random or extreme input. What lasts from run to
// run begins as zeros or, in every other pattern, as bytes with which a memory counts as full.
Hashes run(const Subject& s, int pattern) {
  take(s);
  for (std::byte& b : memory) b = pattern % 2 == 0 ? std::byte{0x5a} : std::byte{0};
  std::uint32_t state = 88172645u + static_cast<std::uint32_t>(pattern);
  for (int i = 0; i < s.in_count; ++i)
    fill({memory + s.in[i].offset, s.in[i].bytes}, s.in[i].element, pattern, state);
  Hashes hashes{};
  int done[Wide::max_values]{};
  for (int t = 0; t < s.steps; ++t) {
    const int id = static_cast<int>(number(s.order, s.id_bytes, t));
    std::byte* out[Wide::max_band]{};
    Steps::step(memory, id, done[id], out);
    hash_rows(s, id, done[id]++, out, hashes);
  }
  for (int i = 0; i < s.out_count; ++i)
    for (std::uint32_t b = 0; b < s.out[i].bytes; ++b) mix(hashes[0], memory[s.out[i].offset + b]);
  return hashes;
}

// The kernels of this instruction set; those of scalar stand behind them.
using List = native::kernels;
constexpr int own = List::count - scalar::kernels::count;
constexpr bool are_distinct() {
  for (int i = 0; i < own; ++i)
    for (int j = 0; j < i; ++j)
      if (graven::core::equal(List::names[i], List::names[j])) return false;
  return graven::core::equal(List::names[own], scalar::kernels::names[0]);
}
static_assert(are_distinct(), "a name tells a kernel from all others of its instruction set");
bool has_run[own + 1]{};

// The functions that have run, for benchmarks/sizes.py.
struct Function {
  const char* kernel;
  Kernel code;
};
Function functions[512]{};
std::size_t function_count = 0;

void note_function(const Function& f) {
  for (std::size_t i = 0; i < function_count; ++i)
    if (functions[i].code == f.code) return;
  if (f.code != nullptr && function_count < std::size(functions)) functions[function_count++] = f;
}
void note_kernels(const Subject& s) {
  for (int v = 0; v < s.values; ++v) {
    note_function({s.kernels[v], s.tasks[v].kernel});
    for (int k = 0; k < own; ++k)
      has_run[k] = has_run[k] || graven::core::equal(s.kernels[v], List::names[k]);
  }
}

}  // namespace

void compare(const char* name, const Subject& expected, const Subject& got) {
  note_kernels(expected);
  note_kernels(got);
  for (int pattern = 0; pattern < 4; ++pattern) {
    const Hashes theirs = run(expected, pattern), ours = run(got, pattern);
    ++cases;
    if (theirs == ours) continue;
    ++failures;
    std::size_t layer = 0;
    while (theirs[layer] == ours[layer]) ++layer;
    firmware::print_line("differs: ", name, ", layer ", layer, ", pattern ", pattern);
  }
}

void expect(const char* name, bool equal) {
  ++cases;
  if (equal) return;
  ++failures;
  firmware::print_line("differs: ", name);
}

}  // namespace parity

int main() {
  using namespace parity;
  check();
  for (int k = 0; k < own; ++k)  // kernels.py
    firmware::print_line(has_run[k] ? "has run: " : "did not run: ", List::names[k]);
  for (std::size_t i = 0; i < function_count; ++i)  // sizes.py
    firmware::print_line("function: ", functions[i].kernel, " ",
                         reinterpret_cast<std::uintptr_t>(functions[i].code));
  firmware::print_line(native::name, " against scalar: ", cases, " runs, ", failures, " differ");
  return failures == 0 && cases > 0 ? 0 : 1;
}
