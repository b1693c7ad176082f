#include <graven/kernel/bytes.hpp>
#include <graven/kernel/row_form.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstring>

using namespace graven;

using namespace graven::core;

template <class T> constexpr bool goes_there_and_back(T value) {
  std::byte bytes[16]{};
  store(bytes + 3, value);
  return load<T>(bytes + 3) == value && bytes[2] == std::byte{} &&
         bytes[3 + sizeof(T)] == std::byte{};
}
static_assert(goes_there_and_back(std::int8_t{-77}) && goes_there_and_back(std::int16_t{-12345}));
static_assert(goes_there_and_back(std::int32_t{-123456789}) && goes_there_and_back(-1.25e-20f));
static_assert(goes_there_and_back(std::int64_t{-0x123456789abcdef}) && goes_there_and_back(true));

constexpr auto little_endian = [] {
  std::array<std::byte, 4> bytes{};
  store_aligned(bytes.data(), std::int32_t{0x04030201});
  return bytes;
};
static_assert(little_endian()[0] == std::byte{1} && little_endian()[3] == std::byte{4});

constexpr auto stream = [] {
  std::array<std::byte, 16> bytes{};
  Writer to{bytes.data(), 0, 16};
  to.put(std::int32_t{-2});
  to.put(1.5f);
  to.put(std::int8_t{-3});
  to.put(std::uint16_t{65535});
  return bytes;
}();
static_assert([] {
  Reader from{stream.data()};
  return from.next<std::int32_t>() == -2 && from.next<float>() == 1.5f &&
         from.next<std::int8_t>() == -3 && from.next<std::uint8_t>() == 255;
}());

constexpr RowForm form = pixel_rows({5, 3, 2}, Element::float32);
static_assert(form.layout == Layout::pixels && form.pixel_stride == 8 && form.channel_stride == 4);
static_assert(form.bytes == 24 && form.front == 0 && !form.biased);
static_assert(form != pixel_rows({5, 3, 2}, Element::int8));

TEST_CASE("at run time as in constant expressions, from any address") {
  alignas(8) std::byte bytes[32];
  for (int i = 0; i < 32; ++i) bytes[i] = static_cast<std::byte>(i * 37 + 11);
  for (int at = 0; at < 9; ++at) {
    CHECK(load<std::int64_t>(bytes + at) == detail::load_bytes<std::int64_t>(bytes + at));
    CHECK(load<std::uint16_t>(bytes + at) == detail::load_bytes<std::uint16_t>(bytes + at));
    std::byte here[9]{}, there[9]{};
    store(here + 1, load<std::int32_t>(bytes + at));
    detail::store_bytes(there + 1, load<std::int32_t>(bytes + at));
    CHECK(std::memcmp(here, there, 9) == 0);
  }
  CHECK(load_aligned<std::int32_t>(bytes + 8) == detail::load_bytes<std::int32_t>(bytes + 8));
  std::byte copied[4]{}, filled[4]{};
  copy_bytes(copied + 1, bytes, 2);
  fill_bytes(filled + 1, std::byte{9}, 2);
  CHECK(std::memcmp(copied + 1, bytes, 2) == 0);
  CHECK((copied[0] == std::byte{} && copied[3] == std::byte{}));
  CHECK((filled[0] == std::byte{} && filled[2] == std::byte{9} && filled[3] == std::byte{}));
}
