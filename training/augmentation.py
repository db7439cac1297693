"""Changed copies of labelled articles: the text is edited and every label moves with it.

Each function takes an article and a `random.Random` and gives a new article under a new id, in the training split.
Nothing here is part of the corpus: copies live for one run.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from bilateral_nlp.corpus import LabelledArticle, LabelledSentence, LabelledSpan

#: ``(start, end, new text)``
Edit = tuple[int, int, str]
Augmentation = Callable[[LabelledArticle, random.Random], LabelledArticle]

#: Countries with the masculine adjective without its article; feminine names first, masculine ones after.
_FEMININE = (
    *(
        ("تونس", "تونسي"),
        ("مصر", "مصري"),
        ("سوريا", "سوري"),
        ("ليبيا", "ليبي"),
        ("موريتانيا", "موريتاني"),
        ("تركيا", "تركي"),
    ),
    *(("إيران", "إيراني"), ("باكستان", "باكستاني"), ("الهند", "هندي"), ("الصين", "صيني"), ("اليابان", "ياباني")),
    *(("روسيا", "روسي"), ("فرنسا", "فرنسي"), ("ألمانيا", "ألماني"), ("إيطاليا", "إيطالي"), ("إسبانيا", "إسباني")),
    *(("البرتغال", "برتغالي"), ("هولندا", "هولندي"), ("بلجيكا", "بلجيكي"), ("السويد", "سويدي"), ("النرويج", "نرويجي")),
    *(("فنلندا", "فنلندي"), ("الدنمارك", "دنماركي"), ("بولندا", "بولندي"), ("النمسا", "نمساوي"), ("المجر", "مجري")),
    *(("رومانيا", "روماني"), ("بلغاريا", "بلغاري"), ("صربيا", "صربي"), ("كرواتيا", "كرواتي"), ("اليونان", "يوناني")),
    *(("قبرص", "قبرصي"), ("مالطا", "مالطي"), ("أوكرانيا", "أوكراني"), ("جورجيا", "جورجي"), ("أرمينيا", "أرميني")),
    *(("أذربيجان", "أذربيجاني"), ("كازاخستان", "كازاخستاني"), ("أوزبكستان", "أوزبكي"), ("تركمانستان", "تركماني")),
    *(("قرغيزستان", "قرغيزي"), ("طاجيكستان", "طاجيكي"), ("منغوليا", "منغولي"), ("إندونيسيا", "إندونيسي")),
    *(
        ("ماليزيا", "ماليزي"),
        ("سنغافورة", "سنغافوري"),
        ("تايلاند", "تايلاندي"),
        ("كمبوديا", "كمبودي"),
        ("أستراليا", "أسترالي"),
    ),
    *(("كندا", "كندي"), ("المكسيك", "مكسيكي"), ("البرازيل", "برازيلي"), ("الأرجنتين", "أرجنتيني"), ("تشيلي", "تشيلي")),
    *(("كولومبيا", "كولومبي"), ("كوبا", "كوبي"), ("نيجيريا", "نيجيري"), ("غانا", "غاني"), ("كينيا", "كيني")),
    *(("إثيوبيا", "إثيوبي"), ("تنزانيا", "تنزاني"), ("أوغندا", "أوغندي"), ("رواندا", "رواندي"), ("أنغولا", "أنغولي")),
    *(
        ("زامبيا", "زامبي"),
        ("ناميبيا", "ناميبي"),
        ("إريتريا", "إريتري"),
        ("جيبوتي", "جيبوتي"),
        ("بنغلاديش", "بنغلاديشي"),
    ),
)
_MASCULINE = (
    *(("الأردن", "أردني"), ("لبنان", "لبناني"), ("العراق", "عراقي"), ("المغرب", "مغربي"), ("السودان", "سوداني")),
    *(("اليمن", "يمني"), ("الصومال", "صومالي"), ("السنغال", "سنغالي"), ("تشاد", "تشادي"), ("النيجر", "نيجري")),
)
_ADJECTIVE = re.compile("^(ال|ل)?(.*?)(ة|ين|ون|ان|تين|تان|ات)?$")


def edited(article: LabelledArticle, edits: Sequence[Edit], suffix: str) -> LabelledArticle:
    """The article after edits that do not overlap; a label whose span is edited keeps what stands in its place."""
    parts, moved, position = [], [0] * (len(article.text) + 1), 0
    length = 0
    for start, end, new in sorted(edits):
        for offset in range(position, start):
            moved[offset] = length + offset - position
        length += start - position
        for offset in range(start, end):
            moved[offset] = length + min(offset - start, len(new))
        parts += [article.text[position:start], new]
        length += len(new)
        position = end
    for offset in range(position, len(article.text) + 1):
        moved[offset] = length + offset - position
    text = "".join((*parts, article.text[position:]))
    return LabelledArticle(
        f"{article.id}+{suffix}",
        text,
        tuple(LabelledSentence(moved[s.start], moved[s.end], s.sectors) for s in article.sentences),
        tuple(LabelledSpan(moved[e.start], moved[e.end], e.label) for e in article.entities),
        {**article.meta, "split": "train"},
    )


def swap_countries(article: LabelledArticle, chance: random.Random) -> LabelledArticle:
    """Each country and its adjectives become another's throughout, of the same gender and with the same endings."""
    swaps: dict[str, tuple[str, str]] = {}
    for group in (_FEMININE, _MASCULINE):
        for pair, other in zip(group, chance.sample(group, len(group)), strict=True):
            swaps[pair[0]] = swaps[pair[1]] = other
    edits: list[Edit] = []
    for entity in article.entities:
        surface = article.text[entity.start : entity.end]
        if entity.label == "COUNTRY" and surface in swaps:
            edits.append((entity.start, entity.end, swaps[surface][0]))
        elif entity.label == "NAT" and (match := _ADJECTIVE.match(surface)) and match[2] in swaps:
            edits.append((entity.start, entity.end, (match[1] or "") + swaps[match[2]][1] + (match[3] or "")))
    return edited(article, edits, "countries")


