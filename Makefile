# The commands of the house; each of them prepares the machine first.
CMAKE ?= cmake
CTEST ?= ctest
JOBS ?= $(shell nproc)
DIGITS = firmware/models/digits/digits.tflite
SHAPES = firmware/models/shapes/shapes.tflite

SHELL = bash
.SHELLFLAGS = -eo pipefail -c

.PHONY: help setup demo test test-deep check bench bench-qemu bench-shapes bench-update \
  bench-cycles bench-pages bench-compile bench-peers format check-format clean

help:
	@echo 'make setup         install what is missing, prepare .venv with the command graven'
	@echo 'make demo          handwritten digits on this machine and on an emulated STM32F405'
	@echo 'make test          C++, Python, must-not-compile, consumers, QEMU: 20 minutes on two cores'
	@echo 'make test-deep     every test: all presets, models, options of compilers; hours'
	@echo 'make check         one test or family: WHAT=layers/max_pool, WHAT=generator/test_cli,'
	@echo '                   WHAT=parity/pool TARGET=cortex-m4'
	@echo 'make bench         time per layer and model on this machine (Google Benchmark)'
	@echo 'make bench-qemu    instructions, memory and code on every emulated target, against the'
	@echo '                   record; make bench-update takes them into the records and docs/'
	@echo 'make bench-shapes  instructions of single layers of many shapes (Cortex-M4), against a line'
	@echo 'make bench-cycles  estimated cycles on Cortex-M4, M7 and M55 (needs llvm-19)'
	@echo 'make bench-pages   the pages in docs/ and the plot, from the records'
	@echo 'make bench-compile what the headers cost the compiler, and sizes of code'
	@echo 'make bench-peers   speed on this machine beside other engines, where they are installed'
	@echo 'make format        format C++ and Python; make check-format only checks'
	@echo 'make clean         remove what was built; .venv stays'

setup:
	@toolchains/setup.sh

# The host and the STM32F405 in build folders of their own, then the report on both.
demo: setup
	@$(CMAKE) --log-level=WARNING --preset host -B build/demo/host
	@$(CMAKE) --build build/demo/host --target digits_app
	@$(CMAKE) --log-level=WARNING --preset cortex-m4 -B build/demo/board -DGRAVEN_BOARD=stm32f405 \
	  -DGRAVEN_SEMIHOSTING=OFF
	@$(CMAKE) --build build/demo/board --target digits_app
	@echo 'demo: on this machine'
	@sh build/demo/host/demo.sh | tee build/demo/host.txt
	@echo 'demo: on an emulated STM32F405'
	@timeout 300 sh build/demo/board/demo.sh | tee build/demo/board.txt
	@.venv/bin/graven run $(DIGITS) --target cortex-m4 --json >build/demo/digits.json
	@.venv/bin/python firmware/apps/digits/report.py --host build/demo/host.txt \
	  --board build/demo/board.txt --inspect build/demo/digits.json -o build/demo/report.md
	@cat build/demo/report.md
	@.venv/bin/graven report $(DIGITS) --data $(DIGITS:%.tflite=%_test.npz) \
	  --target cortex-m4,cortex-m0 -o build/demo/report.html

test: DEEP = OFF
test: EXTRAS = judges
test-deep: DEEP = ON
test-deep: EXTRAS = judges judges-tensorflow
test test-deep: setup
	@toolchains/judges.sh $(EXTRAS)
	$(CMAKE) --preset gcc -DGRAVEN_TEST_EVERYTHING=ON -DGRAVEN_TEST_DEEP=$(DEEP)
	$(CMAKE) --build build/gcc --parallel $(JOBS)
	$(CTEST) --test-dir build/gcc --parallel $(JOBS) --output-on-failure --no-tests=error
	@for extra in $(EXTRAS); do test -e .venv-$$extra/made-from || \
	  echo "make: graven[$$extra] could not be installed: the tests that need it were skipped"; done

# WHAT: a test as ctest names it, or the start of its name; TARGET: a preset, such as cortex-m4.
check: setup
	@.venv/bin/python tests/check.py $(WHAT) $(if $(TARGET),--preset $(TARGET))

# BENCH_MODELS: files for `bench` (default: digits, shapes and the shared int8 models); BENCH_FLAGS:
# for the programs below, as in `make bench-qemu BENCH_FLAGS='--target cortex-m4 --layers'`.
SHARED = $(or $(GRAVEN_SHARED),../shared)
BENCH_MODELS ?= $(abspath $(DIGITS) $(SHAPES) $(wildcard $(SHARED)/models/*_int8.tflite))
BENCH_FLAGS ?=
empty =
space = $(empty) $(empty)

bench: setup
	@$(CMAKE) --log-level=WARNING --preset host -B build/bench \
	  '-DGRAVEN_BENCH_MODELS=$(subst $(space),;,$(BENCH_MODELS))'
	@$(CMAKE) --build build/bench --target bench_programs
	@for program in build/bench/benchmarks/bench.*; do "$$program" $(BENCH_FLAGS); done

bench-qemu: setup
	.venv/bin/python benchmarks/qemu.py $(BENCH_FLAGS)

bench-shapes: setup
	.venv/bin/python benchmarks/shapes.py $(BENCH_FLAGS)

bench-cycles: setup
	.venv/bin/python benchmarks/cycles.py $(BENCH_FLAGS)

# Without llvm-19 the estimated cycles stay as they are.
bench-update: setup
	.venv/bin/python benchmarks/qemu.py --update
	.venv/bin/python benchmarks/cycles.py --update || test $$? = 3
	@$(MAKE) --no-print-directory bench-pages

PAGES = docs/benchmarks.md docs/speed.md README.md
bench-pages: setup
	.venv/bin/python benchmarks/qemu.py --recorded $(PAGES:%=--markdown %)
	.venv/bin/python benchmarks/plot.py
	.venv/bin/python benchmarks/operators.py --page

bench-compile: setup
	.venv/bin/python benchmarks/sizes.py
	.venv/bin/python benchmarks/compile_cost.py $(BENCH_FLAGS)
	.venv/bin/python benchmarks/compile_budgets.py

bench-peers: setup
	.venv/bin/python benchmarks/peers.py $(BENCH_FLAGS)

format: setup
	@toolchains/format.sh

check-format: setup
	@toolchains/format.sh --check

clean:
	rm -rf build
