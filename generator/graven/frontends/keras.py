"""Reads models of Keras 3 (.keras) and of tf.keras (.h5), layer by layer, without Keras: the file's
configuration says the network, its HDF5 part has the weights.

Each class of layer has a function in keras_layers.py that tells nchw.Draft what it computes. What
none of them takes goes to the converter of TensorFlow where that is installed (keras_converted.py).
A subclass's own code is in no file: such models come by a .tflite file.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graven import ir
from graven.errors import GravenError, first_line, printable
from graven.frontends import keras_converted
from graven.frontends.keras_converted import Unread
from graven.frontends.nchw import DAMAGE, Draft, Mistake, View
from graven.frontends.tflite import identifier

if TYPE_CHECKING:
    import h5py

Config = dict[str, Any]
CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
"""What Keras 3, and functional models of Keras 2, call the group of a model's layers."""
CONSTANTS = ("__numpy__", "__tensor__")
PLACES = ("__ellipsis__", "__slice__")
"""What calls have beside the outputs of layers."""
LETTERS = {3: "NLC", 4: "NHWC"}
TFLITE = (
    "or export the whole model with tf.lite.TFLiteConverter.from_keras_model(model), with "
    "optimizations = [tf.lite.Optimize.DEFAULT], a representative_dataset and "
    "target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8] for int8, and give the "
    ".tflite file"
)


@dataclass(frozen=True)
class Layer:
    kind: str  # the class's name
    name: str
    config: Config
    weights: list[np.ndarray]
    is_new: bool  # Keras 3
    by_name: bool = False  # weights of layers inside lie in the order of their names
    arguments: list = field(default_factory=list)  # of the call, as the file has them
    keywords: Config = field(default_factory=dict)


def require() -> None:
    try:
        import h5py  # noqa: F401
    except ImportError:
        raise GravenError(
            "reading a .keras or .h5 file needs the package h5py: pip install 'graven[keras]'."
        ) from None


