"""The HTML report: one page that needs no network and looks right in a browser."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import graven
import numpy as np
import pytest
from graven import chips, cycles, ir, page, ranks
from graven.paths import data_root
from graven.sphere import (
    BiasOutOfBounds,
    CapacityTooSmall,
    InvalidLayout,
    InvalidRadius,
    Layer,
    Sphere5D,
)
from test_cli import refused, run
from test_quantize import samples, small

pytest.importorskip("matplotlib", reason="no package matplotlib")
DIGITS = data_root() / "firmware/models/digits"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    file = tmp_path_factory.mktemp("report") / "report.html"
    with np.load(DIGITS / "digits_test.npz") as data:
        x, y = data["images"][:40], data["labels"][:40]
    model = graven.compile(DIGITS / "digits.tflite")
    y = np.where(np.arange(40) == 7, (y + 1) % 10, y)
    return model.report(file, x, y, targets=["cortex-m4"]).read_text()


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.open, self.texts = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.ids += [known["id"]] if "id" in known else []
        self.links += [known[name] for name in ("href", "src", "xlink:href") if name in known]
        if tag not in ("meta", "img", "br", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        known = dict(attributes)
        self.ids += [known["id"]] if "id" in known else []
        self.links += [known[name] for name in ("href", "src", "xlink:href") if name in known]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_one_small_page_without_network(text):
    found = Page(text)
    assert not found.open
    assert len(text) < 1_000_000
    assert all(link.startswith(("#", "data:")) for link in found.links)
    assert not re.search(r"@import|url\((?!#)|fetch\(|https?://(?!www\.w3\.org)", text)
    assert len(found.ids) == len(set(found.ids))
    named = {link[1:] for link in found.links if link.startswith("#")}
    assert named <= set(found.ids)


def test_what_it_says(text):
    said = " ".join(" ".join(Page(text).texts).split())
    for words in (
        "95.00 %", "accuracy on 40 samples", "2 CONV_2D", "armv7em", "equal", "Worst samples",
        "sample 7", "Effective rank", "sphere in five dimensions", "STM32F405RG", "nRF52840",
        "graven compile digits.tflite -o digits.hpp", "To need less RAM",
    ):  # fmt: skip
        assert words in said, words


@pytest.mark.skipif(not cycles.is_possible("cortex-m4"), reason="llvm-19 is not installed")
def test_estimated_cycles(text):
    program = graven.compile(DIGITS / "digits.tflite", target="cortex-m4").on()
    with np.load(DIGITS / "digits_test.npz") as data:
        x = data["images"][:1]
        found = program.cycles(x)
        program(x)
    assert 0.5 * program.instructions < found < 3 * program.instructions
    assert f"<td>{found:,}</td>" in text
    layers = program.cycles_by_layer(x)
    assert abs(sum(layers) - found) <= len(layers)
    for cycles_of, (index, instructions) in zip(
        layers, sorted(program.by_layer.items()), strict=True
    ):
        assert cycles_of >= 0.5 * instructions and f">{cycles_of:,}</span>" in text, index
    assert f"<td>{found / 168e3:.3g}</td>" in text  # ms on an STM32F405


def test_without_labels_and_on_the_host(tmp_path, capsys):
    file = tmp_path / "r.html"
    code, out, _ = run(capsys, "report", DIGITS / "digits.tflite", "--target", "host", "-o", file)
    assert code == 0 and out == f"wrote {file}\n"
    said = " ".join(Page(file.read_text()).texts)
    assert "Worst samples" not in said and "STM32" not in said and "host" in said


def test_quantized_waveforms(tmp_path):
    """What is no picture is drawn as lines; ranges and noise have their tables."""
    x = samples(small(), 30)[0][:, 0]
    file = tmp_path / "net.tflite"
    from graven.frontends import tflite_writer

    tflite_writer.write(small(), file)
    model = graven.compile(file, calibrate=x, quantize="int8", target="cortex-m4")
    text = model.report(tmp_path / "r.html", x, model.predict(x)).read_text()
    said = " ".join(Page(text).texts)
    assert "signal to noise, dB" in said and "min-max" in said and "float" in said


def test_a_folder_that_is_not_there(capsys):
    refused(capsys, "does not exist", "report", DIGITS / "digits.tflite", "-o", "nowhere/r.html")


# -- in a browser ---------------------------------------------------------------------------------

PROBE = """<script>
const all = document.documentElement;
document.title = [all.scrollWidth <= innerWidth, document.querySelector("#pan svg").
  getAttribute("viewBox"), getComputedStyle(document.body).backgroundColor].join("|");
