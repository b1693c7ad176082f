// Runs a network in plain loops once on its sample: prints its scores and what they cost.
#include "network.hpp"

#include <cstdint>
#include <cstring>
#include <runtime.hpp>

namespace {

template <class Score> void show(Score score) {
  if constexpr (sizeof score == 1) {
    firmware::print_line("score ", std::int32_t{score});
  } else {
    std::uint32_t bits;
    std::memcpy(&bits, &score, sizeof bits);
    firmware::print_line("bits ", bits);
  }
}

}  // namespace

int main() {
  static int found;
  const firmware::Measurement cost =
      firmware::measure([](void*) { found = network::predict(network::sample); }, nullptr);
  firmware::print_line("class ", found);
  for (const auto score : network::scores()) show(score);
  firmware::print_line("instructions ", cost.count);
  return 0;
}
