"""Windows cover every word once, and targets decode back to the labels they came from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from bilateral_nlp import decoding
from bilateral_nlp.classifier import embedded_folder
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.decoding import WindowOutput
from bilateral_nlp.encoding import IGNORED, ArticleEncoder, Targets, encode_labels, pad_windows, skip_proclitics
from bilateral_nlp.settings import ModelSettings


@pytest.fixture(scope="module")
def encoder() -> ArticleEncoder:
    folder = embedded_folder()
    return ArticleEncoder(Tokenizer.from_file(str(folder / "tokenizer.json")), ModelSettings.from_folder(folder))


def _narrow(encoder: ArticleEncoder, window: int) -> ArticleEncoder:
    return ArticleEncoder(encoder.tokenizer, replace(encoder.settings, window=window))


def _certain(targets: list[Targets], config: ModelSettings) -> list[WindowOutput]:
    """Outputs of a model that knows the targets."""
    outputs = []
    for target in targets:
        tags = np.full((len(target.tags), 1 + 2 * len(config.entity_labels)), -20, dtype=np.float32)
        proclitics = np.zeros((len(target.tags), 3), dtype=np.float32)
        asked = np.flatnonzero(target.tags != IGNORED)
        tags[asked, target.tags[asked]] = 5
        begun = np.flatnonzero(target.proclitics != IGNORED)
        proclitics[begun, target.proclitics[begun]] = 5
        outputs.append(
            WindowOutput(
                target.sectors * 10 - 5, tags, proclitics, np.zeros((len(tags), len(config.sectors)), np.float32)
            )
        )
    return outputs


@pytest.mark.parametrize("window", [64, 256])
def test_labels_survive_encoding_and_decoding(
    encoder: ArticleEncoder, articles: list[LabelledArticle], window: int
) -> None:
    narrow = _narrow(encoder, window)
    wanted = missed = 0
    for article in articles[::4]:
        encoded = narrow.encode(article.text, [(s.start, s.end) for s in article.sentences])
        targets, _lost = encode_labels(article, encoded, narrow.settings)
        outputs = _certain(targets, narrow.settings)
        found = {(e.start, e.end, e.label) for e in decoding.entities(encoded, outputs, narrow.settings)}
        gold = {(e.start, e.end, e.label) for e in article.entities}
        wanted += len(gold)
        missed += len(gold ^ found)
        logits = decoding.sector_logits(encoded, outputs, len(narrow.settings.sectors))
        names = [{narrow.settings.sectors[k] for k in np.flatnonzero(row > 0)} for row in logits]
        assert names == [set(s.sectors) for s in article.sentences]
    assert missed <= 0.005 * wanted


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ابتثوزير وفلبك.،123٤٥%َـ\u200f\n()«»AbC\ud800ﷺﻻ", max_size=400), st.sampled_from([48, 64, 256]))
def test_every_word_is_decided_by_exactly_one_window(text: str, window: int) -> None:
    folder = embedded_folder()
    narrow = _narrow(
        ArticleEncoder(Tokenizer.from_file(str(folder / "tokenizer.json")), ModelSettings.from_folder(folder)), window
    )
    encoded = narrow.encode(text)
    decided = np.concatenate([w.words for w in encoded.windows]) if encoded.windows else np.zeros(0)
    assert len(set(decided.tolist())) == len(decided)
    for w in encoded.windows:
        assert len(w.ids) <= window
        spans, words = w.token_spans[w.word_tokens], encoded.word_spans[w.words]
        assert (spans[:, 0] < words[:, 1]).all()
        assert (spans[:, 1] > words[:, 0]).all()
        assert (encoded.word_sentence[w.words] == w.sentences[w.token_sentence[w.word_tokens]]).all()
    covered = np.zeros(len(text) + 1, dtype=bool)
    for start, end in encoded.sentences:
        covered[start:end] = True
    assert all(covered[i] for i, c in enumerate(text) if not c.isspace())


def test_a_sentence_longer_than_a_window_is_read_whole(encoder: ArticleEncoder) -> None:
    text = "وقع وزير الطاقة والسفير مذكرة تفاهم في مجال النقل " * 200
    encoded = encoder.encode(text)
    assert len(encoded.sentences) == 1
    assert len(encoded.windows) > 5
    decided = np.concatenate([w.words for w in encoded.windows])
    assert sorted(decided.tolist()) == list(range(len(encoded.word_spans)))


def test_padding_keeps_each_window_apart(encoder: ArticleEncoder, articles: list[LabelledArticle]) -> None:
    windows = [w for a in articles[:6] for w in encoder.encode(a.text).windows]
    batch = pad_windows(windows, encoder.settings.pad_id)
    for row, window in enumerate(windows):
        assert batch["attention_mask"][row].sum() == len(window.ids)
        assert (batch["sentence_mask"][row].sum(0) == 0).sum() >= 2
        assert batch["sentence_mask"][row].sum() == (window.token_sentence >= 0).sum()


@pytest.mark.parametrize(
    ("word", "count", "rest"),
    [
        ("وتونس", 1, "تونس"),
        ("وبالرياض", 2, "الرياض"),
        ("وَتونس", 1, "تونس"),
        ("لـلأمم", 1, "لأمم"),
        ("وزارة", 0, "وزارة"),
    ],
)
def test_proclitics_take_their_marks_with_them(word: str, count: int, rest: str) -> None:
    assert word[skip_proclitics(word, 0, count) :] == rest


def test_spelling_variants_read_alike_and_offsets_point_into_the_text(encoder: ArticleEncoder) -> None:
    clean = "أكد وزير الطاقة الأذربيجاني في 12 أيار أهمية التعاون"
    for dirty in (
        "اكد وزير الطاقة الاذربيجاني في 12 ايار اهمية التعاون",
        "أَكَّدَ وزيرُ الطّاقةِ الأذربيجاني في ١٢ أيار أهميـــة التعاون",
        "\u200fأكد وزیر الطاقة الأذربيجاني\u200f في ۱۲ أيار أهمية التعاون",
        "أكد\u00a0وزير الطاقة الأذربيجاني في 12 أيار أهمية\u2003التعاون",
        "ﺃﻛﺪ وزير الطاقة الأذربيجاني في 12 أيار أهمية التعاون",
    ):
        ours, theirs = (encoder.tokenizer.encode(t, add_special_tokens=False) for t in (clean, dirty))
        assert ours.ids == theirs.ids
        assert all(0 <= a < b <= len(dirty) for a, b in theirs.offsets)


def test_the_tokenizer_file_needs_no_other(tmp_path: Path, encoder: ArticleEncoder) -> None:
    copy = tmp_path / "tokenizer.json"
    encoder.tokenizer.save(str(copy))
    assert Tokenizer.from_file(str(copy)).encode("تونس").ids == encoder.tokenizer.encode("تونس").ids
