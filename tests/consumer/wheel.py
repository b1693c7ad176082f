"""wheel.py <repository> <work folder>: the wheel, unpacked elsewhere, carries all it needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

NEEDED = (
    "include/graven/graven.hpp",
    "toolchains/cortex-m4.cmake",
    "firmware/CMakeLists.txt",
)
PROGRAM = "import graven.paths; print(graven.paths.data_root())"


def main() -> int:
    repository, work = Path(sys.argv[1]), Path(sys.argv[2])
    shutil.rmtree(work, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(work)]
    subprocess.run([*pip, *build, str(repository)], check=True)
    (wheel,) = work.glob("graven-*.whl")
    site = work / "site"
    install = ["install", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([*pip, *install, str(wheel)], check=True)
    program = f"import sys; sys.path.insert(0, {str(site)!r}); {PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=work
    )
    root = Path(done.stdout.strip())
    if site.resolve() not in root.resolve().parents:
        print(f"data_root() is {root}, outside of the installed wheel {site}")
        return 1
    missing = [name for name in NEEDED if not (root / name).is_file()]
    for name in missing:
        print(f"{wheel.name} lacks {name}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