def load(path: str | Path, layout: str | None = None) -> ir.Network:
    """The network in the file; its layout is NHWC, as all that Keras states."""
    require()
    path = Path(path)
    if layout == "nchw":
        raise GravenError(
            f"--layout nchw: {path.name} is a file of Keras, whose layout is NHWC; leave it out."
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GravenError(f"{path}: cannot be read: {error.strerror or error}.") from None
    archive = data[:2] == b"PK"
    try:
        model, store = from_archive(data) if archive else from_hdf5(data)
    except (*DAMAGE, zipfile.BadZipFile, zlib.error) as error:
        reason = first_line(error)
        raise GravenError(
            f"{path}: is no whole model of Keras ({reason}); save it with model.save(), weights "
            "alone are not enough."
        ) from None
    reader = Reader(printable(path.name), store)
    try:
        with reader.draft.trusting("Keras"):
            return reader.network(identifier(path.stem), model)
    except Unread as unread:
        return keras_converted.network(path, unread)


def is_model(model: Any) -> bool:
    """Whoever calls has imported Keras; its models may be modules of PyTorch as well."""
    bases = {each.__module__.split(".")[0] for each in type(model).__mro__}
    return bool(bases & {"keras", "tf_keras"}) and hasattr(model, "save")


def from_model(model: Any, layout: str | None = None) -> ir.Network:
    """The network of a model of Keras, by a file that it saves."""
    with tempfile.TemporaryDirectory(prefix="graven-") as folder:
        path = Path(folder, f"{identifier(str(model.name))}.keras")
        model.save(path)
        return load(path, layout)


# -- the two kinds of file ------------------------------------------------------------------------


class Store:
    """The weights of a file; `is_new`: of Keras 3, whose meaning of some layers differs."""

    is_new: bool

    def of(self, path: Sequence[str], name: str) -> list[np.ndarray]:
        """Of the layer of this name, in the order that its class has made them; `path` leads
        through models to it."""
        raise NotImplementedError


@dataclass
class Archive(Store):
    """A .keras file: groups named by their layer's class, in the order of the layers, but not
    always numbered without gaps."""

    file: h5py.File
    is_new: bool
    groups: dict[tuple[str, ...], str] = field(default_factory=dict)

    def place(self, path: Sequence[str], layers: list[Config]) -> None:
        """Where the weights of a model's layers lie."""
        base = self.groups.get(tuple(path), "")
        parents = [f"{base}/{each}" for each in CONTAINERS if f"{base}/{each}" in self.file]
        parent = parents[0] if parents else base
        numbered: dict[str, list[tuple[int, str]]] = {}
        for each in self.file.get(parent, ()):
            stem, number = re.fullmatch(r"(.*?)(?:_(\d+))?", each).groups()
            numbered.setdefault(stem, []).append((int(number or 0), each))
        left = {stem: iter(sorted(found)) for stem, found in numbered.items()}
        for each in layers:
            _, group = next(left.get(snake(each["class_name"]), iter(())), (0, "missing"))
            self.groups[(*path, each["config"]["name"])] = f"{parent}/{group}"

    def of(self, path: Sequence[str], name: str) -> list[np.ndarray]:
        group = self.groups[(*path, name)]
        return [np.asarray(each) for each in self.datasets(group)]

    def datasets(self, group: str) -> list[h5py.Dataset]:
        """Of a layer, and of layers inside of it."""
        found = self.file.get(group)
        if found is None:
            return []
        own = found.get("vars", {})
        values = [own[key] for key in sorted(own, key=int)]
        inner = [key for key in found if key != "vars"]
        return values + [each for key in inner for each in self.datasets(f"{group}/{key}")]


@dataclass
class Hdf5(Store):
    """A .h5 file: a group for each layer of the outer model, with its weights' names in order."""

    weights: h5py.Group
    is_new: bool

    def of(self, path: Sequence[str], name: str) -> list[np.ndarray]:
        group = self.weights.get((*path, name)[0])
        if group is None:
            return []
        names = [text(each) for each in group.attrs.get("weight_names", ())]
        if path:  # of a model inside the model, by the name before the weight's
            names = [each for each in names if name in each.split("/")[:-1]]
        return [np.asarray(group[each]) for each in names]


def from_archive(data: bytes) -> tuple[Config, Store]:
    import h5py

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        model = json.loads(archive.read("config.json"))
        about = json.loads(archive.read("metadata.json"))
        weights = io.BytesIO(archive.read("model.weights.h5"))
    return model, Archive(h5py.File(weights), is_new(about["keras_version"]))


def from_hdf5(data: bytes) -> tuple[Config, Store]:
    import h5py

    file = h5py.File(io.BytesIO(data))
    model = json.loads(text(file.attrs["model_config"]))
    version = text(file.attrs.get("keras_version", "2"))
    return model, Hdf5(file["model_weights"], is_new(version))


def is_new(version: str) -> bool:
    return int(version.split(".")[0]) >= 3


def text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def snake(name: str) -> str:
    """As Keras names things after classes: SeparableConv2D is separable_conv2d."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


# -- the network ----------------------------------------------------------------------------------


HEEDS_MASKS = (
    "AdditiveAttention", "Attention", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "GRU",
    "GlobalAveragePooling1D", "LSTM", "MultiHeadAttention", "SimpleRNN", "Softmax",
)  # fmt: skip
KEEPS_MASKS = (
    "Activation", "ActivityRegularization", "Add", "AlphaDropout", "Average", "BatchNormalization",
    "Concatenate", "Dense", "Dropout", "ELU", "GaussianDropout", "GaussianNoise",
    "GroupNormalization", "Identity", "LayerNormalization", "LeakyReLU", "Maximum", "Minimum",
    "Multiply", "Normalization", "PReLU", "ReLU", "Rescaling", "SpatialDropout1D",
    "SpatialDropout2D", "Subtract", "TimeDistributed", "UnitNormalization",
)  # fmt: skip
"""Other layers of Keras drop a mask."""
MASKS = ("mask", "key_mask", "query_mask", "value_mask")
"""Under which names a call in a file is given masks that Keras itself hands on."""


class Reader:
    def __init__(self, source: str, store: Store) -> None:
        self.draft = Draft(source, letters=LETTERS)
        self.store = store
        self.masked: dict[int, tuple[View, str]] = {}  # by id: of which layer

    def network(self, name: str, model: Config) -> ir.Network:
        outputs = self.model(model, (), None)
        stated = model["config"].get("output_layers")
        names = [f"y_{place}" for place in range(len(outputs))] if len(outputs) > 1 else ["y"]
        if isinstance(stated, dict):
            names = [printable(each) for each in stated]
        return self.draft.network(name, dict(zip(names, outputs, strict=True)), "nchw")

    def model(self, model: Config, path: tuple[str, ...], given: list[View] | None) -> list[View]:
        """The outputs of a model, or of one inside of it for what it is given."""
        kind, config = model["class_name"], model["config"]
        self.draft.where = f"model '{printable(str(config.get('name', '')))}' ({kind})"
        if "layers" not in config:
            raise self.draft.error(
                "is a class of your own, of which the file has no layers; build it as Sequential "
                f"or from keras.Input, {TFLITE}."
            )
        if isinstance(self.store, Archive):
            self.store.place(path, config["layers"])
        if kind == "Sequential":
            return self.sequential(config, path, given)
        return Graph(self, config, path, given).outputs()

    def sequential(
        self, config: Config, path: tuple[str, ...], given: list[View] | None
    ) -> list[View]:
        layers, views = list(config["layers"]), given
        if views is None:
            first = layers[0]
            shape = shape_of(first) or config.get("build_input_shape")
            named = [each["class_name"] for each in layers if each["class_name"] != "InputLayer"]
            tokens = named[:1] == ["Embedding"]
            views = [self.input(first["config"]["name"], shape, first["config"], tokens)]
        for each in layers:
            if each["class_name"] != "InputLayer":
                views = self.layer(each, path, views)
        return views

    def input(
        self, name: str, shape: Sequence[int | None] | None, config: Config, tokens: bool
    ) -> View:
        """`tokens`: an Embedding reads it, so that it has whole numbers, whatever it says."""
        self.draft.where = f"input '{printable(name)}'"
        if not shape:
            raise self.draft.error(
                "has no shape yet; build the model (keras.Input, or call it once) and save it."
            )
        if None in shape[1:]:
            raise self.draft.error(
                f"has the dynamic shape {'x'.join(str(n or '?') for n in shape)}; give keras.Input "
                "the shape of a sample."
            )
        if not tokens:
            self.check_dtype(config)
        element = ir.Element.INT32 if tokens else ir.Element.FLOAT32
        return self.draft.input(printable(name), (1, *shape[1:]), "nchw", element)

    def check_dtype(self, config: Config) -> None:
        policy = config.get("dtype", "float32")
        name = policy if isinstance(policy, str) else (policy or {}).get("config", {}).get("name")
        if name not in ("float32", "mixed_float16", "mixed_bfloat16", None):
            raise self.draft.error(
                f"computes in {printable(str(name))}, expected float32; build the model with "
                "dtype='float32', set_weights from this one, and save it again."
            )

    def layer(
        self, each: Config, path: tuple[str, ...], views: list, call: Any = None
    ) -> list[View]:
        from graven.frontends import keras_layers

        kind, config = each["class_name"], each["config"]
        if kind in ("Functional", "Model", "Sequential"):
            return self.model(each, (*path, config["name"]), views)
        name = printable(config["name"])
        self.draft.where = f"layer '{name}' ({printable(kind)})"
        self.check_dtype(config)
        if not any(isinstance(view, View) for view in views):
            raise self.draft.error("reads nothing that the model computes; remove it.")
        handler = keras_layers.HANDLERS.get(kind)
        if handler is None or (each.get("registered_name") or "").split(">")[0] == "Custom":
            advice = keras_layers.INSTEAD.get(kind, "use layers that are (docs/models.md)")
            raise Unread(self.draft.error(f"is not supported; {advice}").said)
        call = call if isinstance(call, dict) else {}
        mask = self.mask(each, views, call)
        weights = self.store.of(path, config["name"])
        self.draft.note_weights(weights)
        layer = Layer(
            kind, name, config, weights, self.store.is_new, isinstance(self.store, Archive),
            call.get("args") or [], call.get("kwargs") or {},
        )  # fmt: skip
        try:
            found = handler(self.draft, layer, views)
        except (Mistake, Unread):
            raise
        except GravenError as error:
            raise Unread(error.said) from None
        found = found if isinstance(found, list) else [found]
        if mask is not None:
            self.masked.update({id(view): (view, mask) for view in found})
            return found
        return [replace(view) if id(view) in self.masked else view for view in found]

    def mask(self, each: Config, views: list, call: Config) -> str | None:
        """Which layer hides moments of what this one yields."""
        kind, config = each["class_name"], each["config"]
        if kind == "Embedding":
            return printable(config["name"]) if config.get("mask_zero") else None
        found = next((self.masked[id(view)][1] for view in views if id(view) in self.masked), None)
        inner, heeds = each, False  # a wrapper heeds what its layer does
        while isinstance(inner, dict) and not heeds:
            heeds = inner.get("class_name") in HEEDS_MASKS
            inner = inner.get("config", {}).get("layer")
        if heeds and found is None and any((call.get("kwargs") or {}).get(name) for name in MASKS):
            raise Unread(
                self.draft.error(
                    "is given a mask, which is not supported; give sequences without padding"
                ).said
            )
        if heeds and found is not None:
            raise Unread(
                self.draft.error(
                    f"leaves out moments of token 0, which layer '{found}' masks (mask_zero); "
                    "build that with mask_zero=False, and give sequences without padding"
                ).said
            )
        is_layer = str(each.get("module") or "keras.layers").startswith("keras.layers")
        return found if is_layer and kind in KEEPS_MASKS else None


class Graph:
    """A model of several paths: every call of a layer has a place, (name, number)."""

    def __init__(
        self, reader: Reader, config: Config, path: tuple[str, ...], given: list[View] | None
    ) -> None:
        self.reader, self.config, self.path = reader, config, path
        self.layers = {each.get("name", each["config"]["name"]): each for each in config["layers"]}
        self.values: dict[tuple[str, int], list[View]] = {}
        for place, (name, *_) in enumerate(listed(config["input_layers"])):
            if given is None:
                layer = self.layers[name]["config"]
                tokens = any(
                    each["class_name"] == "Embedding" and name in read_by(each)
                    for each in config["layers"]
                )
                view = reader.input(name, shape_of(self.layers[name]), layer, tokens)
            else:
                view = given[place]
            self.values[name, 0] = [view]

    def outputs(self) -> list[View]:
        wanted = listed(self.config["output_layers"])
        read, more = set(), [name for name, *_ in wanted]
        while more:  # without what makes masks
            name = more.pop()
            if name not in read:
                read.add(name)
                more += read_by(self.layers[name])
        for each in self.config["layers"]:  # in order, so that no chain of calls is deep
            if each.get("name", each["config"]["name"]) in read:
                for number in range(len(each.get("inbound_nodes") or ())):
                    self.value(each["config"]["name"], number)
        return [self.value(name, number)[place] for name, number, place in wanted]

    def value(self, name: str, number: int) -> list[View]:
        if (name, number) not in self.values:
            layer = self.layers[name]
            calls = layer["inbound_nodes"][number]
            views = [
                self.value(each[0], each[1])[each[2]] if isinstance(each, list) else each
                for each in arguments(calls)
            ]
            self.values[name, number] = self.reader.layer(layer, self.path, views, calls)
        return self.values[name, number]


def shape_of(layer: Config) -> list[int | None] | None:
    config = layer["config"]
    built = (layer.get("build_config") or {}).get("input_shape")
    return config.get("batch_shape") or config.get("batch_input_shape") or built


def listed(places: list | Config) -> list[list]:
    """One place may stand without the list around it; several may have names."""
    if isinstance(places, dict):
        return list(places.values())
    return [places] if places and isinstance(places[0], str) else places


def read_by(layer: Config) -> set[str]:
    """The layers whose outputs a layer reads."""
    calls = [arguments(each) for each in layer.get("inbound_nodes") or ()]
    return {each[0] for call in calls for each in call if isinstance(each, list)}


def arguments(node: Any) -> list:
    """The places that a call reads, and its numbers, whichever way they are nested."""
    if isinstance(node, dict) and node.get("class_name") == "__keras_tensor__":
        return [node["config"]["keras_history"]]
    if isinstance(node, dict) and node.get("class_name") in CONSTANTS:
        return [np.asarray(node["config"]["value"], np.float32)]
    if isinstance(node, dict) and node.get("class_name") in PLACES:
        return []
    if isinstance(node, dict) and "class_name" in node:
        raise ValueError(f"a call with {node['class_name']}")
    if isinstance(node, dict):  # of Keras 3
        given = node.get("kwargs", {}).items()
        named = arguments([value for name, value in given if name not in MASKS])
        return arguments(node.get("args", [])) + [each for each in named if isinstance(each, list)]
    if isinstance(node, list) and len(node) in (3, 4) and isinstance(node[0], str):
        return [node[:3]]
    if isinstance(node, list):
        return [found for each in node for found in arguments(each)]
    return [float(node)] if isinstance(node, int | float) and not isinstance(node, bool) else []
