"""From logits to sectors and entity spans: one path for training's evaluation and for serving.

Everything is batched numpy over all words of an article; the only loop over positions is Viterbi's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bilateral_nlp.encoding import EncodedArticle, skip_proclitics
from bilateral_nlp.settings import ModelSettings

Floats = NDArray[np.float32]
#: A preference that only decides between answers the model finds equal.
_REMOTE = -1e-3
#: The logit of what was not there to be read.
UNREAD = -30.0
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class WindowOutput:
    """The model's answer for one window of T tokens and S sentences: ``sector_logits`` (S, L), ``tag_logits``
    (T, 1 + 2E), ``proclitic_logits`` (T, 3), ``sector_attention`` (T, L) unnormalised log weights."""

    sector_logits: Floats
    tag_logits: Floats
    proclitic_logits: Floats
    sector_attention: Floats


@dataclass(frozen=True)
class DecodedEntity:
    """Code points ``[start, end)``, label, and the mean probability of its words' tags."""

    start: int
    end: int
    label: str
    score: float


def sector_logits(encoded: EncodedArticle, outputs: list[WindowOutput], labels: int) -> Floats:
    """(S, L) logits of every sentence; a sentence read in several windows takes the highest of each sector, one
    without a single token (a lone tatweel) has `UNREAD` throughout."""
    logits = np.full((len(encoded.sentences), labels), UNREAD, dtype=np.float32)
    for window, output in zip(encoded.windows, outputs, strict=True):
        read = np.isin(np.arange(len(window.sentences)), window.token_sentence)
        np.maximum.at(logits, window.sentences[read], output.sector_logits[read])
    return logits


def probabilities(logits: Floats, settings: ModelSettings) -> Floats:
    """Platt-scaled probabilities of ``logits`` (…, L)."""
    platt = np.array(settings.platt, dtype=np.float32)
    return sigmoid(logits * platt[:, 0] + platt[:, 1])


def sigmoid(x: Floats) -> Floats:
    """The logistic function without overflow."""
    half: Floats = np.tanh(x * np.float32(0.5)) * np.float32(0.5) + np.float32(0.5)
    return half


def evidence(
    encoded: EncodedArticle, outputs: list[WindowOutput], sentence: int, sector: int, most: int = 3
) -> tuple[tuple[int, int], ...]:
    """Spans of the words that carry a sector's weight in a sentence: the heaviest, at most ``most``, joined where
    they stand next to each other, in text order."""
    first, last = np.searchsorted(encoded.word_sentence, [sentence, sentence + 1]).tolist()
    spans = encoded.word_spans[first:last]
    weights = np.zeros(last - first, dtype=np.float64)
    for index in encoded.windows_of(sentence):
        window = encoded.windows[index]
        tokens = np.flatnonzero(window.token_sentence == sentence - int(window.sentences[0]))
        scores = outputs[index].sector_attention[tokens, sector].astype(np.float64)
        words = np.searchsorted(spans[:, 1], window.token_spans[tokens, 0], side="right")
        inside = words < len(spans)
        np.add.at(weights, words[inside], np.exp(scores[inside]))
    weights[[not encoded.text[a:b].isalnum() for a, b in spans]] = 0
    if not weights.any():
        return ()
    heaviest = np.argsort(-weights, kind="stable")[:most]
    chosen = np.sort(heaviest[weights[heaviest] >= 0.25 * weights.max()])
    found: list[tuple[int, int]] = []
    for start, end in spans[chosen].tolist():
        if found and not encoded.text[found[-1][1] : start].strip():
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)


