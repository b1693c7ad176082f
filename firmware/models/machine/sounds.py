"""Sounds of rotating machines, made up: a spectrum of harmonics of the speed, resonances and noise,
which differ from machine to machine; and three faults.

Features of half a second at 16 kHz: of BANDS mel bands the logarithm of the energy, its mean and
its deviation over eight moments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RATE, MOMENTS, SIZE, BANDS = 16_000, 8, 1024, 32
HOP = 1000
LENGTH = (MOMENTS - 1) * HOP + SIZE
FEATURES = 2 * BANDS
FAULTS = ["bearing", "imbalance", "rubbing"]


@dataclass
class Machine:
    speed: float  # turns per second
    harmonics: np.ndarray  # amplitudes
    resonances: list[tuple[float, float, float]]  # hertz, width, gain
    tilt: float  # of the noise: power of the frequency
    gain: float


def machine(rng: np.random.Generator) -> Machine:
    count = int(rng.integers(8, 30))
    return Machine(
        speed=rng.uniform(18, 60),
        harmonics=rng.uniform(0.2, 1, count) * np.arange(1, count + 1) ** -rng.uniform(0.3, 1.2),
        resonances=[
            (rng.uniform(200, 7000), rng.uniform(80, 600), rng.uniform(1, 5)) for _ in range(4)
        ],
        tilt=rng.uniform(-1.2, -0.2),
        gain=rng.uniform(0.5, 2),
    )


def shaped(noise: np.ndarray, m: Machine) -> np.ndarray:
    """What the housing makes of a sound."""
    spectrum, hertz = np.fft.rfft(noise), np.fft.rfftfreq(len(noise), 1 / RATE)
    gain = (np.maximum(hertz, 50) / 1000) ** m.tilt
    for at, width, peak in m.resonances:
        gain = gain + peak * np.exp(-(((hertz - at) / width) ** 2))
    return np.fft.irfft(spectrum * gain, len(noise))


def sound(m: Machine, rng: np.random.Generator, fault: str = "") -> np.ndarray:
    t = np.arange(LENGTH) / RATE
    speed = m.speed * rng.uniform(0.97, 1.03)
    turn = 2 * np.pi * speed * t + rng.uniform(0, 2 * np.pi)
    amplitudes = m.harmonics * rng.uniform(0.85, 1.15, len(m.harmonics))
    if fault == "imbalance":
        amplitudes[:2] = amplitudes[:2] * rng.uniform(2, 3.5)
    tones = sum(a * np.sin((k + 1) * turn + k) for k, a in enumerate(amplitudes))
    noise = rng.normal(size=LENGTH) * rng.uniform(0.8, 1.2)
    if fault == "rubbing":
        noise = noise * (1 + rng.uniform(1, 2) * np.maximum(np.sin(turn), 0) ** 4)
    made = shaped(tones + 0.6 * noise, m)
    if fault == "bearing":
        strikes = np.zeros(LENGTH)
        strikes[(np.arange(0, t[-1], 1 / (3.57 * speed)) * RATE).astype(int)] = 1
        ring = np.exp(-np.arange(160) / 30) * np.sin(2 * np.pi * 4200 / RATE * np.arange(160))
        made = made + rng.uniform(1, 2) * made.std() * np.convolve(strikes, ring)[:LENGTH]
    return m.gain * made


def mel_bands() -> np.ndarray:
    mel = np.linspace(1127 * np.log1p(40 / 700), 1127 * np.log1p(7900 / 700), BANDS + 2)
    hertz = 700 * np.expm1(mel / 1127)
    bins = np.arange(SIZE // 2 + 1)[:, None] * RATE / SIZE
    low, middle, high = hertz[:-2], hertz[1:-1], hertz[2:]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    return np.clip(np.minimum(rising, falling), 0, None)


MEL, HANN = mel_bands(), np.hanning(SIZE)


def features(samples: np.ndarray) -> np.ndarray:
    frames = samples[np.arange(MOMENTS)[:, None] * HOP + np.arange(SIZE)] * HANN
    logs = np.log(np.abs(np.fft.rfft(frames)) ** 2 @ MEL + 1e-3)
    return np.concatenate([logs.mean(0), 4 * logs.std(0)])


def heard(m: Machine, count: int, rng: np.random.Generator, faults: bool = False) -> np.ndarray:
    """[count, FEATURES]; the faults in turn."""
    kinds = [FAULTS[n % len(FAULTS)] if faults else "" for n in range(count)]
    return np.stack([features(sound(m, rng, kind)) for kind in kinds])
