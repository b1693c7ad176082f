// Depthwise convolution with filters of any size, one channel at a time. The channel's rows are
// copied to scratch column by column, padding included: an output's window is then one piece of
// memory, and VMLADAV takes sixteen of its taps at once.
//
// Stream, per output channel: int32 bias, int32 multiplier, int8 shift, weights column by column,
// with zeros where dilation leaves a column out.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/depthwise/depthwise.hpp"
#include "graven/layers/depthwise_conv2d.hpp"

namespace graven::core::mve_isa {

// Read by the assembler below, which counts `channel` and `channels`.
struct ColumnsJob {
  const std::byte* const* rows;  // those that exist
  std::int32_t row_count, columns;
  std::int32_t lanes;                // columns that are copied at a time
  std::int32_t channel;              // of the input
  std::byte* to;                     // where the first element goes
  std::int32_t lanes_step, to_step;  // from `lanes` columns to the next
  const std::byte* windows;
  std::int32_t window_step;
  std::byte* out;
  std::int32_t out_step;  // four pixels
  const std::byte* stream;
  std::int32_t zero, pixels;
  std::int32_t tail;  // taps that are in the last vector
  std::int32_t channels, multiplier;
  std::int32_t low, high;
  std::int32_t in_pixel, height, out_pixel;  // bytes of a pixel, a column, an output pixel
};

// vectors: of sixteen taps, in a window. far: offsets are of 16 bits, and columns copied by eights.
//   q1-q6 weights; stack: offsets of the input's columns, of the copied ones, of output pixels;
//   job; outputs that are left of the input channel; left shift
template <int program, int vectors, bool far> GRAVEN_NAKED void columns(ColumnsJob*) {
  asm volatile(
      R"(
    .macro window sum
    .irp n, 1, 2, 3, 4, 5, 6
    .if \n <= %c[vectors]
    vldrb.8 q0, [r1, #16*\n-16]
    .if \n == 1
    vmladav.s8 \sum, q0, q1
    .else
    vmladava.s8 \sum, q0, q\n
    .endif
    .endif
    .endr
    add r1, r3
    .endm
    .macro load_weights
    .irp n, 1, 2, 3, 4, 5, 6
    .if \n < %c[vectors]
    vldrb.8 q\n, [r2], #16
    .endif
    .endr
    vctp.8 r4
    vpst
    vldrbt.8 q%c[vectors], [r2]
    add r2, r4
    .endm
    .macro copy_columns lanes from to
    vctp.\lanes r9
    mov r10, r1 ;  mov r11, r6 ;  dls lr, r2
  1:
    ldr r12, [r10], #4 ;  add r12, r5
    vpstt
    vldrbt.\from q0, [r12, q6]
    vstrbt.\to q0, [r11, q7]
    add r11, #1
    le lr, 1b
    .endm
    .macro multiples to of size
    movs r2, #0
    vidup.u\size q0, r2, #1 ;  vmul.i\size q0, q0, \of
    vstrw.32 q0, [sp, #\to]
    .endm

    push {r4-r11, lr}
    vpush {d8-d15}
    sub sp, #64
    str r0, [sp, #48]
    ldr r1, [r0, #80] ;  ldr r3, [r0, #84] ;  ldr r4, [r0, #88]
    .if %c[far]
    multiples 0, r1, 16 ;  multiples 16, r3, 16
    .else
    multiples 0, r1, 8 ;  multiples 16, r3, 8
    .endif
    multiples 32, r4, 32
  2:
    ldm r0, {r1-r8}
    add r9, r5, #1 ;  str r9, [r0, #16]
    vldrw.32 q6, [sp] ;  vldrw.32 q7, [sp, #16]
    cbz r2, 4f
  3:
    cmp r3, r4 ;  csel r9, r3, r4, lt
    .if %c[far]
    copy_columns 16, u16, 16
    .else
    copy_columns 8, u8, 8
    .endif
    add r5, r7 ;  add r6, r8
    subs r3, r4
    bgt 3b
  4:
    ldr r4, [r0, #68]
  5:
    str r4, [sp, #52]
    ldrd r1, r3, [r0, #32] ;  ldrd r5, r7, [r0, #40]
    ldr r2, [r0, #48] ;  ldrd r11, r12, [r0, #52] ;  ldr r4, [r0, #60]
    add r6, r5, #1 ;  str r6, [r0, #40]
    ldr r8, [r2], #4 ;  ldr r9, [r2], #4 ;  ldrsb r10, [r2], #1
    .if %c[program] == %c[general]
    bic r6, r10, r10, asr #31 ;  str r6, [sp, #56]
    and r10, r10, r10, asr #31
    .endif
    load_weights
    str r2, [r0, #48]
    add r4, r12, #3 ;  lsr r4, #2
    dls lr, r4
  1:
    window r0
    window r2
    window r4
    window r6
    vmov q0[2], q0[0], r0, r4 ;  vmov q0[3], q0[1], r2, r6
    vadd.i32 q0, q0, r8
    .if %c[program] == %c[general]
    ldr r0, [sp, #56] ;  vshl.s32 q0, r0
    .endif
    vqrdmulh.s32 q0, q0, r9
    .if %c[program] == %c[general]
    vdup.32 q7, r10 ;  vand q7, q7, q0 ;  vshr.s32 q7, q7, #31 ;  vadd.i32 q0, q0, q7
    .elseif %c[program] == %c[shifted]
    vshr.s32 q7, q0, #31 ;  vadd.i32 q0, q0, q7
    .endif
    vrshl.s32 q0, r10
    vqadd.s32 q0, q0, r11
    .if %c[program] == %c[general]
    ldr r0, [sp, #48] ;  ldrd r2, r4, [r0, #72]
    vdup.32 q7, r2 ;  vmax.s32 q0, q0, q7
    vdup.32 q7, r4 ;  vmin.s32 q0, q0, q7
    .else
    vqmovnb.s32 q0, q0 ;  vqmovnb.s16 q0, q0
    .endif
    vldrw.32 q7, [sp, #32]
    vctp.32 r12
    vpst
    vstrbt.32 q0, [r5, q7]
    add r5, r7 ;  sub r12, #4
    le lr, 1b
    ldr r0, [sp, #48]
    ldr r4, [r0, #64] ;  subs r4, #1 ;  str r4, [r0, #64]
    beq 6f
    ldr r4, [sp, #52] ;  subs r4, #1
    bne 5b
    b 2b
  6:
    add sp, #64
    vpop {d8-d15}
    pop {r4-r11, pc}
    .purgem window
    .purgem load_weights
    .purgem copy_columns
    .purgem multiples
  )" ::[program] "i"(program),
      [vectors] "i"(vectors), [far] "i"(far), [general] "i"(general), [shifted] "i"(shifted));
}

// What a channel's rows in scratch are like.
struct ColumnsShape {
  int height, window, step;  // bytes of a column, of a window, and from one window to the next
  int columns;               // of all windows
  int lanes;                 // ColumnsJob
  int vectors, scratch;

  constexpr ColumnsShape(int rows, int reach, int stride, int outputs, int channels)
      : height(rows), window(reach * rows), step(stride * rows),
        columns((outputs - 1) * stride + reach), lanes(lanes_of(rows > channels ? rows : channels)),
        vectors(round_up(window, 16) / 16),
        scratch((round_up(outputs, 4) - 1) * step + 16 * vectors) {}
  constexpr ColumnsShape(const GraphView& g, const Value& v)
      : ColumnsShape(v.filter.height, 1 + (v.filter.width - 1) * v.dilation.width, v.stride.width,
                     v.shape.width, g.input(v).shape.channels) {}
  explicit constexpr ColumnsShape(const Task& t)
      : ColumnsShape(t.rows, 1 + (t.filter_width - 1) * t.dilation_width, t.stride_width,
                     t.out_width, t.in_channels) {}

  // Offsets are bytes while they fit, and eight columns' do not.
  static constexpr int lanes_of(int pixel) {
    return pixel > 255 / 8 ? 8 : pixel <= 255 / 15 ? 16 : 255 / pixel + 1;
  }
  // Instructions of a row, about.
  constexpr int cost(int outputs, int in_channels, int out_channels) const {
    const int copies = 6 + round_up(columns, lanes) / lanes * (8 + 7 * height);
    const int sums = 22 + round_up(outputs, 4) / 4 * (8 * vectors + 20);
    return in_channels * copies + out_channels * sums + 200;
  }
};

// What the other kernels of depthwise convolutions take for a row, about.
constexpr int cost_by_blocks(const Value& v, Blocks kind) {
  const int channels = v.shape.channels, width = v.shape.width;
  const int together = kind == Blocks::narrow ? 16 / channels : 1;
  const int block = channels % 16 == 0 ? 130 : 155;
  return round_up(width, together) / together * (round_up(channels, 16) / 16 * block + 25) +
         (kind == Blocks::narrow && channels < 16 ? 300 : 150);
}
constexpr int cost_by_taps(const Value& v) {
  const int row = 12 + 9 * v.filter.width, channels = v.shape.channels;
  return v.shape.width * (round_up(channels, 8) / 8 * (v.filter.height * row + 40) + 25 * channels);
}
constexpr int cost_by_pairs(const Value& v) {  // convolutions of one channel
  const int fours = round_up(v.shape.channels, 4) / 4, blocks = round_up(v.filter.area(), 16) / 16;
  return round_up(v.shape.width, 2) / 2 * (fours * (14 * blocks + 35) + 40 * v.filter.height + 50);
}
// A convolution of one channel is a depthwise one as well.
constexpr bool by_columns(const GraphView& g, const Value& v) {
  const ColumnsShape shape(g, v);
  const int inputs = g.input(v).shape.channels, outputs = v.shape.channels;
  const bool depthwise = v.op == op::depthwise;
  if (shape.vectors > 6 || (!depthwise && inputs != 1)) return false;
  if (depthwise && inputs != outputs) return true;
  return shape.cost(v.shape.width, inputs, outputs) < (!depthwise ? cost_by_pairs(v)
                                                       : v.filter == Extent(3)
                                                           ? cost_by_blocks(v, blocks_of(v))
                                                           : cost_by_taps(v));
}

template <int vectors, bool far> struct ColumnsDepthwise {
  static constexpr int programs = all_programs;
  static constexpr bool holds_weights = true;

  static constexpr int scratch(const GraphView& g, const Value& v) {
    return ColumnsShape(g, v).scratch;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return v.shape.channels * (9 + ColumnsShape(g, v).window);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const FilterLayout layout = v.weights;
    const int height = v.filter.height, width = v.filter.width;
    to.program = cheapest(g, v, p);
    for (int o = 0; o < v.shape.channels; ++o) {
      const Channel channel = fold(g, v, p, o);
      to.put(channel.bias);
      to.put(channel.multiplier.multiplier);
      to.put(static_cast<std::int8_t>(channel.multiplier.shift));
      for (int x = 0; x < width; ++x) {
        to.copy(p.filter.int8 + layout.index(o, x), height, width * layout.tap_step);
        for (int i = x < width - 1 ? height * (v.dilation.width - 1) : 0; i > 0; --i)
          to.put(std::int8_t{0});
      }
    }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    const Task t = task;
    const ColumnsShape shape(t);
    int top = 0, bottom = t.rows;  // missing rows are at the window's ends
    while (top < bottom && band.rows[top] == nullptr) ++top;
    while (bottom > top && band.rows[bottom - 1] == nullptr) --bottom;
    const int inside = shape.columns - t.left < t.in_width ? shape.columns - t.left : t.in_width;
    ColumnsJob job;
    job.rows = band.rows + top;
    job.row_count = inside > 0 ? bottom - top : 0;
    job.columns = inside;
    job.lanes = far ? 8 : shape.lanes;
    job.channel = 0;
    job.to = band.scratch + t.left * shape.height + top;
    job.lanes_step = job.lanes * t.in_channels;
    job.to_step = job.lanes * shape.height;
    job.windows = band.scratch;
    job.window_step = shape.step;
    job.out = band.out[0];
    job.out_step = 4 * t.out_channels;
    job.stream = t.stream;
    job.zero = t.out_zero;
    job.pixels = t.out_width;
    job.tail = shape.window - 16 * (vectors - 1);
    job.channels = t.out_channels;
    job.multiplier = t.out_channels / t.in_channels;
    job.low = t.low;
    job.high = t.high;
    job.in_pixel = t.in_channels;
    job.height = shape.height;
    job.out_pixel = t.out_channels;
    fill(band.scratch, t.in_zero, shape.scratch);
    columns<program, vectors, far>(&job);
  }
};

}  // namespace graven::core::mve_isa

#endif
