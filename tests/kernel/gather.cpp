#include <graven/kernel/gather.hpp>

#include <doctest/doctest.h>

#include <array>

using namespace graven;

using namespace graven::core;

namespace {

// Two rows of four pixels of two channels: 0 ... 7 and 10 ... 17.
template <class T, int Taps>
constexpr auto patch_at(int x, int stride, int left, int dilation, bool lower_exists) {
  std::array<std::byte, 8 * sizeof(T)> upper{}, lower{};
  for (int i = 0; i < 8; ++i) {
    store(upper.data() + i * static_cast<int>(sizeof(T)), static_cast<T>(i));
    store(lower.data() + i * static_cast<int>(sizeof(T)), static_cast<T>(10 + i));
  }
  const std::byte* rows[] = {upper.data(), lower_exists ? lower.data() : nullptr};
  std::array<std::byte, 2 * Taps * 2 * sizeof(T)> scratch{};
  Task t{};
  t.in_width = 4;
  t.in_channels = 2;
  t.rows = 2;
  t.filter_width = Taps;
  t.stride_width = static_cast<std::uint16_t>(stride);
  t.dilation_width = static_cast<std::uint16_t>(dilation);
  t.left = static_cast<std::int16_t>(left);
  const Band band{rows, nullptr, scratch.data(), 0, 1, true, true};
  const std::byte* patch = gather<T>(t, band, x, T{-1});
  std::array<int, std::size_t{4 * Taps}> values{};
  for (int i = 0; i < 4 * Taps; ++i)
    values[static_cast<std::size_t>(i)] =
        static_cast<int>(load<T>(patch + i * static_cast<int>(sizeof(T))));
  return values;
}
using Two = std::array<int, 8>;
using Three = std::array<int, 12>;

}  // namespace

static_assert(patch_at<std::int8_t, 2>(1, 1, 0, 1, true) == Two{2, 3, 4, 5, 12, 13, 14, 15});
static_assert(patch_at<std::int8_t, 2>(1, 2, 0, 1, true) == Two{4, 5, 6, 7, 14, 15, 16, 17});
static_assert(patch_at<std::int8_t, 2>(0, 1, 1, 1, true) == Two{-1, -1, 0, 1, -1, -1, 10, 11});
static_assert(patch_at<std::int8_t, 2>(3, 1, 0, 1, true) == Two{6, 7, -1, -1, 16, 17, -1, -1});
static_assert(patch_at<std::int8_t, 2>(0, 1, 0, 3, true) == Two{0, 1, 6, 7, 10, 11, 16, 17});
static_assert(patch_at<std::int8_t, 2>(1, 1, 0, 1, false) == Two{2, 3, 4, 5, -1, -1, -1, -1});
static_assert(patch_at<std::int8_t, 3>(0, 1, 2, 2, true) ==
              Three{-1, -1, 0, 1, 4, 5, -1, -1, 10, 11, 14, 15});

TEST_CASE("at run time, and of floats") {
  CHECK(patch_at<float, 2>(0, 1, 1, 1, true) == Two{-1, -1, 0, 1, -1, -1, 10, 11});
  CHECK(patch_at<std::int8_t, 3>(2, 1, 1, 1, true) ==
        Three{2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17});
}

TEST_CASE("a 1x1 filter reads the row itself") {
  const std::byte row[8]{};
  const std::byte* rows[] = {row};
  Task t{};
  t.in_width = 4;
  t.in_channels = 2;
  t.rows = t.filter_width = t.dilation_width = 1;
  t.stride_width = 3;
  const Band band{rows, nullptr, nullptr, 0, 1, true, true};
  CHECK(gather<std::int8_t>(t, band, 1, 0) == row + 6);
}
