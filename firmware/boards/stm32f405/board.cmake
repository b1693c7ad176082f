set(machine qemu-system-arm -M netduinoplus2)
