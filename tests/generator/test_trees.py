"""Decision trees: what scikit-learn, XGBoost and LightGBM say of each sample, within 1e-6 and the
same class; and the C++ to the bit of numpy. Two small files of XGBoost and LightGBM with their
answers are in trees/; the libraries themselves are asked where they are installed.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cpp_cases
import graven
import numpy as np
import pytest
from graven import emit, passes, trees
from graven.errors import GravenError
from graven.frontends import boosters, tflite, tflite_writer
from graven.frontends.nchw import Draft
from graven.quantize.batches import Batches
from graven.trees import LEAF, Forest, Tree
from test_cli import run

FOLDER = Path(__file__).parent / "trees"
FILES = ("xgboost", "lightgbm")
ANSWERS = json.loads((FOLDER / "answers.json").read_text())
PROBES = np.array(ANSWERS["x"], np.float32)  # null: NaN; some lie at thresholds


def outputs(network, x):
    return Batches(network).run([x.astype(np.float32)])[network.outputs[0]]


def check(network, x, expected):
    """Within 1e-6, and the first of the largest is the same."""
    found = outputs(network, x)
    expected = np.asarray(expected)
    if found.shape[1] == 1 and expected.ndim == 2 and expected.shape[1] == 2:
        expected = expected[:, 1:]  # probabilities of two classes
    expected = expected.reshape(found.shape)
    assert np.abs(found - expected).max() <= 1e-6 * max(1.0, np.abs(expected).max())
    if found.shape[1] > 1:
        assert np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))
    else:
        assert np.array_equal(found > 0.5, expected > 0.5)


def stored(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_a_file_says_what_its_library_says(name):
    assert np.isnan(PROBES).any()
    check(boosters.load(FOLDER / f"{name}.json"), PROBES, ANSWERS[name])


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_compiled_inspected_and_verified(name, tmp_path, capsys):
    file = FOLDER / f"{name}.json"
    code, _, _ = run(capsys, "compile", file, "-o", tmp_path / "model.hpp")
    assert code == 0 and "graven::Trees<3, 12, " in (tmp_path / "model.hpp").read_text()
    code, output, _ = run(capsys, "verify", file, "--against", "numpy", "--random", "3")
    assert code == 0 and "equal the numpy reference on 3 inferences" in output
    code, _, error = run(capsys, "verify", file)
    assert code == 2 and "has no Trees; take --against numpy" in error


def broken(name, *path_and_value):
    model = stored(name)
    *path, last, value = path_and_value
    at = model
    for key in path:
        at = at[key]
    at[last] = value
    return model


ROOT = ("tree_info", 0, "tree_structure")
BOOSTER = ("learner", "gradient_booster")
FIRST = (*BOOSTER, "model", "trees", 0)
WRONG = {
    "neither": ({"layers": []}, "is no model of XGBoost"),
    "dart": (broken("xgboost", *BOOSTER, "name", "dart"), "booster 'dart', expected gbtree"),
    "objective": (
        broken("xgboost", "learner", "objective", "name", "survival:cox"),
        "objective 'survival:cox', expected one of binary:logistic"),
    "categories": (broken("xgboost", *FIRST, "split_type", [1]), "splits by categories"),
    "several numbers": (
        broken("xgboost", *FIRST, "tree_param", "size_leaf_vector", "3"), "several numbers per"),
    "trees": (broken("xgboost", *BOOSTER, "model", "tree_info", [0]), "is damaged"),
    "a circle": (
        broken("xgboost", *FIRST, "left_children", 0, 0), "names a node that is none of its"),
    "two parents": (broken("xgboost", *FIRST, "left_children", 0, 2), "to one node in two ways"),
    "half a node": (broken("xgboost", *FIRST, "right_children", 0, -1), "a node with one child"),
    "feature": (broken("xgboost", *FIRST, "split_indices", 0, 999), "asks for a feature that is"),
    "nodes": (broken("xgboost", *FIRST, "default_left", [0]), "not as many of all their numbers"),
    "fraction": (broken("xgboost", *FIRST, "split_indices", 0, 0.5), "are no whole numbers"),
    "outputs": (
        broken("xgboost", "learner", "learner_model_param", "num_class", "2147483648"),
        "trees for 2147483648 outputs"),
    "base": (broken("xgboost", "learner", "learner_model_param", {}), "is damaged"),
    "root": (broken("lightgbm", *ROOT, "threshold", None), "is damaged"),
    "of categories": (broken("lightgbm", *ROOT, "decision_type", "=="), "splits by categories"),
    "lines": (broken("lightgbm", *ROOT, "leaf_coeff", [1.0]), "linear_tree off"),
    "zero": (
        broken("lightgbm", *ROOT, "missing_type", "Zero") | {"objective": "binary"},
        "zero_as_missing"),
    "root of sums": (broken("lightgbm", "objective", "regression sqrt"), "reg_sqrt"),
    "unknown": (broken("lightgbm", "objective", "custom"), "objective 'custom'"),
}  # fmt: skip


@pytest.mark.parametrize("label", WRONG)
def test_what_is_wrong_with_a_file(label, tmp_path):
    model, sentence = WRONG[label]
    if label == "zero":
        model["tree_info"][0]["tree_structure"]["default_left"] = False
    path = tmp_path / "model.json"
    path.write_text(json.dumps(model))
    with pytest.raises(GravenError, match=f"model.json: .*{sentence}"):
        graven.compile(path)


def test_no_json(tmp_path):
    (tmp_path / "model.json").write_text("tree")
    with pytest.raises(GravenError, match="is no JSON"):
        graven.compile(tmp_path / "model.json")
    with pytest.raises(GravenError, match="no such file"):
        graven.compile(tmp_path / "other.json")


# -- thresholds -----------------------------------------------------------------------------------


def test_thresholds_of_float32_decide_as_the_library_s():
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(0, 10.0 ** rng.integers(-38, 38, 4000)), [0.0, -0.0]])
    x = x.astype(np.float32)
    near = np.concatenate([np.nextafter(x, np.float32(-np.inf)), x, np.nextafter(x, np.inf)])
    for t in (*x[:300].astype(np.float64), *(x[300:600] * (1 + 1e-9)), 1e-35, 0.0, 1e300, np.inf):
        assert np.array_equal(near <= trees.largest_float(t), near.astype(np.float64) <= t)
    for t in x[:300]:
        assert np.array_equal(near <= trees.below(t), near < t)


def random_forest(rng, outputs, width, sum, features=5, count=6, depth=5, exact=False):
    """Complete trees, some of which are single leaves, and steps that end early."""
    found = []
    for k in range(count):
        size = (1 << (depth if k % 3 else 1)) - 1
        left, right = 2 * np.arange(size) + 1, 2 * np.arange(size) + 2
        ends = (left >= size) | (rng.random(size) < 0.1)
        left[ends] = right[ends] = LEAF
        values = rng.integers(0, 4, (size, width)) / rng.choice([3, 7, 8])
        found.append(Tree(rng.integers(0, features, size), rng.normal(size=size).astype(np.float32),
                          rng.random(size) < 0.5, left, right, values))  # fmt: skip
    base = rng.normal(size=outputs)
    return Forest("random", features, found, base, sum, exact)


def walked(forest, x):
    """By the definition, one sample and one node after the other."""
    wide = np.float32 if forest.sum == "float32" else np.float64
    sums, outputs = forest.base.astype(wide), len(forest.base)
    width = forest.trees[0].values.shape[1]
    for k, tree in enumerate(forest.trees):
        at = 0
        while tree.left[at] != LEAF:
            value = x[tree.feature[at]]
            left = tree.missing_left[at] if np.isnan(value) else value <= tree.threshold[at]
            at = tree.left[at] if left else tree.right[at]
        leaf = tree.values[at] if forest.exact else tree.values[at].astype(np.float32)
        group = k * width % outputs
        sums[group : group + width] += leaf.astype(wide)
    if forest.sum == "mean":
        sums = sums / (len(forest.trees) * width // outputs)
    return sums


KINDS = {
    "one output": (1, 1, "float32", False),
    "in turn": (3, 1, "float32", False),
    "in turn, doubles": (3, 1, "float64", False),
    "mean of one": (2, 1, "mean", False),
    "votes": (3, 3, "mean", True),
    "several outputs": (4, 4, "float64", False),
}


def probes(rng, forest, count):
    x = rng.normal(size=(count, forest.features)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    for row in x[: count // 2]:  # at a threshold
        tree = forest.trees[int(rng.integers(len(forest.trees)))]
        node = int(rng.integers(len(tree.feature)))
        row[tree.feature[node]] = tree.threshold[node]
    return x


@pytest.mark.parametrize("label", KINDS)
def test_random_forests(label):
    outputs_, width, sum, exact = KINDS[label]
    rng = np.random.default_rng(len(label))
    for _ in range(5):
        forest = random_forest(rng, outputs_, width, sum, exact=exact)
        x = probes(rng, forest, 60)
        found = outputs(trees.network(forest, "forest"), x)
        expected = np.array([walked(forest, row) for row in x])
        assert np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))
        exactly = expected.astype(np.float32)
        ties = found != exactly
        assert np.array_equal(found[ties], np.nextafter(exactly[ties], np.float32(np.inf)))
        assert ties.sum(axis=1).max() <= 1 and not (sum == "float32" and ties.any())


# -- C++ ------------------------------------------------------------------------------------------


def cpp_case(network, position, x):
    file = tflite_writer.to_bytes(network)
    stated = tflite.parse(file, "trees.tflite", f"case_{position}")
    parsed = passes.canonical(stated)
    header, given = emit.header(parsed, "0" * 64), [[row[None]] for row in x]
    return cpp_cases.Case(f"forest {position}", parsed, stated, file, header, given)


def test_the_cpp_has_the_bits_of_numpy(tmp_path):
    rng = np.random.default_rng(9)
    cases = []
    for outputs_, width, sum, exact in KINDS.values():
        forest = random_forest(rng, outputs_, width, sum, exact=exact)
        network = trees.network(forest, "forest")
        x = probes(rng, forest, cpp_cases.INFERENCES)
        cases.append(cpp_case(network, len(cases), x))
        integers = trees.quantized(network, x, ("int8", "int16x8")[len(cases) // 2 % 2]).network
        q = random_integers(rng, integers, x.shape)
        cases.append(cpp_case(integers, len(cases), q))
    for case, answers in zip(cases, cpp_cases.run(cases, tmp_path), strict=True):
        expected = Batches(case.network).run([np.concatenate([x for (x,) in case.inputs])])
        index = case.network.outputs[0]
        found = np.concatenate([each[index] for each in answers])
        assert np.array_equal(found, expected[index]), case.label


def random_integers(rng, network, shape):
    dtype = network.tensors[network.inputs[0]].element.dtype
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)


@pytest.mark.parametrize("kind", ["int8", "int16x8"])
def test_integers_decide_as_the_reals_that_they_stand_for(kind):
    rng = np.random.default_rng(4)
    forest = random_forest(rng, 3, 3, "mean", exact=True)
    network = trees.network(forest, "forest")
    integers = trees.quantized(network, rng.normal(size=(50, 5)), kind).network
    found = integers.tensors[integers.inputs[0]].quantization
    (scale,), (zero,) = found.scale, found.zero_point
    q = random_integers(rng, integers, (400, 5))
    reals = np.float32(scale) * (q.astype(np.int64) - zero).astype(np.float32)
    found = Batches(integers).run([q])[integers.outputs[0]]
    assert np.array_equal(found, outputs(network, reals))


@pytest.mark.skipif(
    not (shutil.which("arm-none-eabi-g++") and shutil.which("qemu-system-arm")),
    reason="no compiler or emulator of cortex-m4",
)
def test_on_cortex_m4():
    model = graven.compile(FOLDER / "lightgbm.json")
    found = model.on("cortex-m4")
    assert np.abs(found(PROBES[:4]) - model(PROBES[:4])).max() < 1e-6
    assert found.instructions < 5000


# -- mistakes -------------------------------------------------------------------------------------


def test_too_many_features_leaves_or_no_trees():
    forest = random_forest(np.random.default_rng(0), 1, 1, "float32")
    with pytest.raises(GravenError, match="20,000 features"):
        trees.network(replace(forest, features=20000), "x")
    for features in (20000, 40000):  # where trees are a part of a network, too
        draft = Draft("random")
        view = draft.input("x", (1, features), "nchw")
        with pytest.raises(GravenError, match=f"random: trees: have {features:,} features"):
            trees.add(draft, view, replace(forest, features=features))
    with pytest.raises(GravenError, match="there are none"):
        trees.network(replace(forest, trees=[]), "x")
    size = 1 << 17
    left = np.where(2 * np.arange(size) + 2 < size, 2 * np.arange(size) + 1, LEAF)
    right, zeros = np.where(left == LEAF, LEAF, left + 1), np.zeros(size, np.float32)
    values = np.arange(size)[:, None] * 1.0
    large = Tree(np.zeros(size, int), zeros, zeros > 0, left, right, values)
    with pytest.raises(GravenError, match=r"limit the trees \(max_depth"):
        trees.network(replace(forest, trees=[large]), "x")


def test_a_walk_that_leaves_its_arrays_is_refused():
    network = trees.network(random_forest(np.random.default_rng(0), 1, 1, "float32"), "forest")
    for place, bad in ((1, 77), (3, 9999), (3, -9999), (3, 0), (4, 9999)):
        tensors = list(network.tensors)
        index = network.operators[0].inputs[place]
        data = tensors[index].data.copy()
        data.reshape(-1)[0] = bad
        tensors[index] = replace(tensors[index], data=data)
        damaged = replace(network, tensors=tuple(tensors))
        with pytest.raises(GravenError, match="that are none; make it again"):
            tflite.parse(tflite_writer.to_bytes(damaged), "trees.tflite", "trees")


def test_the_command_makes_integers_of_the_inputs(tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.nan_to_num(PROBES))
    file, header = FOLDER / "xgboost.json", tmp_path / "model.hpp"
    given = ("compile", file, "-o", header, "--calibrate", tmp_path / "x.npy", "--quantize")
    assert run(capsys, *given, "int16x8")[0] == 0
    assert "std::int16_t trees_0_thresholds[]" in header.read_text()
    code, _, error = run(capsys, *given, "int4")
    assert code == 2 and "is of weights, which trees have none of" in error


# -- the libraries --------------------------------------------------------------------------------


def wine(missing):
    datasets = pytest.importorskip("sklearn.datasets", reason="no package scikit-learn")
    x, y = datasets.load_wine(return_X_y=True)
    rng = np.random.default_rng(0)
    x = x.astype(np.float32)
    many = np.concatenate([x, *(x + rng.normal(0, x.std(0) / 3, x.shape) for _ in range(3))])
    if missing:
        x[rng.random(x.shape) < 0.1] = np.nan
        many[rng.random(many.shape) < 0.1] = np.nan
    return x, y, many.astype(np.float32)


def check_estimator(model, labels, missing=False):
    """`labels`: three classes, two, or real numbers."""
    x, y, many = wine(missing)
    real = 2.0 * y + np.sin(np.arange(len(y)))
    y = {"three": y, "two": (y > 0).astype(int), "real": real, "counts": np.abs(real)}[labels]
    model.fit(x, y)
    compiled = graven.compile(model)
    scores = model.predict_proba if labels in ("two", "three") else model.predict
    check(compiled.network, many, scores(many))
    if labels in ("two", "three"):
        assert np.array_equal(model.classes_[compiled.predict(many)], model.predict(many))


SKLEARN = {
    "DecisionTreeClassifier": ("tree", {}, "three"),
    "DecisionTreeRegressor": ("tree", {"max_depth": 5}, "real"),
    "ExtraTreeClassifier": ("tree", {}, "two"),
    "RandomForestClassifier": ("ensemble", {"n_estimators": 30}, "three"),
    "RandomForestClassifier of few leaves": (
        "ensemble", {"n_estimators": 10, "max_depth": 3, "min_samples_leaf": 5}, "three"),
    "RandomForestClassifier of two": ("ensemble", {"n_estimators": 4, "max_depth": 2}, "two"),
    "RandomForestRegressor": ("ensemble", {"n_estimators": 20}, "real"),
    "ExtraTreesClassifier": ("ensemble", {"n_estimators": 20}, "two"),
    "ExtraTreesRegressor": ("ensemble", {"n_estimators": 20}, "real"),
    "GradientBoostingClassifier": ("ensemble", {"n_estimators": 20}, "three"),
    "GradientBoostingClassifier of two": (
        "ensemble", {"n_estimators": 20, "loss": "exponential"}, "two"),
    "GradientBoostingRegressor": ("ensemble", {"n_estimators": 30}, "real"),
    "HistGradientBoostingClassifier": ("ensemble", {"max_iter": 20}, "three"),
    "HistGradientBoostingClassifier of two": ("ensemble", {"max_iter": 20}, "two"),
    "HistGradientBoostingRegressor": ("ensemble", {"max_iter": 20}, "real"),
    "HistGradientBoostingRegressor of counts": (
        "ensemble", {"max_iter": 20, "loss": "poisson"}, "counts"),
}  # fmt: skip


def sklearn_model(label):
    module, options, labels = SKLEARN[label]
    package = pytest.importorskip(f"sklearn.{module}", reason="no package scikit-learn")
    return getattr(package, label.split()[0])(random_state=0, **options), labels


@pytest.mark.parametrize("label", SKLEARN)
def test_scikit_learn(label):
    check_estimator(*sklearn_model(label))


@pytest.mark.parametrize(
    "label", ["RandomForestClassifier", "HistGradientBoostingClassifier", "DecisionTreeRegressor"]
)
def test_scikit_learn_with_missing_values(label):
    check_estimator(*sklearn_model(label), missing=True)


@pytest.mark.parametrize("scaler", ["StandardScaler", "MinMaxScaler", "RobustScaler"])
def test_scalers_go_into_the_thresholds(scaler):
    preprocessing = pytest.importorskip("sklearn.preprocessing", reason="no package scikit-learn")
    from sklearn.pipeline import make_pipeline

    model, labels = sklearn_model("RandomForestClassifier")
    check_estimator(make_pipeline(getattr(preprocessing, scaler)(), model), labels)


def test_what_scikit_learn_has_and_trees_have_not():
    ensemble = pytest.importorskip("sklearn.ensemble", reason="no package scikit-learn")
    x, y, _ = wine(False)
    with pytest.raises(GravenError, match="is not fitted"):
        graven.compile(ensemble.RandomForestClassifier())
    categories = ensemble.HistGradientBoostingClassifier(max_iter=3, categorical_features=[0])
    codes = np.column_stack([y, x[:, 1]])
    with pytest.raises(GravenError, match="splits by categories"):
        graven.compile(categories.fit(codes, y))
    start = ensemble.RandomForestClassifier(3)
    own = ensemble.GradientBoostingClassifier(init=start, n_estimators=3).fit(x, y)
    with pytest.raises(GravenError, match="starts from a model of its own"):
        graven.compile(own)
    several = ensemble.RandomForestClassifier(3).fit(x, np.column_stack([y, y]))
    with pytest.raises(GravenError, match="has 2 outputs of classes"):
        graven.compile(several)


BOOSTED = {
    "XGBClassifier": ("xgboost", {}, "three"),
    "XGBClassifier of two": ("xgboost", {}, "two"),
    "XGBRegressor": ("xgboost", {}, "real"),
    "XGBRegressor of counts": ("xgboost", {"objective": "count:poisson"}, "counts"),
    "XGBRFClassifier": ("xgboost", {}, "three"),
    "LGBMClassifier": ("lightgbm", {}, "three"),
    "LGBMClassifier of two": ("lightgbm", {"sigmoid": 2.0}, "two"),
    "LGBMClassifier, each against the rest": ("lightgbm", {"objective": "multiclassova"}, "three"),
    "LGBMRegressor": ("lightgbm", {}, "real"),
    "LGBMRegressor of counts": ("lightgbm", {"objective": "poisson"}, "counts"),
    "LGBMRegressor by dart": ("lightgbm", {"boosting_type": "dart"}, "real"),
    "LGBMClassifier, a forest": (
        "lightgbm", {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.7}, "three"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("missing", [False, True], ids=["whole", "missing"])
@pytest.mark.parametrize("label", BOOSTED)
def test_xgboost_and_lightgbm(label, missing):
    package, options, labels = BOOSTED[label]
    library = pytest.importorskip(package, reason=f"no package {package}")
    quiet = {"verbose": -1} if package == "lightgbm" else {}
    kind = getattr(library, label.split()[0].strip(","))
    check_estimator(kind(n_estimators=20, **options, **quiet), labels, missing)
