"""From text to the model's inputs, and from labels to its targets: one path for training and serving.

Consecutive sentences of an article share a window, ``<s> first </s> second </s> …``, so that each is read in
its context and nothing is padded. A sentence longer than a window is covered by several that overlap; each
of its words is read in the window where it stands farthest from the edges. Nothing is ever cut off.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.sentences import Span, split_sentences
from bilateral_nlp.settings import ModelSettings

Ints = NDArray[np.int64]

#: Marks that sit on or between letters without being letters: tashkeel, tatweel, invisible marks.
_MARKS = "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\u061c"
_WORD = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_MARKS}])*|\d+|[^\s{_MARKS}]")
_MARK = re.compile(f"[{_MARKS}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
#: Tokens that neighbouring windows over one long sentence share, half of them on each side.
OVERLAP = 32
MAX_PROCLITICS = 2
IGNORED = -100


@dataclass(frozen=True)
class Window:
    """One input of the model: ``T`` tokens that cover ``S`` sentences of an article.

    ``ids`` (T,) token ids; ``token_sentence`` (T,) index among the window's sentences, -1 for special tokens;
    ``sentences`` (S,) their indexes in the article; ``words`` (W,) indexes into the article's words that this
    window decides, and ``word_tokens`` (W,) the token that is each one's first piece.
    """

    ids: Ints
    token_sentence: Ints
    token_spans: Ints
    sentences: Ints
    words: Ints
    word_tokens: Ints

    @property
    def sentence_mask(self) -> NDArray[np.float32]:
        """(S, T): 1 where the token belongs to the sentence."""
        own: NDArray[np.bool_] = self.token_sentence[None, :] == np.arange(len(self.sentences))[:, None]
        return own.astype(np.float32)


@dataclass(frozen=True)
class EncodedArticle:
    """A text with its sentences, words and windows. ``word_spans`` (N, 2) are code points, ``word_sentence`` (N,)."""

    text: str
    sentences: tuple[Span, ...]
    word_spans: Ints
    word_sentence: Ints
    windows: tuple[Window, ...]

    @cached_property
    def _bounds(self) -> Ints:
        """(windows, 2) the first and last sentence of each window."""
        return np.array([(w.sentences[0], w.sentences[-1]) for w in self.windows], dtype=np.int64).reshape(-1, 2)

    def windows_of(self, sentence: int) -> range:
        """Indexes of the windows that hold a part of the sentence; windows take sentences in order."""
        first = int(np.searchsorted(self._bounds[:, 1], sentence, side="left"))
        return range(first, int(np.searchsorted(self._bounds[:, 0], sentence, side="right")))


@dataclass(frozen=True)
class _Piece:
    """A run of one sentence's tokens, short enough for a window, and the words of it that count."""

    sentence: int
    ids: Ints
    spans: Ints
    words: Ints
    word_tokens: Ints


class ArticleEncoder:
    """Cuts articles into windows with one tokenizer and one set of model settings."""

    def __init__(self, tokenizer: Tokenizer, settings: ModelSettings) -> None:
        self.tokenizer = tokenizer
        self.settings = settings
        self._capacity = settings.window - 2

    def encode(self, text: str, sentences: Sequence[Span] | None = None) -> EncodedArticle:
        """Encode ``text``; ``sentences`` default to `split_sentences`. An empty text has no windows."""
        spans = tuple(split_sentences(text)) if sentences is None else tuple(sentences)
        # The tokenizer takes valid Unicode only; a stand-in of the same length keeps every offset.
        readable = _SURROGATE.sub("\ufffd", text)
        encodings = self.tokenizer.encode_batch([readable[a:b] for a, b in spans], add_special_tokens=False)
        word_spans: list[Span] = []
        word_sentence: list[int] = []
        pieces: list[_Piece] = []
        for index, (encoding, (start, end)) in enumerate(zip(encodings, spans, strict=True)):
            words = np.array([m.span() for m in _WORD.finditer(readable, start, end)], dtype=np.int64).reshape(-1, 2)
            first_word = len(word_spans)
            word_spans += [(int(a), int(b)) for a, b in words]
            word_sentence += [index] * len(words)
            ids = np.array(encoding.ids, dtype=np.int64)
            token_spans = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2) + start
            firsts = _first_tokens(words, token_spans)
            pieces += self._cut(index, ids, token_spans, firsts, first_word)
        return EncodedArticle(
            text,
            spans,
            np.array(word_spans, dtype=np.int64).reshape(-1, 2),
            np.array(word_sentence, dtype=np.int64),
            tuple(self._pack(pieces)),
        )

    def _cut(self, sentence: int, ids: Ints, spans: Ints, firsts: Ints, first_word: int) -> list[_Piece]:
        """One piece for a sentence that fits a window, else overlapping ones."""
        pieces = []
        begin = 0
        while True:
            end = min(begin + self._capacity, len(ids))
            own_begin = begin + OVERLAP // 2 if begin else 0
            own_end = end if end == len(ids) else end - OVERLAP // 2
            own = np.flatnonzero((firsts >= own_begin) & (firsts < own_end))
            pieces.append(_Piece(sentence, ids[begin:end], spans[begin:end], own + first_word, firsts[own] - begin))
            if end == len(ids):
                return pieces
            begin = end - OVERLAP

    def _pack(self, pieces: list[_Piece]) -> list[Window]:
        """Fill windows with consecutive pieces, greedily."""
        windows: list[Window] = []
        group: list[_Piece] = []
        size = 1
        for piece in pieces:
            if group and (
                size + len(piece.ids) + 1 > self.settings.window or len(group) == self.settings.max_sentences
            ):
                windows.append(self._window(group))
                group, size = [], 1
            group.append(piece)
            size += len(piece.ids) + 1
        if group:
            windows.append(self._window(group))
        return windows

    def _window(self, group: list[_Piece]) -> Window:
        ids, owner, spans = [np.array([self.settings.bos_id])], [np.array([-1])], [np.zeros((1, 2), np.int64)]
        words, word_tokens = [], []
        position = 1
        for local, piece in enumerate(group):
            ids += [piece.ids, np.array([self.settings.eos_id])]
            owner += [np.full(len(piece.ids), local), np.array([-1])]
            spans += [piece.spans, np.zeros((1, 2), np.int64)]
            words.append(piece.words)
            word_tokens.append(piece.word_tokens + position)
            position += len(piece.ids) + 1
        return Window(
            np.concatenate(ids),
            np.concatenate(owner),
            np.concatenate(spans),
            np.array([p.sentence for p in group], dtype=np.int64),
            np.concatenate(words),
            np.concatenate(word_tokens),
        )