def entities(encoded: EncodedArticle, outputs: list[WindowOutput], settings: ModelSettings) -> list[DecodedEntity]:
    """Entity spans in text order, never overlapping, never across a sentence's end."""
    tags = 1 + 2 * len(settings.entity_labels)
    count = len(encoded.word_spans)
    if not count:
        return []
    log_probabilities = _unread(encoded, tags)
    proclitics = np.zeros(count, dtype=np.int64)
    for window, output in zip(encoded.windows, outputs, strict=True):
        log_probabilities[window.words] = log_softmax(output.tag_logits[window.word_tokens])
        proclitics[window.words] = output.proclitic_logits[window.word_tokens].argmax(-1)
    path = viterbi(log_probabilities, encoded.word_sentence)
    chosen = np.exp(log_probabilities[np.arange(count), path])
    begins = np.flatnonzero(path % 2 == 1)
    found = []
    for first in begins.tolist():
        last = first + 1
        while (
            last < count
            and path[last] == path[first] + 1
            and encoded.word_sentence[last] == encoded.word_sentence[first]
        ):
            last += 1
        end = int(encoded.word_spans[last - 1, 1])
        start = skip_proclitics(encoded.text, int(encoded.word_spans[first, 0]), int(proclitics[first]))
        if start >= int(encoded.word_spans[first, 1]):
            start = int(encoded.word_spans[first, 0])
        label = settings.entity_labels[(int(path[first]) - 1) // 2]
        found.append(DecodedEntity(start, end, label, float(chosen[first:last].mean())))
    return found


def _unread(encoded: EncodedArticle, tags: int) -> Floats:
    """(N, tags) scores of words that begin no token («.5» of «2.5», a tatweel used as a dash): they never begin an
    entity; digits and percent signs go on with one they are joined to, others only if it goes on behind them."""
    scores = np.zeros((len(encoded.word_spans), tags), dtype=np.float32)
    scores[:, 1::2] = -np.inf
    joined = np.zeros(len(scores), dtype=bool)
    joined[1:] = encoded.word_spans[1:, 0] == encoded.word_spans[:-1, 1]
    joined &= np.array([encoded.text[a:b].isalnum() or encoded.text[a:b] in "%٪" for a, b in encoded.word_spans])
    scores[joined, 0] = _REMOTE
    scores[~joined, 2::2] = _REMOTE
    return scores


def log_softmax(x: Floats) -> Floats:
    """Over the last axis."""
    shifted: Floats = x - x.max(-1, keepdims=True)
    normalised: Floats = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return normalised


def viterbi(log_probabilities: Floats, groups: Ints) -> Ints:
    """(N,) the best tag sequence under BIO: I-x only behind B-x or I-x of the same group.

    ``log_probabilities`` (N, 1 + 2E) with tags O, B-0, I-0, B-1, I-1 …; ``groups`` (N,) non-decreasing: the sentence
    of each word. All groups advance together, so the loop is as long as the longest sentence.
    """
    count, tags = log_probabilities.shape
    _, starts, lengths = np.unique(groups, return_index=True, return_counts=True)
    longest = int(lengths.max())
    inside = np.arange(2, tags, 2)
    index = np.minimum(starts[:, None] + np.arange(longest), count - 1)
    scores = log_probabilities[index].astype(np.float64)
    best = scores[:, 0].copy()
    best[:, inside] = -np.inf
    back = np.zeros((len(starts), longest, tags), dtype=np.int16)
    rows = np.arange(len(starts))
    ends = np.zeros((len(starts),), dtype=np.int64)
    for step in range(1, longest + 1):
        done = lengths == step
        ends[done] = best[done].argmax(-1)
        if step == longest:
            break
        top = best.argmax(-1)
        following = np.repeat(best[rows, top][:, None], tags, axis=1)
        pointer = np.repeat(top[:, None], tags, axis=1)
        begun, continued = best[:, inside - 1], best[:, inside]
        following[:, inside] = np.maximum(begun, continued)
        pointer[:, inside] = np.where(begun >= continued, inside - 1, inside)
        back[:, step] = pointer
        best = following + scores[:, step]
    path = np.zeros(count, dtype=np.int64)
    tag = ends
    for step in range(longest - 1, -1, -1):
        active = lengths > step
        path[starts[active] + step] = tag[active]
        tag = np.where(active, back[rows, step, tag], tag) if step else tag
    return path
