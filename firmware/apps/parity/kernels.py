"""kernels.py PROGRAM.emulator.json...: does every kernel of an instruction set run in some case?

Runs all programs of parity, which say which kernels their cases took. Exit code 1 where one is in
no case: a kernel that nothing proves equal to scalar.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def kernels(output: str, verb: str) -> set[str]:
    lines = (line.partition(": ") for line in output.splitlines())
    return {name for start, _, name in lines if start == verb}


def main(programs: list[str]) -> int:
    proved, idle = set[str](), set[str]()
    for program in programs:
        command = json.loads(Path(program).read_text(encoding="utf-8"))["command"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=300)
        if done.returncode != 0:
            print(f"{program}: exit code {done.returncode}")
            return 1
        proved |= kernels(done.stdout, "has run")
        idle |= kernels(done.stdout, "did not run")
    for name in sorted(idle - proved):
        print(f"{name}: no case of firmware/apps/parity is served by this kernel. Add one.")
    print(f"{len(proved)} kernels run in {len(programs)} programs")
    return 1 if idle - proved or not proved else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