def _first_tokens(words: Ints, tokens: Ints) -> Ints:
    """(W,) for each word the first token that overlaps it and begins no earlier word, -1 where there is none."""
    firsts = np.full(len(words), -1, dtype=np.int64)
    taken = -1
    if not len(tokens):
        return firsts
    overlapping = np.searchsorted(tokens[:, 1], words[:, 0], side="right")
    for index, (token, word_end) in enumerate(zip(overlapping.tolist(), words[:, 1].tolist(), strict=True)):
        token = max(token, taken + 1)
        if token < len(tokens) and tokens[token, 0] < word_end:
            firsts[index] = taken = token
    return firsts


def skip_proclitics(text: str, start: int, count: int) -> int:
    """The offset behind ``count`` letters of the word at ``start``, with the marks that follow them."""
    position = start
    for _ in range(count):
        position += 1
        while position < len(text) and _MARK.match(text[position]):
            position += 1
    return position


@dataclass(frozen=True)
class Targets:
    """What the model should answer for a window: ``sectors`` (S, L) of 0/1, ``tags`` (T,) and ``proclitics`` (T,)
    with `IGNORED` wherever nothing is asked."""

    sectors: NDArray[np.float32]
    tags: Ints
    proclitics: Ints


def encode_labels(
    article: LabelledArticle, encoded: EncodedArticle, settings: ModelSettings
) -> tuple[list[Targets], int]:
    """Targets for every window, and how many entities the word grid cannot express (they start or end inside a word)."""
    tags, proclitics, lost = _word_labels(article, encoded, settings)
    sectors = np.zeros((len(article.sentences), len(settings.sectors)), dtype=np.float32)
    for row, sentence in enumerate(article.sentences):
        for name in sentence.sectors:
            sectors[row, settings.sectors.index(name)] = 1.0
    targets = []
    for window in encoded.windows:
        window_tags = np.full(len(window.ids), IGNORED, dtype=np.int64)
        window_proclitics = np.full(len(window.ids), IGNORED, dtype=np.int64)
        window_tags[window.word_tokens] = tags[window.words]
        window_proclitics[window.word_tokens] = proclitics[window.words]
        targets.append(Targets(sectors[window.sentences], window_tags, window_proclitics))
    return targets, lost


def _word_labels(article: LabelledArticle, encoded: EncodedArticle, settings: ModelSettings) -> tuple[Ints, Ints, int]:
    """(N,) BIO tag and (N,) proclitic count of every word; the count is asked only where an entity begins."""
    starts, ends = encoded.word_spans[:, 0], encoded.word_spans[:, 1]
    tags = np.zeros(len(starts), dtype=np.int64)
    proclitics = np.full(len(starts), IGNORED, dtype=np.int64)
    lost = 0
    for entity in article.entities:
        first = int(np.searchsorted(ends, entity.start, side="right"))
        last = int(np.searchsorted(starts, entity.end, side="left"))
        exact = first < last and ends[last - 1] == entity.end
        counts = [
            n
            for n in range(MAX_PROCLITICS + 1)
            if exact and skip_proclitics(encoded.text, int(starts[first]), n) == entity.start
        ]
        if not counts or tags[first:last].any():
            lost += 1
            continue
        kind = settings.entity_labels.index(entity.label)
        tags[first] = 1 + 2 * kind
        tags[first + 1 : last] = 2 + 2 * kind
        proclitics[first] = counts[0]
    return tags, proclitics, lost


def pad_windows(windows: Sequence[Window], pad_id: int) -> dict[str, NDArray[np.generic]]:
    """One batch of model inputs: ``input_ids`` (B, T) int64, ``attention_mask`` (B, T) int64, ``sentence_mask`` (B, S, T) float32."""
    length = max(len(w.ids) for w in windows)
    sentences = max(len(w.sentences) for w in windows)
    ids = np.full((len(windows), length), pad_id, dtype=np.int64)
    attention = np.zeros((len(windows), length), dtype=np.int64)
    mask = np.zeros((len(windows), sentences, length), dtype=np.float32)
    for row, window in enumerate(windows):
        ids[row, : len(window.ids)] = window.ids
        attention[row, : len(window.ids)] = 1
        mask[row, : len(window.sentences), : len(window.ids)] = window.sentence_mask
    return {"input_ids": ids, "attention_mask": attention, "sentence_mask": mask}
