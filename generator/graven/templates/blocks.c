/* A plugin of QEMU (system emulation, plugin API 1): which blocks an inference executes.
 *
 *   -plugin blocks.so,entry=ADDRESS,flash=START,limit=END,out=FILE   (hexadecimal)
 *
 * Counts from the first block at ENTRY until it returns; then writes FILE with lines
 *   block <address> <instructions> <bytes> <times> <taken>   taken: not followed by the next block
 *   loads <bytes>                                            data read from [START, END)
 *
 *   -plugin blocks.so,entry=ADDRESS,profile=ADDRESS,number=LAYERS,out=FILE
 *
 * Counts by layer, for a harness that profiles after ENTRY: PROFILE is its object of that name,
 * with a number of 8 bytes and one of 4 for each layer, then the counter as it was when the step
 * began. A store into the second ends a step of that layer, a store into the last begins one. When
 * the program ends, FILE has lines `block` as above, those of the layers behind each, and steps:
 *   in <layer> <times> <taken>
 *   steps <layer> <count>
 *
 * The few declarations of QEMU's <qemu-plugin.h> are repeated here: Debian does not package it. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t Id;
typedef struct qemu_plugin_tb Tb;
typedef struct qemu_plugin_insn Insn;
void qemu_plugin_register_atexit_cb(Id, void (*)(Id, void*), void*);
void qemu_plugin_register_vcpu_tb_trans_cb(Id, void (*)(Id, Tb*));
void qemu_plugin_register_vcpu_tb_exec_cb(Tb*, void (*)(unsigned, void*), int flags, void*);
void qemu_plugin_register_vcpu_mem_cb(Insn*, void (*)(unsigned, uint32_t, uint64_t, void*),
                                      int flags, int rw, void*);
size_t qemu_plugin_tb_n_insns(const Tb*);
uint64_t qemu_plugin_tb_vaddr(const Tb*);
Insn* qemu_plugin_tb_get_insn(const Tb*, size_t);
const void* qemu_plugin_insn_data(const Insn*);
unsigned qemu_plugin_mem_size_shift(uint32_t);
bool qemu_plugin_mem_is_store(uint32_t);
enum { no_registers = 0, reads_and_writes = 3 };

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

typedef struct Block {
  uint64_t at, instructions, bytes, times, taken;
  uint64_t times_before, taken_before; /* when the step began */
  uint64_t* by_layer;                  /* times and taken of each */
  struct Block* next;
} Block;

static Block *blocks, *before;
static uint64_t entry, flash, limit, back, loads;
static uint64_t profile, layers;
static uint64_t* steps_of; /* each layer */
static const char* out = "blocks.txt";
static enum { waiting, counting, done } state = waiting;

static void write_layers(FILE* file, const Block* b) {
  for (uint64_t k = 0; b->by_layer != NULL && k < layers; ++k)
    if (b->by_layer[2 * k] != 0)
      fprintf(file, "in %llu %llu %llu\n", (unsigned long long)k,
              (unsigned long long)b->by_layer[2 * k], (unsigned long long)b->by_layer[2 * k + 1]);
}

static void finish(void) {
  FILE* file = fopen(out, "w");
  if (file == NULL) exit(2);
  for (const Block* b = blocks; b != NULL; b = b->next) {
    if (layers != 0 ? b->by_layer == NULL : b->times == 0) continue;
    fprintf(file, "block %llx %llu %llu %llu %llu\n", (unsigned long long)b->at,
            (unsigned long long)b->instructions, (unsigned long long)b->bytes,
            (unsigned long long)b->times, (unsigned long long)b->taken);
    write_layers(file, b);
  }
  for (uint64_t k = 0; k < layers; ++k)
    fprintf(file, "steps %llu %llu\n", (unsigned long long)k, (unsigned long long)steps_of[k]);
  fprintf(file, "loads %llu\n", (unsigned long long)loads);
  fclose(file);
  state = done;
}

