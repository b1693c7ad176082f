// What has been learned, as bytes: to flash and back.
#pragma once

#include "graven/kernel/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace graven::core {

// What restore() has found. All but `done` leave the State as it was.
enum class Restored : std::uint8_t {
  done,
  nothing,       // these bytes are no checkpoint: erased flash
  other_format,  // of another version of the library
  other_model,   // another network, optimizer or set of layers that learn
  torn           // the checksum fails: the write was interrupted, or bytes have changed
};

namespace detail {

// A header of 24 bytes, then the rows of a State: "GRVT", version, fingerprint, checksum of all
// that follows and of the fingerprint (FNV-1a, 64 bits).
struct Checkpoint {
  static constexpr std::size_t header = 24;
  static constexpr std::uint32_t magic = 0x54565247, version = 1;

  static constexpr std::uint64_t checksum(std::span<const std::byte> rows, std::uint64_t hash) {
    for (const std::byte b : rows) hash = (hash ^ static_cast<std::uint8_t>(b)) * 0x100000001b3;
    return hash;
  }
  static constexpr void save(std::span<const std::byte> rows, std::uint64_t fingerprint,
                             std::byte* to) {
    store(to, magic);
    store(to + 4, version);
    store(to + 8, fingerprint);
    store(to + 16, checksum(rows, fingerprint));
    copy_bytes(to + header, rows.data(), static_cast<int>(rows.size()));
  }
  static constexpr Restored restore(std::span<std::byte> rows, std::uint64_t fingerprint,
                                    const std::byte* from) {
    if (load<std::uint32_t>(from) != magic) return Restored::nothing;
    if (load<std::uint32_t>(from + 4) != version) return Restored::other_format;
    if (load<std::uint64_t>(from + 8) != fingerprint) return Restored::other_model;
    const std::span<const std::byte> saved(from + header, rows.size());
    if (load<std::uint64_t>(from + 16) != checksum(saved, fingerprint)) return Restored::torn;
    copy_bytes(rows.data(), saved.data(), static_cast<int>(rows.size()));
    return Restored::done;
  }
};

}  // namespace detail

}  // namespace graven::core
