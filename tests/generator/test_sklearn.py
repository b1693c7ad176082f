"""What scikit-learn has fitted: the network against the estimator's own scores. Skipped where it is
not installed.
"""

import shutil

import graven
import numpy as np
import pytest
from graven import reference
from graven.errors import GravenError
from graven.frontends.sklearn import COUNTING, LINEAR, from_estimator
from graven.frontends.sklearn_neighbors import METRICS, STATIONARY
from graven.quantize.batches import Batches

pytest.importorskip("sklearn", reason="no package scikit-learn")
from sklearn import datasets, ensemble, feature_selection, linear_model, naive_bayes, svm
from sklearn.base import is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor, kernels
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, PassiveAggressiveClassifier, Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, RadiusNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

X, Y = datasets.load_wine(return_X_y=True)
TWO = Y > 0
LABELS = np.column_stack([Y == 0, Y > 0, X[:, 0] > 13]).astype(int)  # several hold at once


def outputs(network, x):
    return np.concatenate([
        reference.run(network, [row[None].astype(np.float32)])[network.outputs[0]] for row in x
    ])  # fmt: skip


CASES = {
    "perceptron": (MLPClassifier((12, 8), max_iter=40), Y, "predict_proba"),
    "tanh": (MLPClassifier((6,), activation="tanh", max_iter=40), Y, "predict_proba"),
    "logistic, two classes": (
        MLPClassifier((6,), activation="logistic", max_iter=40), TWO, "predict_proba"),
    "regressor": (MLPRegressor(hidden_layer_sizes=(8,), max_iter=40), X[:, 0] + X[:, 1], "predict"),
    "logistic regression": (LogisticRegression(max_iter=500), Y, "predict_proba"),
    "of two classes": (LogisticRegression(max_iter=500), TWO, "predict_proba"),
    "support vectors": (LinearSVC(), Y, "decision_function"),
    "of two": (LinearSVC(), TWO, "decision_function"),
    "ridge": (Ridge(), X[:, 0], "predict"),
    "discriminant": (LinearDiscriminantAnalysis(), Y, "predict_proba"),
    "discriminant of two": (LinearDiscriminantAnalysis(), TWO, "predict_proba"),
    "passive": (PassiveAggressiveClassifier(), Y, "decision_function"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler((-1, 1)), None], ids=str)
@pytest.mark.parametrize("label", CASES)
def test_estimator(label, scaler):
    estimator, labels, scores = CASES[label]
    estimator.set_params(**{"random_state": 0} if "random_state" in estimator.get_params() else {})
    model = make_pipeline(*([scaler, StandardScaler()] if scaler else []), estimator)
    model.fit(X, labels)
    found = outputs(from_estimator(model), X[:20])
    expected = getattr(model, scores)(X[:20])
    if scores == "predict_proba" and found.shape[1] == 1:
        expected = expected[:, 1:]
    expected = expected.reshape(found.shape)
    assert np.max(np.abs(found - expected)) <= 1e-5 * max(np.max(np.abs(expected)), 1.0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "steps",
    [
        [PCA(4)],
        [IncrementalPCA(4), StandardScaler()],
        [StandardScaler(), PCA(5, whiten=True), MinMaxScaler(), TruncatedSVD(3)],
    ],
    ids=len,
)
def test_projections_go_into_the_weights(steps):
    model = make_pipeline(*steps, LogisticRegression(max_iter=500)).fit(X, Y)
    network = from_estimator(model)
    assert [each.name for each in network.operators] == ["FULLY_CONNECTED", "SOFTMAX"]
    np.testing.assert_allclose(outputs(network, X[:20]), model.predict_proba(X[:20]), atol=1e-4)


def test_trees_take_no_projections():
    model = make_pipeline(PCA(3), DecisionTreeClassifier(max_depth=2)).fit(X, Y)
    with pytest.raises(GravenError, match="step 'PCA': is not supported in front of this model"):
        from_estimator(model)


def expect_alike(network, x, expected, tolerance=1e-5):
    """Within the tolerance of the largest; and the same class or sign."""
    found = Batches(network).run([x.astype(np.float32)])[network.outputs[0]]
    found, expected = found.reshape(len(x), -1), np.asarray(expected)
    if found.shape[1] == 1 and expected.ndim == 2:
        expected = expected[:, 1:]  # of two classes
    expected = expected.reshape(found.shape)
    assert np.abs(found - expected).max() <= tolerance * max(1.0, np.abs(expected).max())
    if found.shape[1] > 1:
        assert np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))