static void executed(unsigned cpu, void* context) {
  Block* block = context;
  (void)cpu;
  const uint64_t next = before != NULL ? before->at + before->bytes : 0;
  if (state == waiting && block->at == entry) {
    state = counting;
    back = layers != 0 ? UINT64_MAX : next;
  } else if (state == counting && next != block->at) {
    ++before->taken;
  }
  before = block;
  if (state == counting && block->at == back) finish();
  if (state == counting) ++block->times;
}

static void begin_step(void) {
  for (Block* b = blocks; b != NULL; b = b->next) {
    b->times_before = b->times;
    b->taken_before = b->taken;
  }
}

static void end_step(uint64_t layer) {
  ++steps_of[layer];
  for (Block* b = blocks; b != NULL; b = b->next) {
    if (b->times == b->times_before) continue;
    if (b->by_layer == NULL) b->by_layer = calloc(2 * layers, sizeof(uint64_t));
    if (b->by_layer == NULL) exit(2);
    b->by_layer[2 * layer] += b->times - b->times_before;
    b->by_layer[2 * layer + 1] += b->taken - b->taken_before;
  }
  begin_step();
}

static void stored(unsigned cpu, uint32_t info, uint64_t address, void* context) {
  const uint64_t steps = profile + 8 * layers;
  (void)cpu, (void)context;
  if (state != counting || !qemu_plugin_mem_is_store(info)) return;
  if (address >= steps && address < steps + 4 * layers) end_step((address - steps) / 4);
  if (address == ((steps + 4 * layers + 7) & ~(uint64_t)7)) begin_step();
}

static void at_exit(Id id, void* context) {
  (void)id, (void)context;
  finish();
}

static void loaded(unsigned cpu, uint32_t info, uint64_t address, void* context) {
  (void)cpu, (void)context;
  if (state != counting || qemu_plugin_mem_is_store(info)) return;  /* QEMU 7.2 mixes them up */
  if (address >= flash && address < limit)
    loads += 1u << qemu_plugin_mem_size_shift(info);
}

/* Of a Thumb instruction. (qemu_plugin_insn_size is too much at the end of a page, where the
 * translator has looked at the next one.) */
static unsigned size_of(const Insn* instruction) {
  const unsigned char* data = qemu_plugin_insn_data(instruction);
  return data[1] >> 3 >= 0x1d ? 4 : 2;
}

static void translated(Id id, Tb* tb) {
  Block* block = calloc(1, sizeof *block);
  (void)id;
  if (block == NULL) exit(2);
  block->at = qemu_plugin_tb_vaddr(tb);
  block->instructions = qemu_plugin_tb_n_insns(tb);
  for (size_t i = 0; i < block->instructions; ++i) {
    Insn* instruction = qemu_plugin_tb_get_insn(tb, i);
    block->bytes += size_of(instruction);
    qemu_plugin_register_vcpu_mem_cb(instruction, layers != 0 ? stored : loaded, no_registers,
                                     reads_and_writes, NULL);
  }
  block->next = blocks;
  blocks = block;
  qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, no_registers, block);
}

EXPORT int qemu_plugin_install(Id id, const void* info, int count, char** arguments) {
  (void)info;
  for (int i = 0; i < count; ++i) {
    const char* text = strchr(arguments[i], '=');
    if (text++ == NULL) return -1;
    switch (arguments[i][0]) {
      case 'e': entry = strtoull(text, NULL, 16); break;
      case 'f': flash = strtoull(text, NULL, 16); break;
      case 'l': limit = strtoull(text, NULL, 16); break;
      case 'p': profile = strtoull(text, NULL, 16); break;
      case 'n': layers = strtoull(text, NULL, 16); break;
      case 'o': out = strdup(text); break;
      default: return -1;
    }
  }
  if (layers != 0) {
    steps_of = calloc(layers, sizeof *steps_of);
    if (steps_of == NULL) return -1;
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  return 0;
}
