set(machine qemu-system-riscv32 -M virt -bios none)
