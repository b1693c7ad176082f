"""until_end.py COMMAND [ARG ...]: shows what a program prints, and stops it after the line `end`.

The image for a board prints on its UART and, at its end, sleeps: nobody tells the emulator to stop.
"""

import subprocess
import sys


def main(command: list[str]) -> int:
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as program:
        ended = False
        for line in program.stdout:
            ended = line.strip() == "end"
            if ended:
                break
            print(line, end="", flush=True)
        program.kill()
    if not ended:
        print(f"until_end.py: {command[-1]} stopped before its line `end`", file=sys.stderr)
    return 0 if ended else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
