"""The shipped model through its public door: offsets, batches, bad input."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilateral_nlp import Article, Classifier, ModelFolderError, classify
from bilateral_nlp.classifier import ONNX_FILE, embedded_folder
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.evaluation import evaluate

TEXT = "بحث وزير الطاقة التونسي سالم العياري مع نظيره الإيطالي في روما الربط الكهربائي وتبادل الخبرات."


def _check(article: Article) -> None:
    assert article.coverage == 1.0
    for part in (*article.sentences, *article.entities):
        assert article.text[part.start : part.end] == part.text
    ends = 0
    for entity in article.entities:
        assert ends <= entity.start < entity.end
        ends = entity.end
        assert 0 < entity.score <= 1
        assert any(s.start <= entity.start and entity.end <= s.end for s in article.sentences)
    for sentence in article.sentences:
        assert [x.score for x in sentence.sectors] == sorted((x.score for x in sentence.sectors), reverse=True)
        for sector in sentence.sectors:
            assert all(sentence.start <= a < b <= sentence.end for a, b in sector.evidence)


def test_it_reads_a_plain_sentence() -> None:
    article = classify(TEXT)
    _check(article)
    assert [x.label for x in article.sentences[0].sectors] == ["energy"]
    assert {(e.text, e.label) for e in article.entities} >= {
        ("وزير الطاقة", "ROLE"),
        ("التونسي", "NAT"),
        ("سالم العياري", "PER"),
        ("روما", "LOC"),
    }
    assert article.sentences[0].sectors[0].evidence


def test_it_is_good_on_articles_it_never_saw(articles: list[LabelledArticle]) -> None:
    report = evaluate(Classifier.from_pretrained(), [a for a in articles if a.split == "test"])
    assert report.sentences.f1 > 0.95
    assert report.coverage == 1.0
    assert report.sectors.f1 > 0.7
    assert report.entities.f1 > 0.7


def test_batch_equals_single(articles: list[LabelledArticle]) -> None:
    texts = [a.text for a in articles[:6]]
    assert classify(texts) == [classify(text) for text in texts]
    assert classify([]) == []


def test_torch_answers_as_onnx_does(articles: list[LabelledArticle]) -> None:
    ours, theirs = Classifier.from_pretrained(), Classifier.from_pretrained(backend="torch")
    gaps, same, total = [], 0, 0
    for article in [a for a in articles if a.split == "test"][:8]:
        pair = [c.classify(article.text, all_scores=True) for c in (ours, theirs)]
        for a, b in zip(pair[0].sentences, pair[1].sentences, strict=True):
            assert a.scores is not None
            assert b.scores is not None
            gaps += [abs(a.scores[k] - b.scores[k]) for k in a.scores]
        spans = [{(e.start, e.end, e.label) for e in x.entities} for x in pair]
        same += 2 * len(spans[0] & spans[1])
        total += len(spans[0]) + len(spans[1])
    assert np.mean(gaps) < 0.02
    assert same / total > 0.95


def test_results_are_frozen_and_plain() -> None:
    article = classify(TEXT, all_scores=True)
    with pytest.raises(dataclasses.FrozenInstanceError):
        article.text = ""  # type: ignore[misc]
    scores = article.sentences[0].scores
    assert scores is not None
    assert set(scores) == set(Classifier.from_pretrained().settings.sectors)
    data = json.loads(json.dumps(article.to_dict(), ensure_ascii=False))
    assert data["text"] == TEXT
    assert data["entities"][0]["text"] == article.entities[0].text
    assert "text" not in article.to_dict(text=False)
    frame = article.to_frame()
    assert len(frame) == len(article.sentences)
    assert {"sectors", "energy"} <= set(frame.columns)
    assert list(article.to_frame("entities")["text"]) == [e.text for e in article.entities]
    with pytest.raises(ValueError, match="to_frame\\('entities'\\)"):
        article.to_frame("people")  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [None, b"\xd8\xa3", 7, 2.5, {"text": "x"}, ["نص", None], ["نص", b"x"], [["نص"]]])
def test_wrong_types_are_answered_with_the_right_call(bad: Any) -> None:
    with pytest.raises(TypeError, match=r"classify\(\) takes a str or a list of str, got .*classify\("):
        classify(bad)


@pytest.mark.parametrize("blank", ["", " ", "\n\t \u00a0\n"])
def test_empty_text_is_an_empty_article(blank: str) -> None:
    article = classify(blank)
    assert (article.sentences, article.entities, article.coverage) == ((), (), 1.0)
    assert len(article.to_frame()) == 0


@pytest.mark.parametrize(
    "text",
    [
        "...",
        "؟!؟!",
        "()[]«»",
        "***",
        "The two ministers met in Rome.",
        "双方讨论了能源合作。",
        "🇹🇳🤝🇮🇹",
        "\ud800\udfff نص \udcff",
        "\x00\x01",
        "ـ" * 50,
        "َُِ" * 20,
        "\u200f\u200e\u200b",
        "٣٫٥٪",
        "www.example.com",
        "ﷺ ﷲ ﻻ",
    ],
)
def test_odd_text_is_covered(text: str) -> None:
    _check(classify(text))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=120))
def test_any_text_is_covered(text: str) -> None:
    _check(classify(text))


@pytest.mark.parametrize("blank", ["ـ", "\x00\x01", "\u200f\u200e", "\u064e\u064f"])
def test_what_holds_nothing_to_read_has_no_sector(blank: str) -> None:
    article = classify(f"{blank}\n{TEXT}", all_scores=True)
    assert article.coverage == 1.0
    assert article.sentences[0].sectors == ()
    assert article.sentences[-1].sectors


def test_a_very_long_sentence_is_read_to_its_end() -> None:
    text = "وبحث الجانبان مسائل أخرى تهم البلدين الصديقين " * 120 + "في مدينة روما الإيطالية."
    article = classify(text)
    assert len(article.sentences) == 1
    assert any(e.label in {"LOC", "NAT"} and e.start > len(text) - 40 for e in article.entities)


def test_missing_and_broken_models_name_file_and_cure(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match=r"nowhere: no such model folder; give"):
        Classifier.from_pretrained(tmp_path / "nowhere")
    with pytest.raises(ModelFolderError, match=r"config\.json: missing .*save or export"):
        Classifier.from_pretrained(tmp_path)
    folder = tmp_path / "copy"
    shutil.copytree(embedded_folder(), folder)
    for name, content, fault in (
        (ONNX_FILE, b"broken", "onnxruntime cannot load this file .*export the model again"),
        ("tokenizer.json", b"{", "not a tokenizer file .*save the model again"),
        ("config.json", b"{", "not JSON .*save the model again"),
        ("config.json", b"{}", "is this the folder of a bilateral_nlp model"),
    ):
        (folder / name).write_bytes(content)
        with pytest.raises(ModelFolderError, match=fault) as error:
            Classifier.from_pretrained(folder)
        assert name in str(error.value)
    shutil.copy(embedded_folder() / "config.json", folder / "config.json")
    shutil.copy(embedded_folder() / "tokenizer.json", folder / "tokenizer.json")
    (folder / ONNX_FILE).unlink()
    with pytest.raises(ModelFolderError, match=r"backend='torch'"):
        Classifier.from_pretrained(folder)
    (folder / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(ModelFolderError, match=r"model\.safetensors: cannot be loaded"):
        Classifier.from_pretrained(folder, backend="torch")
    with pytest.raises(ValueError, match="backend='onnx' or backend='torch'"):
        Classifier.from_pretrained(backend="tensorflow")  # type: ignore[arg-type]
