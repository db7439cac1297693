from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bilateral_nlp.decoding import log_softmax, sigmoid, viterbi


def _allowed(path: tuple[int, ...]) -> bool:
    return all(
        not (tag and tag % 2 == 0) or before in (tag - 1, tag) for before, tag in zip((0, *path), path, strict=False)
    )


def _best(scores: np.ndarray) -> float:
    paths = (p for p in itertools.product(range(scores.shape[1]), repeat=len(scores)) if _allowed(p))
    return max(sum(scores[i, t] for i, t in enumerate(p)) for p in paths)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_viterbi_equals_brute_force_under_bio(seed: int, lengths: list[int]) -> None:
    scores = np.random.default_rng(seed).normal(size=(sum(lengths), 5)).astype(np.float32)
    groups = np.repeat(np.arange(len(lengths)), lengths)
    path = viterbi(scores, groups)
    start = 0
    for length in lengths:
        own = tuple(path[start : start + length].tolist())
        assert _allowed(own)
        total = sum(scores[start + i, t] for i, t in enumerate(own))
        np.testing.assert_allclose(total, _best(scores[start : start + length]), rtol=1e-5)
        start += length


def test_log_softmax_and_sigmoid_bear_any_size() -> None:
    x = np.array([[1e4, 0.0, -1e4]], dtype=np.float32)
    np.testing.assert_allclose(np.exp(log_softmax(x)).sum(), 1.0, rtol=1e-6)
    np.testing.assert_allclose(sigmoid(x), [[1.0, 0.5, 0.0]])
