set(machine qemu-system-arm -M mps3-an547)
