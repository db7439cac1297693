from __future__ import annotations

import numpy as np
import pytest

from bilateral_nlp.calibration import fit_platt, fit_thresholds
from bilateral_nlp.decoding import sigmoid
from bilateral_nlp.metrics import Score, calibration_error, macro_f1, multilabel_score, rows_right, set_score


def test_scores_count() -> None:
    score = set_score([{("a",), ("b",)}, set()], [{("b",), ("c",)}, {("d",)}])
    assert score == Score(1, 2, 1)
    assert (score.precision, score.recall) == (pytest.approx(1 / 3), 0.5)
    assert score.f1 == pytest.approx(0.4)
    assert Score(0, 0, 0).f1 == 0.0


def test_multilabel_figures() -> None:
    gold = np.array([[1, 0, 0], [1, 1, 0]], dtype=bool)
    chosen = np.array([[1, 0, 0], [1, 0, 0]], dtype=bool)
    assert multilabel_score(gold, chosen).f1 == pytest.approx(0.8)
    assert macro_f1(gold, chosen) == pytest.approx(0.5)
    assert rows_right(gold, chosen) == 0.5


def test_calibration_error_is_the_gap() -> None:
    gold = np.array([[True], [False]])
    assert calibration_error(gold, np.array([[1.0], [0.0]])) == pytest.approx(0.0)
    assert calibration_error(gold, np.array([[0.9], [0.9]])) == pytest.approx(0.4)


def test_platt_makes_probabilities_and_thresholds_follow() -> None:
    random = np.random.default_rng(0)
    true = random.normal(size=(4000, 3)).astype(np.float32) * 3 - 2
    gold = random.random(true.shape) < sigmoid(true)
    seen = true * 4 + 3
    before = calibration_error(gold, sigmoid(seen))
    platt = fit_platt(seen, gold)
    scaled = np.array(platt, dtype=np.float32)
    after = calibration_error(gold, sigmoid(seen * scaled[:, 0] + scaled[:, 1]))
    assert after < 0.02 < before
    thresholds = fit_thresholds(seen, gold, platt)
    assert all(0.25 < t < 0.6 for t in thresholds)


def test_calibration_leaves_what_it_cannot_fit() -> None:
    logits = np.random.default_rng(0).normal(size=(10, 2)).astype(np.float32)
    for gold in (np.zeros((10, 2), dtype=bool), np.ones((10, 2), dtype=bool)):
        assert fit_platt(logits, gold) == [(1.0, 0.0)] * 2
    assert fit_thresholds(logits, np.zeros((10, 2), dtype=bool), [(1.0, 0.0)] * 2) == [0.5, 0.5]
