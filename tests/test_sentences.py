"""The splitter partitions every text and survives dirty copy."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.metrics import set_score
from bilateral_nlp.sentences import split_sentences

_NEWS = st.text(alphabet="ابتثجحد وال.،؛:؟!…\n\r\"'«»()[]-0123456789٠١٢٣abcABC@/ـَ\u200f\u2028\x00\t", max_size=200)


def _parts(text: str) -> list[str]:
    return [text[a:b] for a, b in split_sentences(text)]


@given(st.one_of(_NEWS, st.text(max_size=80)))
def test_spans_partition_the_visible_text(text: str) -> None:
    spans = split_sentences(text)
    covered: list[int] = []
    for start, end in spans:
        assert start < end
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        covered += range(start, end)
    assert covered == sorted(set(covered))
    inside = set(covered)
    assert all(i in inside for i, c in enumerate(text) if not c.isspace() and c not in "\x1c\x1d\x1e\x85")


@given(_NEWS)
def test_splitting_a_sentence_again_gives_it_back_or_refines_it(text: str) -> None:
    for start, end in split_sentences(text):
        again = split_sentences(text[start:end])
        assert again[0][0] == 0
        assert again[-1][1] == end - start


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("بحث الجانبان التعاون في الأعمال.وأكد الوزير ذلك.", ["بحث الجانبان التعاون في الأعمال.", "وأكد الوزير ذلك."]),
        ("نما الاقتصاد 3.7 في المئة إلى 1.250.000 دولار.", ["نما الاقتصاد 3.7 في المئة إلى 1.250.000 دولار."]),
        ("ارتفع ٣.٧ في المئة. ثم هبط.", ["ارتفع ٣.٧ في المئة.", "ثم هبط."]),
        ("التقى د. سالم والمهندس م. علي أ.د. منى في دبي.", ["التقى د. سالم والمهندس م. علي أ.د. منى في دبي."]),
        ("حضر كل من د . نبيل ود . عمر الجلسة.", ["حضر كل من د . نبيل ود . عمر الجلسة."]),
        ("انتهى اللقاء.. وغادر الوفد", ["انتهى اللقاء..", "وغادر الوفد"]),
        ("انتهى اللقاء… وغادر الوفد!", ["انتهى اللقاء…", "وغادر الوفد!"]),
        ("وقال: «وقعنا الاتفاق.» ثم غادر.", ["وقال: «وقعنا الاتفاق.»", "ثم غادر."]),
        ('وقال "وقعنا الاتفاق". ثم غادر.', ['وقال "وقعنا الاتفاق".', "ثم غادر."]),
        ("زار موقع www.moi.gov.kw وراسل a.b@mail.com أمس.", ["زار موقع www.moi.gov.kw وراسل a.b@mail.com أمس."]),
        ("أعلنت بي.بي.سي ذلك.(يو.بي.آي)", ["أعلنت بي.بي.سي ذلك.", "(يو.بي.آي)"]),
        ("سبق - الرياض: استقبل الوزير السفير في مكتبه أمس.", ["سبق - الرياض:", "استقبل الوزير السفير في مكتبه أمس."]),
        ("دبي: «الخليج» وقعت المؤسسة اتفاقية مع شركة.", ["دبي: «الخليج»", "وقعت المؤسسة اتفاقية مع شركة."]),
        (
            "باكو، 3 مارس (وكالة) - استقبل الرئيس الوفد الزائر.",
            ["باكو، 3 مارس (وكالة) -", "استقبل الرئيس الوفد الزائر."],
        ),
        ("سفير فرنسا : نحو الاستثمار في الجنوب مع البلديات", ["سفير فرنسا : نحو الاستثمار في الجنوب مع البلديات"]),
        ("- بند أول\n- بند ثان؛ وتتمته، كذلك\n1. بند ثالث.", ["- بند أول", "- بند ثان؛ وتتمته، كذلك", "1. بند ثالث."]),
        ("افتتح ندوة «الشعر.. إلى أين» مساء أمس.", ["افتتح ندوة «الشعر.. إلى أين» مساء أمس."]),
        ("عام 1436 هـ. وجرى ذلك.", ["عام 1436 هـ.", "وجرى ذلك."]),
        ("وأكد ذلك.، وأضاف غيره", ["وأكد ذلك.،", "وأضاف غيره"]),
        ("***", ["***"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_guideline_cases(text: str, parts: list[str]) -> None:
    assert _parts(text) == parts


def test_agrees_with_the_labelled_corpus(articles: list[LabelledArticle]) -> None:
    score = set_score(
        [{(s.start, s.end) for s in a.sentences} for a in articles], [set(split_sentences(a.text)) for a in articles]
    )
    assert score.f1 > 0.97


@pytest.mark.parametrize(
    "unit", ["ا", "a", "1", ".", '"', '."', "(", "أ.", "و ", "a@", "،.", "(م) ", "- ", "«", "م: «"]
)
def test_a_million_characters_of_anything_are_split_in_seconds(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    begin = time.perf_counter()
    spans = split_sentences(text)
    assert time.perf_counter() - begin < 30
    assert sum(end - start for start, end in spans) >= len(text.replace(" ", ""))
