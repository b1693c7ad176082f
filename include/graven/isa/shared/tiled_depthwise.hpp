// Depthwise convolution with filters of any size on pixel rows, channel by channel, a few outputs
// of a row at a time. Generic, above the instruction sets: what differs between them is the Core.
#pragma once

#include "graven/isa/scalar/conv.hpp"

namespace graven::core {

// How the taps of a filter are read: in runs of at most `longest_run` of a row, of one length.
// Where they do not come out even, the last begins earlier, with weights of zero for what others
// have.
struct TapRuns {
  static constexpr int longest_run = 16;

  int outputs;  // of a tile, side by side
  int smaller;  // tiles of a row, its last ones, that have an output less
  int length;   // taps of a run
  int count;    // runs of a row of the filter
  int rows;     // of the filter
  int shared;   // taps that are this far apart share inputs with other outputs; 0: none do
  int apart;    // of these outputs
  int repeats;  // output channels of one input channel

  static constexpr TapRuns of(const GraphView& g, const Value& v, int most_outputs) {
    const int width = v.shape.width, taps = v.filter.width;
    const int tiles = (width + most_outputs - 1) / most_outputs;
    const int count = (taps + longest_run - 1) / longest_run;
    const int outputs = (width + tiles - 1) / tiles;
    const int stride = v.stride.width, dilation = v.dilation.width;
    const bool shares =
        dilation == 1 ? stride <= 2 : dilation % stride == 0 && dilation / stride < outputs;
    return {outputs,
            tiles * outputs - width,
            (taps + count - 1) / count,
            count,
            v.filter.height,
            shares ? (dilation == 1 ? stride : 1) : 0,
            shares ? (dilation == 1 ? 1 : dilation / stride) : 0,
            v.shape.channels / g.input(v).shape.channels};
  }
  constexpr int start(int run, int taps) const {
    return run + 1 < count ? run * length : taps - length;
  }
  constexpr TapRuns small() const {
    TapRuns runs = *this;
    --runs.outputs;
    return runs;
  }
  // Taps of a run in the order of the inputs that they share.
  template <class Each> constexpr void each_tap(Each each) const {
    const int step = shared == 0 ? 1 : shared;
    for (int first = 0; first < step; ++first)
      for (int k = first; k < length; k += step) each(k);
  }
};

// Read by the assembler of the cores.
struct DepthwiseTile {
  const std::byte* const* runs;      // where the first output's inputs begin, in the first channel
  const std::byte* const* runs_end;  // one pointer per run and row of the filter
  const std::byte* stream;           // from the first channel on
  std::byte* out;
  std::int32_t channels;
  std::int32_t tap;         // bytes from an input to the next of the same output
  std::int32_t pixel;       // bytes from an output's inputs to the next one's
  std::int32_t out_step;    // bytes from an output to the next
  std::int32_t twice_zero;  // 2 * zero_point + 1
  std::int32_t low, span;   // of the clamp
};

// A Core takes `at_once` rows of the filter at once (fewer of the last), run by run. Stream, per
// channel: what it puts as head, for the weights of each run, and as tail. Its program_of chooses
// one of its `programs` for all channels, or none (less than 0): then it is General's to compute.
template <class Core, TapRuns shape> struct TiledDepthwise {
  using General = typename Core::General;
  static constexpr bool holds_weights = true, general_has_programs = requires {
    General::programs;
  };
  static constexpr int own = Core::programs, programs = own + [] {
    if constexpr (general_has_programs) return General::programs;
    return 1;
  }();

  // Columns that a tile reads.
  static constexpr int span(int outputs, int stride, int taps, int dilation) {
    return (outputs - 1) * stride + (taps - 1) * dilation + 1;
  }
  // Channels that a tile at an edge copies at a time: as many as fit in Core::copied_bytes.
  static constexpr int copied(int channels, int inputs) {
    constexpr int least = 4 * shape.repeats;
    const int fit = Core::copied_bytes / inputs / least * least, some = fit > least ? fit : least;
    return channels < some ? channels : some;
  }
  // Runs of the filter; columns of a tile at an edge, and a row of padding.
  static constexpr int scratch(const GraphView& g, const Value& v) {
    const int columns = span(shape.outputs, v.stride.width, v.filter.width, v.dilation.width);
    const int inputs = columns * v.filter.height, channels = v.shape.channels;
    const int bytes = v.filter.height * shape.count * static_cast<int>(sizeof(void*)) +
                      (inputs + columns) * copied(channels, inputs);
    const int general = General::scratch(g, v);
    return bytes > general ? (bytes + 3) / 4 * 4 : general;
  }
  // Rows of the filter that are read together with row `ky`.
  static constexpr int together(int ky) {
    const int left = shape.rows - ky / Core::at_once * Core::at_once;
    return left < Core::at_once ? left : Core::at_once;
  }
  static constexpr int weight_bytes = [] {
    int bytes = 0;
    for (int ky = 0; ky < shape.rows; ky += Core::at_once)
      bytes += shape.count * Core::run_bytes(together(ky), shape.length);
    return bytes;
  }();
  static constexpr int record_bytes =
      Core::head_bytes + Core::padded(weight_bytes) + Core::tail_bytes;
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const int mine = v.shape.channels * record_bytes;
    const int general = General::stream_size(g, v);
    return mine > general ? mine : general;
  }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const int program = Core::program_of(g, v, p);
    if (program < 0) {
      General::pack(g, v, p, to);
      to.program += own;
      return;
    }
    to.program = program;
    for (int c = 0; c < v.shape.channels; ++c) {
      const Channel channel = fold(g, v, p, c);
      Core::put_head(to, channel);
      for (int ky = 0; ky < shape.rows; ky += Core::at_once) put_runs(to, v, p, ky, c);
      for (int i = weight_bytes; i < Core::padded(weight_bytes); ++i) to.put(std::int8_t{0});
      Core::put_tail(to, channel);
    }
  }
  static constexpr void put_runs(Writer& to, const Value& v, const Parameters& p, int ky, int c) {
    const int taps = v.filter.width, channels = v.shape.channels;
    for (int run = 0; run < shape.count; ++run) {
      const int start = shape.start(run, taps), done = run * shape.length;
      Core::template put_run<shape>(to, together(ky), [&](int row, int k) {
        const int tap = start + k;
        return tap < done ? std::int8_t{0}
                          : p.filter.int8[((ky + row) * taps + tap) * channels + c];
      });
    }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program < own)
      run_tiles<program>(task, band);
    else if constexpr (general_has_programs)
      General::template run<program - own>(task, band);
    else
      General::run(task, band);
  }

  // What the tiles of a row share.
  struct Row {
    const std::byte* const* inputs;
    bool complete;  // does no row of the filter lie outside?
    int at_once;    // channels, of tiles at an edge
    const std::byte** runs;
    std::byte *padding, *copies;  // of a row of a tile at an edge; of all rows of it
  };
  template <int program> static void run_tiles(const Task& task, const Band& band) {
    const Task t = task;
    const int columns = span(shape.outputs, t.stride_width, t.filter_width, t.dilation_width);
    Row row{band.rows,
            true,
            copied(t.out_channels, columns * shape.rows),
            reinterpret_cast<const std::byte**>(band.scratch),
            nullptr,
            nullptr};
    row.padding = band.scratch + shape.rows * shape.count * static_cast<int>(sizeof(void*));
    row.copies = row.padding + columns * row.at_once;
    for (int ky = 0; ky < shape.rows; ++ky) row.complete = row.complete && band.rows[ky] != nullptr;
    if (!row.complete) Core::fill(row.padding, t.in_zero, columns * row.at_once);
    int x = 0;
    for (const int end = t.out_width - shape.smaller * (shape.outputs - 1); x < end;
         x += shape.outputs)
      run_tile<program, shape>(t, row, x, band.out[0] + x * t.out_channels);
    if constexpr (shape.smaller > 0)
      for (; x < t.out_width; x += shape.outputs - 1)
        run_tile<program, shape.small()>(t, row, x, band.out[0] + x * t.out_channels);
  }
  // The outputs from `x` on: all channels at once where their inputs are read where they lie.
  template <int program, TapRuns tile>
  static void run_tile(const Task& t, const Row& row, int x, std::byte* out) {
    const int columns = span(tile.outputs, t.stride_width, t.filter_width, t.dilation_width);
    const int first = x * t.stride_width - t.left, channels = t.out_channels;
    const bool inside = first >= 0 && first + columns <= t.in_width && tile.repeats == 1;
    const int step = inside && row.complete ? channels : row.at_once;
    for (int c = 0; c < channels; c += step) {
      const int count = channels - c < step ? channels - c : step;
      point(t, row, first, columns, inside && step == channels, c, count);
      const DepthwiseTile what{row.runs,
                               row.runs + shape.rows * shape.count,
                               t.stream + c * record_bytes,
                               out + c,
                               count,
                               t.dilation_width * count,
                               t.stride_width * count,
                               channels,
                               2 * t.out_zero + 1,
                               t.low,
                               t.high - t.low};
      Core::template tile<tile, program>(&what);
    }
  }
  // Columns of a tile with every input channel as often as it has outputs.
  static std::byte* repeat_columns(const Task& t, std::byte* to, const std::byte* row, int first,
                                   int columns, int channel, int count) {
    row += channel / shape.repeats;
    for (int x = first; x < first + columns; ++x) {
      if (x < 0 || x >= t.in_width) {
        to = Core::fill(to, t.in_zero, count);
        continue;
      }
      const std::byte* from = row + x * t.in_channels;
      for (std::byte* const end = to + count; to != end; ++from)
        for (int i = 0; i < shape.repeats; ++i) *to++ = *from;
    }
    return to;
  }
  // Points the runs to where the inputs of `count` channels from `channel` on lie, or are copied
  // to.
  [[gnu::noinline]] static void point(const Task& t, const Row& row, int first, int columns,
                                      bool inside, int channel, int count) {
    std::byte* copies = row.copies;
    for (int ky = 0; ky < shape.rows; ++ky) {
      const std::byte *const input = row.inputs[ky], *from = copies;
      if (input == nullptr)
        from = row.padding;
      else if (inside)
        from = input + first * t.in_channels;
      else if constexpr (shape.repeats > 1)
        copies = repeat_columns(t, copies, input, first, columns, channel, count);
      else
        copies = copy_columns<Core>(t, copies, input, first, columns, channel, count);
      const int rows = together(ky), before = ky % Core::at_once;
      const std::byte** run = row.runs + (ky - before) * shape.count + before;
      for (int i = 0; i < shape.count; ++i, run += rows)
        *run = from + shape.start(i, t.filter_width) * t.dilation_width * count;
    }
  }
};

// Of any size.
template <class Core> struct TiledDepthwises {
  static constexpr const char* name = "shared.tiled_depthwise";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::depthwise);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    return TiledDepthwise<Core, TapRuns::of(graph.view(), v, Core::most_outputs)>{};
  }
};

}  // namespace graven::core