def swap_people(names: Sequence[str]) -> Augmentation:
    """Names of people become others of as many words, the same one throughout an article."""
    by_length: dict[int, list[str]] = {}
    for name in names:
        by_length.setdefault(len(name.split()), []).append(name)

    def augment(article: LabelledArticle, chance: random.Random) -> LabelledArticle:
        chosen: dict[str, str] = {}
        edits: list[Edit] = []
        for entity in article.entities:
            surface = article.text[entity.start : entity.end]
            if entity.label == "PER" and "\n" not in surface:
                other = chosen.setdefault(surface, chance.choice(by_length.get(len(surface.split()), [surface])))
                edits.append((entity.start, entity.end, other))
        return edited(article, edits, "people")

    return augment


def change_proclitics(article: LabelledArticle, chance: random.Random) -> LabelledArticle:
    """«في تونس» becomes «بتونس» and the reverse, for half of the places and countries where it can."""
    edits: list[Edit] = []
    for entity in article.entities:
        if entity.label not in {"COUNTRY", "LOC"} or chance.random() < 0.5:
            continue
        before = article.text[: entity.start]
        if before.endswith(" في "):
            edits.append((entity.start - 3, entity.start, "ب"))
        elif before.endswith(" ب"):
            edits.append((entity.start - 1, entity.start, "في "))
    return edited(article, edits, "proclitics")


def add_dirt(article: LabelledArticle, chance: random.Random) -> LabelledArticle:
    """Slips of dirty copy: hamza and ya and ta spellings, lost spaces after marks, doubled and dropped letters."""
    habits = {
        "أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "ي": "ى", "،": " ،", "٪": "%",
    }  # fmt: skip
    used = {letter for letter in habits if chance.random() < 0.4}
    edits: list[Edit] = []
    bounds = {offset for s in article.sentences for offset in (s.start, s.end - 1)}
    for offset, letter in enumerate(article.text):
        if offset in bounds:
            continue
        final = offset + 1 < len(article.text) and not article.text[offset + 1].isalpha()
        if letter in used and (letter not in "ةىي" or final) and chance.random() < 0.7:
            edits.append((offset, offset + 1, habits[letter]))
        elif letter == " " and article.text[offset - 1] in "،:؛" and chance.random() < 0.2:
            edits.append((offset, offset + 1, ""))
        elif letter.isalpha() and not final and article.text[offset - 1].isalpha() and chance.random() < 0.004:
            edits.append((offset, offset + 1, chance.choice(("", letter * 2))))
    return edited(article, edits, "dirt")


def shuffle_sentences(article: LabelledArticle, chance: random.Random) -> LabelledArticle:
    """The sentences behind the first two change places, so that their order says less."""
    order = list(range(2, len(article.sentences)))
    chance.shuffle(order)
    text, sentences, entities = "", [], []
    for index in [*range(min(2, len(article.sentences))), *order]:
        old = article.sentences[index]
        shift = len(text) - old.start
        sentences.append(replace(old, start=old.start + shift, end=old.end + shift))
        inside = (e for e in article.entities if old.start <= e.start < old.end)
        entities += [replace(e, start=e.start + shift, end=e.end + shift) for e in inside]
        text += article.text[old.start : old.end] + "\n"
    meta = {**article.meta, "split": "train"}
    return LabelledArticle(f"{article.id}+shuffled", text, tuple(sentences), tuple(entities), meta)
