set(machine qemu-system-arm -M mps2-an385)