WITH_A_LINK = {
    "identity": linear_model.TweedieRegressor(power=0, max_iter=500),
    "logarithm": linear_model.TweedieRegressor(power=1.5, max_iter=500),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("label", [*LINEAR, *COUNTING, *WITH_A_LINK])
def test_each_linear_model(label):
    model = WITH_A_LINK.get(label) or getattr(linear_model, label, None) or getattr(svm, label)
    model = make_pipeline(MinMaxScaler(), model() if isinstance(model, type) else model)
    classifies = is_classifier(model)
    model.fit(X, Y if classifies else X[:, 0])
    scores = model.decision_function if classifies else model.predict
    expect_alike(from_estimator(model), X, scores(X.astype(np.float32)))


WRAPPED = {
    "cross-validated": linear_model.LogisticRegressionCV(Cs=2, cv=2),
    "searched at random": RandomizedSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, n_iter=2,
                                             cv=2, random_state=0),
    "after elimination": make_pipeline(
        feature_selection.RFE(LogisticRegression(), n_features_to_select=4), LogisticRegression()),
    "a pipeline": make_pipeline("passthrough", make_pipeline(PCA(3), LogisticRegression())),
    "a search within": make_pipeline(PCA(3), GridSearchCV(LogisticRegression(), {"C": [1.0]},
                                                          cv=2)),
    "a search of a pipeline": GridSearchCV(make_pipeline(PCA(3), LogisticRegression()),
                                           {"logisticregression__C": [1.0]}, cv=2),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("label", WRAPPED)
def test_models_within_others(label):
    model = make_pipeline(MinMaxScaler(), WRAPPED[label]).fit(X, Y)
    expect_alike(from_estimator(model), X, model.predict_proba(X.astype(np.float32)))


def test_sparse_coefficients():
    model = linear_model.SGDClassifier(random_state=0).fit(MinMaxScaler().fit_transform(X), Y)
    x = MinMaxScaler().fit_transform(X)
    expect_alike(from_estimator(model.sparsify()), x, model.decision_function(x.astype(np.float32)))


# -- models that are not linear -------------------------------------------------------------------

GAUSSIAN = LogisticRegression(C=0.1), naive_bayes.GaussianNB()
SOFT = [("line", make_pipeline(StandardScaler(), GAUSSIAN[0])), ("bells", GAUSSIAN[1])]
FOREST = ensemble.RandomForestClassifier(7, max_depth=4, random_state=0)
MODELS = {
    "normal classes": (naive_bayes.GaussianNB(), Y, "predict_proba"),
    "two normal classes": (naive_bayes.GaussianNB(), TWO, "predict_proba"),
    "counts": (naive_bayes.MultinomialNB(), Y, "predict_proba"),
    "quadratic": (QuadraticDiscriminantAnalysis(reg_param=0.1), Y, "predict_proba"),
    "machine, linear": (svm.SVC(kernel="linear"), Y, "decision_function"),
    "machine of two": (svm.SVC(kernel="linear"), TWO, "decision_function"),
    "machine, rbf": (svm.SVC(), Y, "decision_function"),
    "machine, rbf of two": (svm.SVC(gamma=0.05), TWO, "decision_function"),
    "machine, cubes": (svm.SVC(kernel="poly", coef0=1.0), Y, "decision_function"),
    "machine, sigmoid": (svm.NuSVC(kernel="sigmoid", nu=0.1), TWO, "decision_function"),
    "regression by a machine": (svm.SVR(), X[:, 0], "predict"),
    "by a linear one": (svm.NuSVR(kernel="linear"), X[:, 0], "predict"),
    "novelties": (svm.OneClassSVM(nu=0.2), None, "decision_function"),
    "soft votes": (ensemble.VotingClassifier(SOFT, voting="soft", weights=[2, 1]), Y,
                   "predict_proba"),
    "soft votes of two, with trees": (
        ensemble.VotingClassifier([*SOFT, ("forest", FOREST)], voting="soft"), TWO,
        "predict_proba"),
    "mean of regressors": (
        ensemble.VotingRegressor([("a", Ridge()), ("b", svm.SVR()),
                                  ("c", DecisionTreeRegressor(max_depth=3))]), X[:, 0], "predict"),
    "soft votes with counts": (
        ensemble.VotingClassifier([*SOFT, ("counts", naive_bayes.MultinomialNB())], voting="soft"),
        Y, "predict_proba"),
    "bag of lines": (
        ensemble.BaggingClassifier(GAUSSIAN[0], 3, max_features=5, random_state=0), Y,
        "predict_proba"),
    "bag of regressors": (ensemble.BaggingRegressor(Ridge(), 3, random_state=0), X[:, 0],
                          "predict"),
    "counts of events": (linear_model.PoissonRegressor(), X[:, 0], "predict"),
    "searched": (GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2), Y,
                 "predict_proba"),
    "latent": (PLSRegression(3), X[:, 0], "predict"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("label", MODELS)
def test_what_is_not_linear(label):
    estimator, labels, scores = MODELS[label]
    x = MinMaxScaler().fit_transform(X)
    estimator.fit(x, labels)
    expect_alike(from_estimator(estimator), x, getattr(estimator, scores)(x.astype(np.float32)))
    if label == "searched":
        return
    model = make_pipeline(MinMaxScaler(), estimator).fit(X, labels)
    expect_alike(from_estimator(model), X, getattr(model, scores)(X))


def test_bells_far_from_zero():
    """x and the support vectors are shifted by one number, in float32."""
    x = (30_000.0 + np.random.default_rng(0).normal(size=(120, 3))).astype(np.float32)
    y = np.sin(x[:, 0] - 30_000.0)
    model = svm.SVR(gamma=1.0).fit(x, y)
    expect_alike(from_estimator(model), x, model.predict(x))


# -- what keeps its samples -----------------------------------------------------------------------


def expect_process(kernel, tolerance=1e-5, **options):
    model = GaussianProcessRegressor(kernel, optimizer=None, **{"alpha": 0.1, **options})
    model = make_pipeline(StandardScaler(), model).fit(X, X[:, :2])
    expect_alike(from_estimator(model), X, model.predict(X.astype(np.float32)), tolerance)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("metric", [*sorted(METRICS), "cosine", "l1"])
def test_neighbours(metric, weights):
    """Of features that are not whole numbers, so that no two samples are equally near."""
    x = (X + np.random.default_rng(1).random(X.shape) / 64).astype(np.float32)
    kind = {"metric": metric, "weights": weights, "algorithm": "brute"}
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(4, **kind)).fit(x[::2], Y[::2])
    expect_alike(from_estimator(model), x, model.predict_proba(x), 5e-5)  # 1 / rounding
    if metric != "cosine":  # by which samples with one large feature are all alike in float32
        model = KNeighborsRegressor(3, **kind).fit(x[::2], X[::2, :2])
        expect_alike(from_estimator(model), x, model.predict(x))


def test_neighbours_of_words():
    words, model = np.array(["sit", "walk", "run"])[Y], KNeighborsClassifier(1)
    two = make_pipeline(MinMaxScaler(), model).fit(X, words == "run")
    expect_alike(from_estimator(two), X, two.predict_proba(X))
    model = graven.compile(KNeighborsClassifier(1).fit(X, words))
    assert [("run", "sit", "walk")[each] for each in model(X).argmax(axis=-1).flat] == list(words)


KERNELS = {
    "rbf": kernels.RBF(2.0),
    "one length for each feature": kernels.ConstantKernel(3.0) * kernels.RBF(np.arange(1.0, 14.0)),
    "matern": kernels.Matern(3.0, nu=1.5),
    "rougher": kernels.Matern(3.0, nu=0.5) + kernels.WhiteKernel(0.1),
    "smoother": kernels.Matern(3.0, nu=2.5),
    "as smooth as can be": kernels.Matern(3.0, nu=np.inf),
    "rational": kernels.RationalQuadratic(2.0, 0.7) + 1.0,
    "linear": kernels.DotProduct(1.5) + kernels.RBF(2.0) + kernels.WhiteKernel(1.0),
    "periodic": kernels.ExpSineSquared(2.0, 30.0) * kernels.RBF(4.0),
    "squared": kernels.RBF(2.0) ** 2 + kernels.ConstantKernel(2.0) * kernels.ConstantKernel(0.5),
}


@pytest.mark.parametrize("normal", [False, True])
@pytest.mark.parametrize("label", KERNELS)
def test_gaussian_processes(label, normal):
    expect_process(KERNELS[label], normalize_y=normal)


def test_every_kernel_of_a_distance_is_tested():
    tried = " ".join(str(each) for each in KERNELS.values())
    assert all(name in tried for name in STATIONARY)


@pytest.mark.parametrize(
    ("kernel", "options", "sentence"),
    [
        (kernels.RBF(50.0), {"alpha": 1e-10}, "float32 loses what they differ by.* a larger alpha"),
        (kernels.PairwiseKernel(), {}, "has the kernel PairwiseKernel; fit it with RBF, Matern"),
        (kernels.RBF() ** 1.7, {}, "has a kernel to the power of 1.7; take 1 to 4"),
        (kernels.Matern(nu=2.0), {}, "has a Matern of nu=2; fit it with 0.5, 1.5 or 2.5"),
    ],
    ids=str,
)
def test_processes_refused(kernel, options, sentence):
    with pytest.raises(GravenError, match=sentence):
        expect_process(kernel, **options)


@pytest.mark.parametrize("name", ["rbf", "laplacian", "linear", "poly", "sigmoid"])
def test_kernel_ridges(name):
    model = make_pipeline(MinMaxScaler(), KernelRidge(kernel=name, alpha=0.1, degree=2))
    model.fit(X, X[:, :3])
    expect_alike(from_estimator(model), X, model.predict(X.astype(np.float32)))


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (KNeighborsClassifier(metric="braycurtis"), "has the metric 'braycurtis'; fit it with one"),
        (KNeighborsClassifier(p=3), "has the metric 'minkowski'; .* minkowski with p=1, 2"),
        (KNeighborsClassifier(weights=lambda d: 1.0 / (1.0 + d)), "has weights of its own"),
        (KernelRidge(kernel="cosine"), "has the kernel 'cosine'; fit it with one of poly"),
    ],
    ids=str,
)
def test_neighbours_refused(model, sentence):
    with pytest.raises(GravenError, match=sentence):
        from_estimator(model.fit(X, Y))


