"""What quantization takes: seconds for random samples, on a float32 model or one whose integers are
taken as real numbers.

    .venv/bin/python benchmarks/calibration.py ic_resnet8_int8.tflite --samples 1000
"""

import argparse
import time
from pathlib import Path

import floats
from graven import inputs
from graven.frontends import tflite
from graven.quantize.kinds import KINDS
from graven.quantize.post_training import JUDGED, ROUNDED, TRIED, quantize


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--quantize", choices=KINDS, default="int8")
    options = parser.parse_args()
    network = floats.dequantized(tflite.load(options.model))
    samples = inputs.random(network, options.samples, 0)
    started, busy = time.perf_counter(), time.process_time()
    quantize(network, samples, kind=options.quantize)
    taken, busy = time.perf_counter() - started, time.process_time() - busy
    print(
        f"{options.model.name} to {options.quantize}: {options.samples} samples calibrated in "
        f"{taken:.1f} s, {busy:.1f} s of a core (ranges by all samples, chosen by {TRIED}, "
        f"judged by {JUDGED}, weights rounded by the first {ROUNDED})"
    )


if __name__ == "__main__":
    main()
