// Gradients that move and add elements: of concatenations, of parts, of operands that serve several
// elements, of the rows of an embedding.
#pragma once

#include "graven/isa/scalar/lookup.hpp"
#include "graven/isa/scalar/training/updates.hpp"
#include "graven/layers/lookup.hpp"

namespace graven::core::scalar_isa {

// Stream: int32 channel, column where the part begins.
struct PartGradient : PlainKernel {
  static constexpr const char* name = "training.part_gradient";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::part_gradient);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 8; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    const auto part = v.options.get<PartOptions>();
    to.put<std::int32_t>(part.channel);
    to.put<std::int32_t>(part.column);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const int channel = load_aligned<std::int32_t>(t.stream);
    const int column = load_aligned<std::int32_t>(t.stream + 4);
    const std::byte* from = band.rows[0] + 4 * (column * t.in_channels + channel);
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x, from += 4 * t.in_channels, out += 4 * t.out_channels)
      copy_bytes(out, from, 4 * t.out_channels);
  }
};

// Zeros, but for the elements that were read. Stream: int32 first, count.
struct PlaceGradient : PlainKernel {
  static constexpr const char* name = "training.place_gradient";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::place_gradient);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 8; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    const auto place = v.options.get<PlaceOptions>();
    to.put<std::int32_t>(place.first);
    to.put<std::int32_t>(place.count);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const int first = load_aligned<std::int32_t>(t.stream);
    const int count = load_aligned<std::int32_t>(t.stream + 4);
    const int row = t.out_width * t.out_channels, own = t.in_width * t.in_channels;
    for (int i = 0; i < row; ++i) {
      const int at = band.step * row + i - first;
      const bool is_read = at >= 0 && at < count;
      store(band.out[0] + 4 * i, is_read ? load<float>(band.rows[at / own] + at % own * 4) : 0.0f);
    }
  }
};

// The sum over the axes along which the operand has one element. Scratch of a reduction: the sums.
struct SumGradient : PlainKernel {
  static constexpr const char* name = "training.sum_gradient";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::sum_gradient);
  }
  static constexpr int scratch(const GraphView&, const Value& v) {
    return v.reduces ? 4 * v.shape.row() : 0;
  }
  // Stream: int32 does it reduce?
  static constexpr int stream_size(const GraphView&, const Value&) { return 4; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    to.put<std::int32_t>(v.reduces);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const bool reduces = load_aligned<std::int32_t>(t.stream) != 0;
    const int count = t.out_width * t.out_channels;
    std::byte* const sums = reduces ? band.scratch : band.out[0];
    if (!reduces || band.first) clear(sums, count);
    const std::byte* g = band.rows[0];
    for (int x = 0; x < t.in_width; ++x) {
      std::byte* const to = sums + (t.out_width > 1 ? 4 * x * t.out_channels : 0);
      if (t.out_channels > 1) {
        add_scaled(to, g, t.in_channels, 1);
        g += 4 * t.in_channels;
      } else {
        for (int c = 0; c < t.in_channels; ++c, g += 4) add(to, load<float>(g));
      }
    }
    if (reduces && band.last) copy_bytes(band.out[0], sums, 4 * count);
  }
};

// Of an embedding, in one step: each token's gradient goes to its row. Inputs: all rows of the
// gradient, the table, all tokens, numbers, moments. Stream behind the optimizer: int32 rows of the
// table, their elements; rows of the gradient, its pixels in a row. Scratch: the table's gradient,
// unless it is gathered, or plain SGD, which moves each row as often as its token comes.
template <Rule rule, bool gathers> struct TableUpdate : Updates<rule, gathers> {
  using Base = Updates<rule, gathers>;
  static constexpr bool is_plain(const Value& v) {
    const auto u = v.options.get<UpdateOptions>();
    return rule == Rule::sgd && u.optimizer.weight_decay.value() == 0 && u.most.value() == 0;
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return Base::header + 20; }
  static constexpr int scratch(const GraphView&, const Value& v) {
    return gathers || is_plain(v) ? 0 : 4 * v.shape.size();
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    Base::pack_optimizer(v, to);
    const Shape from = g.input(v).shape, tokens = g.input(v, 2).shape;
    for (const int number : {v.shape.width, v.shape.channels, from.size() / v.shape.channels,
                             tokens.row(), int{!gathers && is_plain(v)}})
      to.put<std::int32_t>(number);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader numbers{t.stream + Base::header};
    auto next = [&] { return numbers.next<std::int32_t>(); };
    const int rows = next(), size = next(), tokens = next(), by_row = next();
    const bool is_plain = next() != 0;
    const std::byte *const *places = band.rows + t.rows + 1, *const *rest =
                                                                 places + tokens / by_row;
    const auto table =
        Base::trained(t, rest[0], band.out[0], rest[Base::keeps ? 1 : 0], rows * size);
    std::byte* const sums = is_plain ? nullptr : Base::sums(band, band.scratch, table);
    const auto learner = table.learner();
    const int gradients = t.in_width;  // in a row
    for (int n = 0; n < tokens; ++n) {
      const int token = within(load<std::int32_t>(places[n / by_row] + n % by_row * 4), rows - 1);
      const std::byte* g = band.rows[n / gradients] + n % gradients * 4 * size;
      if (is_plain)
        for (int i = 0; i < size; ++i) table(token * size + i, load<float>(g + 4 * i), learner);
      else
        add_scaled(sums + 4 * token * size, g, size, 1);
    }
    if (!is_plain) Base::finish(table, sums);
  }
};

}  // namespace graven::core::scalar_isa