</script>"""


@pytest.fixture(scope="module")
def browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no chromium: apt-get install chromium")
    return found


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (1200, True), (500, False)])
def test_it_looks_right(text, browser, tmp_path, width, dark):
    file = tmp_path / "report.html"
    file.write_text(text.replace("</body>", PROBE + "</body>"))
    command = [
        browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        f"--user-data-dir={tmp_path}", f"--window-size={width},900", "--dump-dom",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}", file.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    title = re.search(r"<title>([^<]*)</title>", done.stdout)
    assert title, done.stderr[-500:]
    fits, view, ground = title[1].split("|")
    assert fits == "true"  # nothing is wider than the window
    written = re.search(r'viewBox="([^"]+)" style="max-width', text)[1]
    assert view != written  # the script has run
    light = sum(map(int, re.findall(r"\d+", ground)[:3])) / 3
    assert light < 60 if dark else light > 230


# -- chips, ranks, spheres ------------------------------------------------------------------------


def test_chips():
    found = chips.fits({"cortex-m4": chips.Need(100_000, 50_000)})
    by_name = {fit.chip.name: fit for fit in found}
    assert by_name["STM32F405RG"].fits and by_name["STM32F405RG"].measured
    assert not by_name["STM32F303CC"].fits  # 40 KB of RAM
    assert not by_name["RP2040"].measured and by_name["RP2040"].fits
    assert {chip.target for chip in chips.CHIPS} <= set(graven.api.build.targets())


def test_effective_rank_of_what_is_known():
    rng = np.random.default_rng(0)
    orthogonal, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    one = rng.normal(size=(8, 1)) @ rng.normal(size=(1, 20))
    operator = ir.Operator(3, "FULLY_CONNECTED", ir.Layer(), (), ())
    assert ranks._rank(operator, orthogonal).effective == pytest.approx(8)
    found = ranks._rank(operator, one)
    assert found.effective == pytest.approx(1, abs=1e-6) and found.needed == 1
    assert ranks._rank(operator, np.zeros((4, 4))) is None
    model = graven.compile(DIGITS / "digits.tflite")
    of = {each.index: each for each in ranks.ranks(model.network)}
    assert of[10].rows == 10 and of[10].columns == 128 and 1 < of[10].effective <= 10
    assert set(of) == {0, 2, 5, 8, 10}


def test_sphere():
    found = Sphere5D.from_network([Layer([0.5] * 40, "relu"), Layer([1.0, -1.0])], radius=2.0)
    norms = np.linalg.norm(found.positions, axis=1)
    np.testing.assert_allclose(norms, 2.0)
    assert found.mean_radius() == pytest.approx(2.0) and found.positions.shape == (42, 5)
    assert found.layer_bounds(0) == (0, 40) and found.layer_bounds(1) == (40, 42)
    assert found.neuron_exists(1, 1) and not found.neuron_exists(1, 2)
    assert (found.points[41].bias, found.points[41].layer, found.points[0].activation) == (
        -1.0, 1, "relu",
    )  # fmt: skip
    np.testing.assert_allclose(found.centroid(), found.positions.mean(axis=0))
    apart = np.linalg.norm(found.positions[:, None] - found.positions[None], axis=2)
    assert apart[~np.eye(42, dtype=bool)].min() > 0.01


@pytest.mark.parametrize(
    ("layers", "options", "error"),
    [
        ([Layer([1.0])], {"radius": 0.0}, InvalidRadius),
        ([Layer([1.0])], {"radius": float("inf")}, InvalidRadius),
        ([], {}, InvalidLayout),
        ([Layer([])], {}, InvalidLayout),
        ([Layer([1.0, 2.0])], {"capacity": 1}, CapacityTooSmall),
        ([Layer([float("nan")])], {}, BiasOutOfBounds),
    ],
)
def test_spheres_that_cannot_be(layers, options, error):
    with pytest.raises(error, match="Sphere5D"):
        Sphere5D.from_network(layers, **options)


def test_layers_have_the_arena_they_run_in():
    model = graven.compile(DIGITS / "digits.tflite")
    figures = model.inspect("host")
    column = page.OnTarget("host", figures)
    assert max(column.ram) == figures["arena_bound_bytes"]
