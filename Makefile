# The commands of the house; each of them prepares the machine first.
CMAKE ?= cmake
CTEST ?= ctest
JOBS ?= $(shell nproc)
DIGITS = firmware/models/digits/digits.tflite

SHELL = bash
.SHELLFLAGS = -eo pipefail -c

.PHONY: help setup demo test format check-format clean

help:
	@echo 'make setup         install what is missing, prepare .venv with the command graven'
	@echo 'make demo          handwritten digits on this machine and on an emulated STM32F405'
	@echo 'make test          every test: C++, Python, must-not-compile, QEMU, consumers'
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

test: setup
	$(CMAKE) --preset gcc -DGRAVEN_TEST_EVERYTHING=ON
	$(CMAKE) --build build/gcc --parallel $(JOBS)
	$(CTEST) --test-dir build/gcc --parallel $(JOBS) --output-on-failure --no-tests=error

format: setup
	@toolchains/format.sh

check-format: setup
	@toolchains/format.sh --check

clean:
	rm -rf build