def test_what_neighbours_cannot():
    several = KNeighborsClassifier().fit(X, np.column_stack([Y, Y > 1]))
    with pytest.raises(GravenError, match="has several outputs of classes; fit a model for each"):
        from_estimator(several)
    with pytest.raises(GravenError, match="was fitted on zeros, which have no cosine"):
        from_estimator(KNeighborsClassifier(metric="cosine").fit([*X, np.zeros(13)], [*Y, 0]))
    model = KNeighborsClassifier().fit(X, Y)
    for kind in ("int8", "int16x8"):
        with pytest.raises(GravenError, match=r"looks up by a ranking .* keep it in float32"):
            graven.compile(model, calibrate=X, quantize=kind)


@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize("last", [KernelRidge(kernel="rbf"), GaussianProcessRegressor(alpha=0.3)])
def test_sums_of_kernels_have_no_integers(last, within):
    model = make_pipeline(StandardScaler(), last)
    if within:
        model = ensemble.StackingRegressor([("kernel", model), ("line", Ridge())])
    with pytest.raises(GravenError, match=r"sums a kernel over .* keep it in float32, or fit an S"):
        graven.compile(model.fit(X, X[:, 0]), calibrate=X, quantize="int8")


@pytest.mark.parametrize(
    ("kernel", "sentence"),
    [
        (kernels.ConstantKernel(2.0) + kernels.WhiteKernel(), "which is the same for every x"),
        (kernels.WhiteKernel() * kernels.RBF(), "of which no x is any nearer to a sample"),
    ],
    ids=str,
)
def test_a_kernel_that_compares_nothing_is_a_sentence(kernel, sentence):
    model = GaussianProcessRegressor(kernel, optimizer=None).fit(X[:20], X[:20, 0])
    with pytest.raises(GravenError, match=sentence):
        from_estimator(model)


