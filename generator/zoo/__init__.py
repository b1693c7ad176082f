"""Models to start from: each module trains one family in minutes on two cores, quantizes it, and
prints what float32 and int8 get right on samples that neither training nor calibration has seen,
and what it costs on the emulated Cortex-M0, M4 and M7.

    python -m zoo.mnist --out build/zoo

A model's folder there gets model.tflite, float.tflite, model.hpp, report.html and result.json.
docs/zoo.md has the table of them all.
"""
