set(machine qemu-system-arm -M lm3s6965evb -cpu cortex-m0)
