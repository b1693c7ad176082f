// Searches a small plan for one problem with the planner itself: first the values that are finished
// before anything after them starts, then the order in which first fit sees rows and scratch.
// Argument: a file of words, what problem.cpp.j2 writes behind the sizes. Prints arena, bound,
// from_top and steps, the words of `whole`, and the order (policy.hpp, Found).
#include "words.hpp"

#include <graven/plan/place.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <numeric>
#include <set>
#include <type_traits>
#include <vector>

using namespace graven::core::plan;

namespace {

using Problem = graven::core::plan::Problem<VALUES, READS, SPANS>;
using Schedule = graven::core::plan::Schedule<VALUES, STEPS, ROWS>;
using List = graven::core::plan::List<ITEMS>;
using Places = graven::core::plan::Places<VALUES, ROWS>;
using Whole = std::set<int>;
using Order = std::vector<std::uint16_t>;

Problem problem;
Schedule schedule;

struct Random {
  std::uint32_t state = 1;
  int below(int limit) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return static_cast<int>(state % static_cast<std::uint32_t>(limit));
  }
};

bool read_problem(const char* path) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return false;
  bool complete = true;
  auto read = [&](auto& number) {
    std::int64_t word = 0;
    complete = std::fread(&word, sizeof word, 1, file) == 1 && complete;
    number = static_cast<std::remove_reference_t<decltype(number)>>(word);
  };
  for (Facts& value : problem.values) graven_words::each_field(value, read);
  for (int& value : problem.reads) read(value);
  for (Span& span : problem.spans) {
    read(span.first);
    read(span.last);
  }
  std::fclose(file);
  return complete;
}

Policy policy_of(const Whole& whole) {
  Policy policy;
  for (const int v : whole) policy.whole[v / 64 % 4] |= std::uint64_t{1} << v % 64;
  return policy;
}
int reschedule(const Whole& whole) {
  schedule = simulate<STEPS, ROWS>(problem, policy_of(whole), graven::core::plan::Order::mixed);
  return peak(problem, schedule);
}

// Sets of values, each with a lower peak than the one before it.
std::vector<Whole> promising_sets() {
  std::vector<Whole> sets{{}};
  int least = reschedule({});
  for (bool better = true; better;) {
    better = false;
    Whole best;
    for (int v = 0; v < VALUES; ++v) {
      const Facts& f = problem.values[v];
      if (f.rows < 2 || f.read_count == 0 || f.is_output) continue;
      Whole other = sets.back();
      if (!other.insert(v).second) other.erase(v);
      if (const int bytes = reschedule(other); bytes < least) {
        least = bytes;
        best = other;
        better = true;
      }
    }
    if (better) sets.push_back(best);
  }
  return sets;
}

struct Result {
  int arena = 1 << 30, bound = 0;
  Whole whole;
  Order order;
  bool from_top = false;
};

Places placed(const List& list, const Order& order, bool from_top) {
  return place(problem, schedule, reordered(list, order.data(), list.count), from_top);
}
// Does an item reach the end that the arena grows at?
bool is_highest(const Places& places, const Item& item, bool from_top) {
  const int at = item.row >= 0 ? places.row[item.row] : places.scratch[-1 - item.row];
  return from_top ? at == 0 : at + item.bytes == places.arena;
}

// Takes one item out of the order and puts it in elsewhere, mostly far in front: any, or one of
// those that reach the arena's end.
void move(Order& order, const std::vector<int>& highest, Random& random) {
  const int count = static_cast<int>(order.size());
  int from = random.below(count);
  int to = random.below(random.below(random.below(count) + 1) + 1);
  if (!highest.empty() && random.below(2) == 0) {
    from = highest[random.below(static_cast<int>(highest.size()))];
    to = random.below(from + 1);
  }
  const std::uint16_t item = order[from];
  order.erase(order.begin() + from);
  order.insert(order.begin() + to, item);
}

// By size as items_of has it, as indices of the list by birth.
Order order_by_size(const List& by_birth) {
  Order order(static_cast<std::size_t>(by_birth.count));
  std::iota(order.begin(), order.end(), std::uint16_t{0});
  std::ranges::stable_sort(order, std::greater<>{},
                           [&](std::uint16_t i) { return by_birth.items[i].bytes; });
  return order;
}

// Random moves; those are kept that make the arena no larger.
Result search(const Whole& whole, int tries, std::uint32_t seed, bool from_top) {
  Result result{.bound = reschedule(whole), .whole = whole, .from_top = from_top};
  const List list = items_of<ITEMS>(problem, schedule);
  Order by_birth(static_cast<std::size_t>(list.count));
  std::iota(by_birth.begin(), by_birth.end(), std::uint16_t{0});
  Places places;
  for (const Order& order : {by_birth, order_by_size(list)})
    if (const Places found = placed(list, order, from_top); found.arena < result.arena) {
      result.arena = found.arena;
      result.order = order;
      places = found;
    }
  Random random{seed};
  for (int i = 0; i < tries && result.arena > result.bound && list.count > 1; ++i) {
    std::vector<int> highest;
    for (int at = 0; at < list.count; ++at)
      if (is_highest(places, list.items[result.order[at]], from_top)) highest.push_back(at);
    Order order = result.order;
    if (random.below(2) == 0) move(order, {}, random);
    move(order, highest, random);
    const Places found = placed(list, order, from_top);
    if (found.arena > result.arena) continue;
    result.arena = found.arena;
    result.order = order;
    places = found;
  }
  return result;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2 || !read_problem(arguments[1])) return 2;
  constexpr int effort = 700'000;  // items placed, per seed
  const std::vector<Whole> sets = promising_sets();
  Result best;
  for (std::uint32_t seed = 1; seed <= 16; ++seed) {
    const std::size_t back = seed % 8 == 0 && sets.size() > 1 ? 2 : 1;  // mostly the lowest peak
    const Result found = search(sets[sets.size() - back], effort / ITEMS, seed, seed % 2 == 0);
    if (found.arena < best.arena) best = found;
    if (best.arena < best.bound + 4) break;  // at the lower bound
  }
  std::printf("%d %d %d %d\n", best.arena, best.bound, best.from_top, STEPS);
  for (const std::uint64_t word : policy_of(best.whole).whole)
    std::printf("%llu ", static_cast<unsigned long long>(word));
  std::printf("\n");
  for (const std::uint16_t item : best.order) std::printf("%d ", item);
  std::printf("\n");
}
