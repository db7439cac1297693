"""The figures one quotes, as functions of counts that add up over articles, so that articles can be resampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bilateral_nlp.evaluation.judging import Floats, Judged, Mark
from bilateral_nlp.metrics import Score, set_score

#: Counts that every article brings, in front of its per-sector ones.
_FIXED = (
    *("sentences_tp", "sentences_fp", "sentences_fn"),
    *("entities_tp", "entities_fp", "entities_fn"),
    *("entities_found", "entities_want", "entities_touching", "entities_got"),
    *("no_sector_tp", "no_sector_fp", "no_sector_fn"),
    *("rows_right", "rows"),
)
_AT = {name: i for i, name in enumerate(_FIXED)}


def counts(judged: Sequence[Judged]) -> Floats:
    """(A, K) what each article adds to every figure: the fixed counts, then tp, fp and fn of each sector."""
    return np.array([_counts(j) for j in judged], dtype=np.float64)


def headline(total: NDArray[np.floating]) -> dict[str, Floats]:
    """Figures of summed counts (…, K), each (…): F1, precision and recall by the definitions of `Report`."""
    per_sector = total[..., len(_FIXED) :].reshape(*total.shape[:-1], 3, -1)
    tp, fp, fn = (per_sector[..., i, :] for i in range(3))
    occurs = tp + fn > 0
    macro = np.where(occurs, _f1(tp, fp, fn), 0.0).sum(-1) / np.maximum(1, occurs.sum(-1))
    found, touching = (
        _ratio(total, "entities_found", "entities_want"),
        _ratio(total, "entities_touching", "entities_got"),
    )
    return {
        "sentences_f1": _group_f1(total, "sentences"),
        "sectors_f1": _f1(tp.sum(-1), fp.sum(-1), fn.sum(-1)),
        "sectors_macro_f1": macro,
        "sentences_right": _ratio(total, "rows_right", "rows"),
        "no_sector_f1": _group_f1(total, "no_sector"),
        "entities_f1": _group_f1(total, "entities"),
        "entities_relaxed_f1": 2 * found * touching / np.maximum(1e-12, found + touching),
    }


def _counts(judged: Judged) -> list[float]:
    sentences = set_score(
        [{(s.start, s.end) for s in judged.article.sentences}], [{(s.start, s.end) for s in judged.predicted.sentences}]
    )
    entities = set_score([judged.want], [judged.got])
    empty_gold, empty_chosen = ~judged.gold.any(1), ~judged.chosen.any(1)
    fixed: Mapping[str, float] = {
        **_named("sentences", sentences),
        **_named("entities", entities),
        "entities_found": touched(judged.want, judged.got),
        "entities_want": len(judged.want),
        "entities_touching": touched(judged.got, judged.want),
        "entities_got": len(judged.got),
        "no_sector_tp": (empty_gold & empty_chosen).sum(),
        "no_sector_fp": (~empty_gold & empty_chosen).sum(),
        "no_sector_fn": (empty_gold & ~empty_chosen).sum(),
        "rows_right": (judged.gold == judged.chosen).all(1).sum(),
        "rows": len(judged.gold),
    }
    gold, chosen = judged.gold, judged.chosen
    per_sector = [(gold & chosen).sum(0), (~gold & chosen).sum(0), (gold & ~chosen).sum(0)]
    return [*(fixed[name] for name in _FIXED), *np.concatenate(per_sector)]


def touched(spans: frozenset[Mark], others: frozenset[Mark]) -> int:
    """How many spans overlap one of ``others`` with the same label."""
    return sum(any(o[2] == s[2] and o[0] < s[1] and s[0] < o[1] for o in others) for s in spans)


def _named(group: str, score: Score) -> dict[str, float]:
    return {f"{group}_tp": score.tp, f"{group}_fp": score.fp, f"{group}_fn": score.fn}


def _group_f1(total: NDArray[np.floating], group: str) -> Floats:
    tp, fp, fn = (total[..., _AT[f"{group}_{kind}"]] for kind in ("tp", "fp", "fn"))
    return _f1(tp, fp, fn)


def _f1(tp: NDArray[np.floating], fp: NDArray[np.floating], fn: NDArray[np.floating]) -> Floats:
    result: Floats = 2 * tp / np.maximum(1, 2 * tp + fp + fn)
    return result


def _ratio(total: NDArray[np.floating], part: str, whole: str) -> Floats:
    result: Floats = total[..., _AT[part]] / np.maximum(1, total[..., _AT[whole]])
    return result
