"""Words said by espeak-ng's voices, as features: what the keyword networks here are trained on.

    apt-get install espeak-ng

A speaker is an accent and a voice variant; each says every word at several speeds and pitches.
Noise of its own loudness and colour is added, and the word begins at some moment of the window.
Speakers of the tests are not those of the training.

Features of one second at 16 kHz: FRAMES moments of BANDS numbers, the logarithms of the energies of
mel bands between 80 and 7,600 Hz, less the mean of the window.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from concurrent.futures import ThreadPoolExecutor

import numpy as np

KNOWN = ["yes", "no", "up", "down", "left", "right", "on", "off"]
NEW = ["stop", "go"]  # what the device learns
WORDS = [*KNOWN, *NEW]
ACCENTS = ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-gb-x-gbclan"]
VARIANTS = [
    *(f"m{n}" for n in range(1, 9)), *(f"f{n}" for n in range(1, 6)), "Andy", "Alex", "Annie",
    "Denis", "Hugo", "Iven", "Jacky", "Lee", "Linda", "Mario", "Michael", "Mike", "Mr_serious",
    "Nguyen", "RicishayMax", "Steph", "Tweaky", "Storm", "pablo", "robosoft", "klatt2", "klatt4",
]  # fmt: skip
RATE, WINDOW, HOP, SIZE = 16_000, 512, 480, 512
FRAMES, BANDS = 32, 16


def said(word: str, voice: str, speed: int, pitch: int) -> np.ndarray:
    """Samples at 16 kHz, silence cut off."""
    command = ["espeak-ng", "--stdout", "-v", voice, "-s", str(speed), "-p", str(pitch), word]
    with wave.open(
        io.BytesIO(subprocess.run(command, check=True, capture_output=True).stdout)
    ) as w:
        rate, raw = w.getframerate(), w.readframes(w.getnframes())
    samples = np.frombuffer(raw, np.int16).astype(np.float64) / 32768
    places = np.arange(0, len(samples) - 1, rate / RATE)
    samples = np.interp(places, np.arange(len(samples)), samples)
    loud = np.flatnonzero(np.abs(samples) > 0.02 * max(np.abs(samples).max(), 1e-6))
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples


def mel_bands() -> np.ndarray:
    """[SIZE / 2 + 1, BANDS]: triangles that overlap by half."""
    mel = np.linspace(1127 * np.log1p(80 / 700), 1127 * np.log1p(7600 / 700), BANDS + 2)
    hertz = 700 * np.expm1(mel / 1127)
    bins = np.arange(SIZE // 2 + 1)[:, None] * RATE / SIZE
    low, middle, high = hertz[:-2], hertz[1:-1], hertz[2:]
    return np.clip(
        np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)), 0, None
    )


MEL = mel_bands()
HANN = np.hanning(WINDOW)


def features(samples: np.ndarray) -> np.ndarray:
    """[FRAMES, BANDS] of one second."""
    starts = np.arange(FRAMES) * HOP
    frames = samples[starts[:, None] + np.arange(WINDOW)] * HANN
    energies = np.abs(np.fft.rfft(frames, SIZE)) ** 2 @ MEL
    logs = np.log(energies + 1e-4)
    return (logs - logs.mean()).astype(np.float32)


def heard(word: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One second with the word in it, and noise."""
    length = (FRAMES - 1) * HOP + WINDOW
    word = word[:length]
    samples = np.zeros(length)
    at = rng.integers(0, length - len(word) + 1)
    samples[at : at + len(word)] = word * rng.uniform(0.5, 1.5)
    noise = rng.normal(size=length)
    colour = rng.uniform(0, 0.95)  # of a low pass
    for i in range(1, 4):  # three taps are enough of a tilt
        noise[i:] += colour**i * noise[:-i]
    power = np.sqrt((word**2).mean() / (noise**2).mean())
    return samples + noise * power * 10 ** (-rng.uniform(8, 25) / 20)


def speakers() -> list[str]:
    return [f"{accent}+{variant}" for variant in VARIANTS for accent in ACCENTS]


def recordings(
    voices: list[str], each: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features [count, FRAMES, 1, BANDS], words, speakers: `each` of every word and voice."""
    if shutil.which("espeak-ng") is None:
        raise SystemExit("speech.py: espeak-ng not found; this script alone needs it: apt-get "
                         "install espeak-ng")  # fmt: skip
    tasks = [(w, v, k) for w in range(len(WORDS)) for v in range(len(voices)) for k in range(each)]

    def one(task: tuple[int, int, int]) -> np.ndarray:
        rng = np.random.default_rng([seed, *task])
        word, voice, _ = task
        speed, pitch = int(rng.integers(120, 200)), int(rng.integers(25, 75))
        return features(heard(said(WORDS[word], voices[voice], speed, pitch), rng))

    with ThreadPoolExecutor(4) as pool:
        found = np.stack(list(pool.map(one, tasks)))[:, :, None]
    return found, np.array([t[0] for t in tasks]), np.array([t[1] for t in tasks])
