"""Topics of short texts: the summaries of Debian's packages, which are games, of science, of sound
or for the network; a perceptron 200-128-64-4 over which of 200 words a summary has.

Data: what apt knows on this machine (apt-cache dumpavail). Packages of one source are alike, so a
source's packages either train or judge. The words are those that tell most in what trains.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter

import numpy as np

from zoo.data import Missing, folds
from zoo.learning import compiled, fit, seeded
from zoo.trial import Options, Result, Trial, judged, run

TOPICS = {"games": 0, "math": 1, "science": 1, "sound": 2, "net": 3, "web": 3, "mail": 3}
COUNT = 4
WORDS = 200
PARTS = 4
EPOCHS = 12
CALIBRATION = 500
FIELD = re.compile(r"^(Package|Source|Section|Description): (\S.*)$", re.M)
WORD = re.compile(r"[a-z]{3,}")
Text = tuple[str, int, str]  # summary, topic, source


def texts() -> list[Text]:
    if shutil.which("apt-cache") is None:
        raise Missing("apt-cache: is not here; this member's texts are the summaries of Debian's.")
    done = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, check=True)
    found = []
    for stanza in done.stdout.split("\n\n"):
        fields = dict(FIELD.findall(stanza))
        topic = TOPICS.get(fields.get("Section", "").split("/")[-1])
        if topic is not None and "Description" in fields:
            source = fields.get("Source", fields["Package"]).split(" ")[0]
            found.append((fields["Description"], topic, source))
    if not found:
        raise Missing("apt-cache: knows no packages; apt-get update fetches its lists.")
    return found


def words_of(text: str) -> set[str]:
    return set(WORD.findall(text.lower()))


def telling(texts: list[Text]) -> list[str]:
    """The words whose share among the topics' texts differs most."""
    sizes, seen = Counter(topic for _, topic, _ in texts), Counter()
    for text, topic, _ in texts:
        seen.update((word, topic) for word in words_of(text))
    shares = {
        word: np.array([seen[word, topic] / max(sizes[topic], 1) for topic in range(COUNT)])
        for word in {word for word, _ in seen}
    }
    rated = sorted(shares, key=lambda word: (-(shares[word].max() - shares[word].mean()), word))
    return rated[:WORDS]


def vectors(texts: list[Text], words: list[str]) -> np.ndarray:
    """1 for each word that is there."""
    places = {word: place for place, word in enumerate(words)}
    x = np.zeros((len(texts), len(words)), np.float32)
    for row, (text, _, _) in enumerate(texts):
        x[row, [places[word] for word in words_of(text) if word in places]] = 1
    return x


def module():
    from torch import nn

    return nn.Sequential(
        nn.Linear(WORDS, 128), nn.ReLU(), nn.Dropout(0.4), nn.Linear(128, 64), nn.ReLU(),
        nn.Dropout(0.4), nn.Linear(64, COUNT),
    )  # fmt: skip


def results(options: Options) -> list[Result]:
    found = texts()
    order = np.random.default_rng(0).permutation(len(found))
    found = [found[k] for k in order[: options.some(len(found), 2000)]]
    sources = np.array([source for _, _, source in found])
    train, judge = next(folds(sources, PARTS, options.seed))
    words = telling([found[k] for k in train])
    x, y = vectors(found, words), np.array([topic for _, topic, _ in found])
    network = seeded(module, options.seed)
    fit(network, x[train], y[train], epochs=options.epochs_or(EPOCHS), rate=3e-3, decay=1e-2,
        cycle=True)  # fmt: skip
    some = x[train][:CALIBRATION]
    trial = Trial(compiled(network, some, "topics"), x[judge], y[judge], some)
    source = f"summaries of Debian's packages, {len(found):,} of {len(set(sources)):,} sources"
    return [judged("topics", source, [trial], options)]


if __name__ == "__main__":
    run(__doc__, EPOCHS, results)