def test_neighbours_take_little_memory():
    """That of their distances, not of the training data's numbers."""
    model = graven.compile(make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(X, Y))
    assert model.memory("cortex-m4").arena < 3 * 4 * len(X)


# -- one class or the rest, and calibration -------------------------------------------------------

APART = {
    "logistic": (LogisticRegression(max_iter=500), Y, "predict_proba"),
    "of two classes": (LogisticRegression(max_iter=500), TWO, "predict_proba"),
    "support vectors": (LinearSVC(), Y, "decision_function"),
    "bells": (make_pipeline(StandardScaler(), svm.SVC()), Y, "decision_function"),
    "forest": (ensemble.RandomForestClassifier(5, random_state=0), Y, "predict_proba"),
    "perceptron": (MLPClassifier((6,), max_iter=40, random_state=0), Y, "predict_proba"),
    "labels": (LogisticRegression(max_iter=500), LABELS, "predict_proba"),
    "searched": (GridSearchCV(LinearSVC(), {"C": [0.1, 1.0]}), Y, "decision_function"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("label", APART)
def test_one_class_or_the_rest(label):
    estimator, labels, scores = APART[label]
    model = make_pipeline(StandardScaler(), OneVsRestClassifier(estimator)).fit(X, labels)
    expect_alike(from_estimator(model), X, getattr(model, scores)(X.astype(np.float32)))


@pytest.mark.filterwarnings("ignore")
def test_one_class_or_the_rest_refused():
    labels = np.column_stack([Y > 0, Y < 9]).astype(int)
    with pytest.raises(GravenError, match="has a class that all samples have, or none"):
        from_estimator(OneVsRestClassifier(LogisticRegression()).fit(X, labels))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("label", [label for label in APART if label != "labels"])
def test_one_class_against_one(label):
    estimator, labels, _ = APART[label]
    model = make_pipeline(StandardScaler(), OneVsOneClassifier(estimator)).fit(X, labels)
    expect_alike(from_estimator(model), X, model.decision_function(X.astype(np.float32)))


@pytest.mark.filterwarnings("ignore")
def test_one_class_against_one_by_kernels_of_samples():
    model = OneVsOneClassifier(svm.SVC(kernel="precomputed")).fit(X @ X.T, Y)
    with pytest.raises(GravenError, match="takes kernels of samples"):
        from_estimator(model)


CALIBRATED = {
    "support vectors": LinearSVC(),
    "bells": svm.SVC(),
    "logistic": LogisticRegression(max_iter=500),
    "discriminant": LinearDiscriminantAnalysis(),
    "normal": naive_bayes.GaussianNB(),
    "forest": ensemble.RandomForestClassifier(5, random_state=0),
    "boosting": ensemble.GradientBoostingClassifier(n_estimators=4, random_state=0),
    "histograms": ensemble.HistGradientBoostingClassifier(max_iter=4),
    "pipeline": make_pipeline(PCA(5), MLPClassifier((6,), max_iter=40, random_state=0)),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("labels", [Y, TWO], ids=["three", "two"])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
@pytest.mark.parametrize("label", CALIBRATED)
def test_calibrated(label, method, labels):
    model = CalibratedClassifierCV(CALIBRATED[label], method=method, cv=3)
    model = make_pipeline(StandardScaler(), model).fit(X, labels)
    if method == "temperature" and label in ("forest", "normal", "pipeline"):
        with pytest.raises(GravenError, match="logarithms of probabilities"):
            from_estimator(model)
        return
    if method == "isotonic" and label == "boosting":
        return  # sums of trees that differ by less than float32 does, which the curve tells apart
    steep = 3e-5 if method == "isotonic" else 1e-5
    expect_alike(from_estimator(model), X, model.predict_proba(X.astype(np.float32)), steep)


@pytest.mark.filterwarnings("ignore")
def test_calibrated_behind_its_fit():
    fitted = make_pipeline(StandardScaler(), LinearSVC()).fit(X[::2], Y[::2])
    model = CalibratedClassifierCV(FrozenEstimator(fitted), method="isotonic").fit(X[1::2], Y[1::2])
    expect_alike(from_estimator(model), X, model.predict_proba(X.astype(np.float32)))
    voting = ensemble.VotingClassifier(
        [("calibrated", CalibratedClassifierCV(LinearSVC())), ("normal", naive_bayes.GaussianNB())],
        voting="soft",
    )
    model = make_pipeline(StandardScaler(), voting).fit(X, Y)
    expect_alike(from_estimator(model), X, model.predict_proba(X.astype(np.float32)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("member", "sentence"),
    [
        (QuadraticDiscriminantAnalysis(), "is asked for its decision_function, which is not said"),
        (svm.SVC(decision_function_shape="ovo"), "compares pairs"),
    ],
    ids=str,
)
def test_calibrated_refused(member, sentence):
    with pytest.raises(GravenError, match=sentence):
        from_estimator(CalibratedClassifierCV(member, cv=3).fit(X, Y))


@pytest.mark.parametrize(
    "model",
    [CalibratedClassifierCV(LinearSVC()), OneVsRestClassifier(LogisticRegression(max_iter=500))],
    ids=str,
)
@pytest.mark.filterwarnings("ignore")
def test_classes_from_several_models_in_integers(model):
    x = StandardScaler().fit_transform(X).astype(np.float32)
    whole = graven.compile(model.fit(x, Y), calibrate=x, quantize="int8")
    assert np.mean(np.asarray(whole(x)).argmax(1) == model.predict(x)) > 0.97


@pytest.mark.filterwarnings("ignore")
def test_isotonic_curves_have_no_integers():
    model = CalibratedClassifierCV(LinearSVC(), method="isotonic", cv=3).fit(X, Y)
    with pytest.raises(GravenError, match="steeper than the steps of integers"):
        graven.compile(model, calibrate=X.astype(np.float32), quantize="int8")


# -- stacks, and models within regressors ---------------------------------------------------------

MEMBERS = [
    ("logistic", LogisticRegression(max_iter=300)),
    ("vectors", make_pipeline(StandardScaler(), LinearSVC())),
    ("forest", ensemble.RandomForestClassifier(5, random_state=0)),
    ("near", KNeighborsClassifier()), ("bells", svm.SVC()), ("none", "drop"),
]  # fmt: skip
LASTS = {
    "logistic": None,
    "forest": ensemble.RandomForestClassifier(7, random_state=0),
    "perceptron": make_pipeline(StandardScaler(), MLPClassifier((5,), max_iter=50, random_state=0)),
    "vectors": LinearSVC(),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("passes", [False, True])
@pytest.mark.parametrize("last", LASTS)
def test_stacks(last, passes):
    for labels in (Y, np.array(["no", "yes"])[TWO * 1]):
        stack = ensemble.StackingClassifier(MEMBERS, LASTS[last], passthrough=passes, cv=3)
        model = make_pipeline(MinMaxScaler(), stack).fit(X, labels)
        said = model.decision_function if last == "vectors" else model.predict_proba
        expect_alike(from_estimator(model), X, said(X.astype(np.float32)))


@pytest.mark.filterwarnings("ignore")
def test_stacks_of_regressors_and_within_others():
    members = [("ridge", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3, random_state=0)),
               ("near", KNeighborsRegressor(2))]  # fmt: skip
    model = ensemble.StackingRegressor(members, cv=3).fit(X, X[:, 0])
    expect_alike(from_estimator(model), X, model.predict(X.astype(np.float32)))
    votes = ensemble.VotingClassifier(
        [("stack", ensemble.StackingClassifier(MEMBERS[:2], cv=3)), MEMBERS[3]], voting="soft"
    ).fit(X, Y)
    expect_alike(from_estimator(votes), X, votes.predict_proba(X.astype(np.float32)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("members", "options", "labels", "sentence"),
    [
        ([("a", linear_model.SGDClassifier(loss="log_loss"))], {}, Y, "without probabilities"),
        (MEMBERS[:1], {"stack_method": "predict"}, Y, "says classes within a stack"),
        (MEMBERS[:1], {"stack_method": "decision_function"}, Y, "says probabilities; leave the"),
        ([("a", svm.SVC(decision_function_shape="ovo"))], {}, Y, "decision_function_shape='ovr'"),
    ],
    ids=str,
)
def test_stacks_refused(members, options, labels, sentence):
    model = ensemble.StackingClassifier(members, cv=3, **options).fit(X, labels)
    with pytest.raises(GravenError, match=sentence):
        from_estimator(model)


TURNED = {
    "standard": {"transformer": StandardScaler()},
    "robust": {"transformer": RobustScaler()},
    "from 0 to 1": {"transformer": MinMaxScaler()},
    "largest": {"transformer": MaxAbsScaler()},
    "logarithm": {"func": np.log, "inverse_func": np.exp},
    "from 1": {"func": np.log1p, "inverse_func": np.expm1},
    "root": {"func": np.sqrt, "inverse_func": np.square},
    "as it is": {},
}


@pytest.mark.parametrize("label", TURNED)
def test_targets_in_other_units(label):
    for last in (svm.SVR(), ensemble.RandomForestRegressor(4, random_state=0)):
        model = TransformedTargetRegressor(last, **TURNED[label])
        model = make_pipeline(StandardScaler(), model).fit(X, X[:, 0])
        expect_alike(from_estimator(model), X, model.predict(X.astype(np.float32)), 2e-4)


def test_targets_refused():
    cube = TransformedTargetRegressor(Ridge(), func=np.cbrt, inverse_func=lambda y: y**3)
    with pytest.raises(GravenError, match=r"turns its target back by <function.*its regressor_"):
        from_estimator(cube.fit(X, X[:, 0]))
    sent = FunctionTransformer(np.log, np.exp, inv_kw_args={"where": True})
    model = TransformedTargetRegressor(Ridge(), transformer=sent, check_inverse=False)
    with pytest.raises(GravenError, match=r"by a function with inv_kw_args .*its regressor_"):
        from_estimator(model.fit(X, np.abs(X[:, 0]) + 1))
    model = TransformedTargetRegressor(Ridge(), transformer=MinMaxScaler(clip=True))
    with pytest.raises(GravenError, match="turns its target back by a MinMaxScaler"):
        from_estimator(model.fit(X, X[:, 0]))


def test_several_targets():
    members = ensemble.GradientBoostingRegressor(n_estimators=4, random_state=0), svm.LinearSVR()
    for member in members:
        model = make_pipeline(StandardScaler(), MultiOutputRegressor(member)).fit(X, X[:, :3])
        expect_alike(from_estimator(model), X, model.predict(X.astype(np.float32)))


# -- ensembles of trees ---------------------------------------------------------------------------

BAG = ensemble.BaggingClassifier(max_features=6, n_estimators=9, random_state=0)
ENSEMBLES = {
    "adaptive": (ensemble.AdaBoostClassifier(n_estimators=12, random_state=0), Y, "predict_proba"),
    "adaptive, deeper, of two": (
        ensemble.AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=8,
                                    random_state=0), TWO, "predict_proba"),
    "bag": (BAG, Y, "predict_proba"),
    "bag without some class": (
        ensemble.BaggingClassifier(n_estimators=30, max_samples=3, random_state=2), Y,
        "predict_proba"),
    "bag of values": (ensemble.BaggingRegressor(n_estimators=5, random_state=0), X[:, 0],
                      "predict"),
    "isolation": (
        ensemble.IsolationForest(n_estimators=15, random_state=0), None, "decision_function"),
    "isolation of some": (
        ensemble.IsolationForest(n_estimators=9, contamination=0.1, max_features=4,
                                 random_state=0), None, "decision_function"),
    "extra trees": (ensemble.ExtraTreesClassifier(9, random_state=0), Y, "predict_proba"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("label", ENSEMBLES)
def test_ensembles_of_trees(label):
    estimator, labels, scores = ENSEMBLES[label]
    for model in (estimator, make_pipeline(MinMaxScaler(), estimator)):
        model.fit(X, labels)
        network = from_estimator(model)
        assert [each.name for each in network.operators].count("Trees") == 1
        expect_alike(network, X, getattr(model, scores)(X.astype(np.float32)), 2e-6)


@pytest.mark.parametrize("label", ["isolation", "adaptive"])
def test_ensembles_take_integers(label):
    estimator, labels, scores = ENSEMBLES[label]
    x = MinMaxScaler().fit_transform(X)
    estimator.fit(x, labels)
    model = graven.compile(estimator, calibrate=x, quantize="int16x8")
    expected = getattr(estimator, scores)(x).reshape(len(x), -1)
    assert np.abs(model(x).reshape(expected.shape) - expected).mean() < 0.01


@pytest.mark.filterwarnings("ignore")
def test_trees_beside_other_layers_stay_float32():
    model, labels, _ = MODELS["soft votes of two, with trees"]
    with pytest.raises(GravenError, match="has trees beside other layers, of which no integers"):
        graven.compile(model.fit(X, labels), calibrate=X, quantize="int8")


@pytest.mark.filterwarnings("ignore")
def test_trees_beside_trees_stay_float32():
    model = ensemble.VotingClassifier([("a", FOREST), ("b", FOREST)], voting="soft").fit(X, Y)
    with pytest.raises(GravenError, match="has trees beside other trees, of which no integers"):
        graven.compile(model, calibrate=X, quantize="int8")


def test_a_member_without_some_class():
    x, y = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([0, 0, 0, 1])
    for last in (DecisionTreeClassifier(), naive_bayes.GaussianNB()):
        bag = ensemble.BaggingClassifier(make_pipeline(StandardScaler(), last), 6, random_state=2)
        bag.fit(x, y)
        assert {1, 2} == {len(each.classes_) for each in bag.estimators_}
        with pytest.raises(GravenError, match="has seen 1 of 2 classes; fit it on samples of all"):
            from_estimator(bag)


def test_the_older_way_of_boosting():
    """scikit-learn 1.3 to 1.5 choose SAMME.R by themselves."""
    model = ensemble.AdaBoostClassifier(n_estimators=3).fit(X, Y)
    model.algorithm = "SAMME.R"
    with pytest.raises(GravenError, match=r"boosts by SAMME\.R.* fit it with algorithm='SAMME'"):
        from_estimator(model)


@pytest.mark.skipif(not shutil.which("g++"), reason="no g++")
@pytest.mark.filterwarnings("ignore")
def test_cpp_says_the_same():
    votes = ensemble.VotingClassifier([*SOFT, ("forest", FOREST)], voting="soft")
    model = graven.compile(make_pipeline(SimpleImputer(), StandardScaler(), votes).fit(HOLES, Y))
    np.testing.assert_allclose(model.native()(HOLES[:20]), model(HOLES[:20]), atol=1e-6)
    near = KNeighborsClassifier(weights="distance")
    for last in (svm.SVC(), near, ensemble.StackingClassifier([("near", near), *SOFT[:1]])):
        model = graven.compile(make_pipeline(MinMaxScaler(), Normalizer(), last).fit(X, Y))
        np.testing.assert_allclose(model.native()(X[:20]), model(X[:20]), atol=1e-5)


# -- steps in front -------------------------------------------------------------------------------

HOLES = np.where(np.random.default_rng(0).random(X.shape) < 0.1, np.nan, X)
MINUS = np.where(np.isnan(HOLES), -1.0, HOLES)
LESS = feature_selection.SelectKBest(k=5)
PARTS = ColumnTransformer(
    [("scaled", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), [0, 3, 2]),
     ("left", "drop", [1, 4]), ("robust", make_pipeline(RobustScaler(), SimpleImputer()), [5, 6])],
    remainder=SimpleImputer(), transformer_weights={"robust": 0.5},
)  # fmt: skip
UNION = FeatureUnion([("pca", PCA(2)), ("best", feature_selection.SelectKBest(k=3))])
STEPS = {
    "select": ([LESS], X),
    "variance": ([feature_selection.VarianceThreshold(0.5), StandardScaler()], X),
    "from a model": (
        [feature_selection.SelectFromModel(DecisionTreeClassifier(random_state=0))], X),
    "impute": ([SimpleImputer(), StandardScaler(), LESS], HOLES),
    "scale, impute": ([RobustScaler(), SimpleImputer(strategy="median"), LESS], HOLES),
    "clip": ([MinMaxScaler((0.2, 0.6), clip=True).fit(X[:60]), StandardScaler()], X),
    "columns": ([PARTS, MaxAbsScaler()], HOLES),
    "nothing": ([FunctionTransformer(), "passthrough", StandardScaler()], X),
}  # fmt: skip
OF_NETWORKS = {
    "a number for what is missing": ([SimpleImputer(missing_values=-1.0), StandardScaler()], MINUS),
    "l2": ([StandardScaler(), Normalizer()], X),
    "l1": ([Normalizer(norm="l1"), StandardScaler()], X),
    "products": ([StandardScaler(), PolynomialFeatures(), StandardScaler()], X),
    "third powers": ([StandardScaler(), LESS, PolynomialFeatures(3, include_bias=False)], X),
    "products alone": (
        [PCA(5), PolynomialFeatures((2, 3), interaction_only=True), MaxAbsScaler()],
        X,
    ),
    "max": ([LESS, Normalizer(norm="max")], X),
    "union": ([StandardScaler(), UNION, MinMaxScaler()], X),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("label", [*STEPS, *OF_NETWORKS])
def test_steps_in_front_of_a_network(label):
    steps, x = (STEPS | OF_NETWORKS)[label]
    model = make_pipeline(*steps, linear_model.RidgeClassifier()).fit(x, Y)
    expect_alike(from_estimator(model), x, model.decision_function(x.astype(np.float32)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("label", STEPS)
def test_steps_in_front_of_trees(label):
    steps, x = STEPS[label]
    model = make_pipeline(*steps, FOREST).fit(x, Y)
    network = from_estimator(model)
    assert [each.name for each in network.operators] == ["Trees"]
    expect_alike(network, x, model.predict_proba(x.astype(np.float32)), 2e-6)


@pytest.mark.parametrize(
    ("steps", "x"),
    [
        ([SimpleImputer(strategy="constant", fill_value=0)], HOLES),
        ([SimpleImputer(missing_values=np.int64(-1))], MINUS),
        ([FeatureUnion([("a", "drop"), ("b", StandardScaler())])], X),
        ([FeatureUnion([("a", "passthrough"), ("b", "drop"), ("c", StandardScaler())])], X),
    ],
    ids=["zeros", "a number of numpy's", "dropped", "one stays"],
)
def test_steps_in_other_words(steps, x):
    model = make_pipeline(*steps, linear_model.RidgeClassifier()).fit(x, Y)
    expect_alike(from_estimator(model), x, model.decision_function(x.astype(np.float32)))


@pytest.mark.parametrize("scaler", ["passthrough", StandardScaler()], ids=["x", "scaled"])
def test_dropped_columns_may_be_missing(scaler):
    union = ColumnTransformer([("some", StandardScaler(), [7, 2]), ("less", "drop", [1])],
                              remainder="passthrough")  # fmt: skip
    model = make_pipeline(scaler, union, linear_model.RidgeClassifier()).fit(X, Y)
    x = X.copy()
    x[:, 1] = np.nan
    network = from_estimator(model)
    assert [each.name for each in network.operators] == ["GATHER", "FULLY_CONNECTED"]
    expect_alike(network, x, model.decision_function(x.astype(np.float32)))


def test_selection_and_scaling_cost_nothing():
    model = make_pipeline(LESS, StandardScaler(), svm.SVC(kernel="linear")).fit(X, TWO)
    assert [each.name for each in from_estimator(model).operators] == ["FULLY_CONNECTED"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (LinearSVC(), "is not fitted; call fit first"),
        (KMeans(2), "step 'KMeans': is not supported; use a linear model"),
        (
            make_pipeline(Normalizer(), DecisionTreeClassifier()).fit(X, Y),
            "step 'Normalizer': is not supported in front of this model; use one of MaxAbsScaler",
        ),
        (
            make_pipeline(PolynomialFeatures(), DecisionTreeClassifier()).fit(X, Y),
            "step 'PolynomialFeatures': .* in front of this model; leave it out: trees find",
        ),
        (
            make_pipeline(OneHotEncoder(), LinearSVC()).fit(X[:9].round(), Y[:9] + [0, 1, 2] * 3),
            "step 'OneHotEncoder': .* encode categories as numbers before the model",
        ),
        (
            make_pipeline(FunctionTransformer(np.log1p), LinearSVC()).fit(X, Y),
            "step 'FunctionTransformer': .* call its function before the model",
        ),
        (make_pipeline(KNNImputer(), LinearSVC()).fit(X, Y), "KNNImputer': .* use SimpleImputer"),
        (
            make_pipeline(SimpleImputer(add_indicator=True), LinearSVC()).fit(HOLES, Y),
            "adds columns that say what was missing; take add_indicator=False",
        ),
        (
            make_pipeline(SimpleImputer(missing_values=-1), DecisionTreeClassifier()).fit(MINUS, Y),
            "fills what is -1; in front of trees let it fill NaN",
        ),
        (RadiusNeighborsClassifier(radius=900.0).fit(X, Y), "fit a KNeighborsClassifier to the"),
        (GaussianProcessClassifier().fit(X, Y), "fit a KNeighborsClassifier, an SVC"),
        (ensemble.AdaBoostRegressor(), "fit a GradientBoostingRegressor"),
        (
            ensemble.AdaBoostClassifier(LogisticRegression()).fit(X, Y),
            "other estimators than trees",
        ),
        (ensemble.StackingClassifier(SOFT), "is not fitted; call fit first"),
        (ensemble.VotingClassifier(SOFT).fit(X, Y), "counts votes; fit it with voting='soft'"),
        (
            ensemble.BaggingClassifier(LinearSVC(), 2).fit(X, Y),
            "step 'LinearSVC': comes without probabilities",
        ),
        (FunctionTransformer().fit(X), "FunctionTransformer': does nothing, and no model follows"),
        (Pipeline([("a", "passthrough")]), "step 'Pipeline': does nothing, and no model follows"),
        (svm.SVC(kernel="poly", degree=0, coef0=1.0).fit(X / 1000, Y), "with degree=1 to 4"),
        (
            SimpleImputer(strategy="constant", fill_value="none").fit(X.astype(object)),
            "step 'SimpleImputer': is not supported",
        ),
        (OutputCodeClassifier(LinearSVC()).fit(X, Y), "is not supported; use a linear model"),
        (svm.SVC(kernel=lambda a, b: a @ b.T).fit(X, Y), "has the kernel .*; fit it with one of"),
        (svm.SVC(kernel="poly", degree=9).fit(X / 1000, Y), "has a kernel of degree 9"),
        (svm.SVC(), "is not fitted; call fit first"),
        (GridSearchCV(LinearSVC(), {"C": [1.0]}), "has no best estimator; call fit first"),
        (LogisticRegression(), "is not fitted"),
    ],
    ids=str,
)
def test_refused(model, sentence):
    with pytest.raises(GravenError, match=sentence):
        from_estimator(model)
