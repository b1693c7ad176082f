"""What scikit-learn has fitted: the network against the estimator's own scores. Skipped where it is
not installed.
"""

import numpy as np
import pytest
from graven import reference
from graven.errors import GravenError
from graven.frontends.sklearn import from_estimator

pytest.importorskip("sklearn", reason="no package scikit-learn")
from sklearn import datasets
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, PassiveAggressiveClassifier, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

X, Y = datasets.load_wine(return_X_y=True)
TWO = Y > 0


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
    assert np.max(np.abs(found - expected)) <= 1e-4 * max(np.max(np.abs(expected)), 1.0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "steps",
    [[PCA(4)], [StandardScaler(), PCA(5, whiten=True), MinMaxScaler(), TruncatedSVD(3)]],
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


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (LinearSVC(), "is not fitted; call fit first"),
        (KMeans(2), "step 'KMeans': is not supported; use a linear model"),
        (make_pipeline(Normalizer(), LinearSVC()).fit(X, Y), "step 'Normalizer': is not supported"),
        (LogisticRegression(), "is not fitted"),
    ],
    ids=str,
)
def test_refused(model, sentence):
    with pytest.raises(GravenError, match=sentence):
        from_estimator(model)
