"""Datelines in front of a report («دبي: «الخليج»») and agency signatures behind it («(وكالات)»)."""

from __future__ import annotations

import re

#: Cities that stand alone before a colon or dash as a dateline. A headline («الكاف : تفكيك خلية») does the same with
#: any place, so a bare place counts only when it is one from which agencies report, with no space before the colon.
_CITIES = """
الرياض|جدة|الدمام|مكة|المدينة|أبوظبي|ابوظبي|دبي|الشارقة|عجمان|الفجيرة|الدوحة|الكويت|المنامة|مسقط|صنعاء|عدن|
بغداد|أربيل|البصرة|دمشق|حلب|بيروت|عمان|عمّان|القدس|غزة|رام الله|القاهرة|الإسكندرية|الاسكندرية|الخرطوم|بورتسودان|
طرابلس|بنغازي|تونس|صفاقس|سوسة|الجزائر|وهران|الرباط|مراكش|فاس|أكادير|الدار البيضاء|العيون|نواكشوط|جيبوتي|مقديشو|
أسمرة|موروني|طهران|أنقرة|انقرة|اسطنبول|إسطنبول|باكو|تبليسي|يريفان|آستانا|أستانا|استانا|نور سلطان|نورسلطان|
ألماتي|طشقند|سمرقند|بيشكيك|بيشكك|دوشنبه|دوشنبيه|عشق آباد|عشقآباد|كابول|كابل|إسلام آباد|اسلام اباد|إسلام أباد|
لاهور|كراتشي|موسكو|كازان|كييف|مينسك|كيشيناو|وارسو|براغ|بودابست|بوخارست|صوفيا|بلغراد|سراييفو|زغرب|أثينا|نيقوسيا|
فاليتا|روما|ميلانو|مدريد|برشلونة|لشبونة|باريس|لندن|برلين|بروكسل|لاهاي|أمستردام|فيينا|جنيف|برن|ستوكهولم|أوسلو|
كوبنهاغن|هلسنكي|ريغا|دبلن|واشنطن|نيويورك|أوتاوا|مكسيكو|هافانا|كراكاس|بوغوتا|ليما|برازيليا|بوينس آيرس|سانتياغو|
مونتفيديو|بكين|بيجين|شنغهاي|طوكيو|سيول|سيؤول|سيئول|هانوي|بانكوك|جاكرتا|كوالالمبور|كوالا لمبور|سنغافورة|مانيلا|
كانبيرا|سيدني|ولينغتون|نيودلهي|نيو دلهي|دكا|كولومبو|كاتماندو|أولان باتور|أديس أبابا|اديس ابابا|نيروبي|كمبالا|
كيغالي|داكار|باماكو|نيامي|نجامينا|واغادوغو|كوناكري|أبيدجان|لومي|أبوجا|لاغوس|أكرا|ياوندي|ليبرفيل|كينشاسا|هراري|
لوساكا|مابوتو|بريتوريا|جوهانسبرغ|لواندا|وطنية
"""
_CITY = "(?:" + "|".join(re.escape(city.strip()) for city in _CITIES.split("|")) + r")(?!\w)"
_STAR = r"(?:[*•●]+\s*)?"
_QUOTED = r"[«\"“'][^«»\"“”'\n:]{2,30}[»\"”']"
_WORDS = r"[\w.ّ]+(?:\s[\w.ّ]+){0,3}"
_DASH = r"\s?[-–—ـ]+\s?"
#: «المغرب-البرازيل: الفوسفاط…» is a headline, «الكويت - فلان:» a dateline.
_SPACED_DASH = r"(?:\s[-–—ـ]+\s?|[-–—ـ]+\s)"
_DATED = r"[^().؟!«»/\n]{0,30}\d[^().؟!«»/\n]{0,30}"

_DATELINE = re.compile(
    "|".join(
        (
            # دبي: «الخليج» | القاهرة - "الخليج": | الكويت - فلان: | فلان - سبق - الرياض:
            rf"{_STAR}{_WORDS}[:،,]\s?{_QUOTED}\s?:?",
            rf"{_STAR}{_WORDS}(?:{_DASH}|\s){_QUOTED}\s?:",
            rf"{_STAR}{_WORDS}(?:{_SPACED_DASH}{_WORDS}){{1,2}}\s?(?:\([^()\n]{{2,25}}\))?\s?:(?=\s?\w)",
            # باكو، 3 مارس (وكالة) - | صنعاء 21 أبريل 2016 (شينخوا) | المنامة في 22 أكتوبر /بنا/
            rf"{_STAR}[^().؟!«»\n]{{2,50}}\([^()\n]{{2,30}}\)\s?(?:[-–—ـ]+(?:\s\w+\s\w+\s[-–—]+)?|:)",
            rf"{_STAR}{_WORDS}{_DATED}\([^()\n]{{2,30}}\)",
            rf"{_STAR}{_CITY}[^/.؟!«»\n]{{0,40}}/[^/\n]{{2,30}}/(?:[^/\n]{{2,20}}/)?\s?(?:[-–—ـ]+|:)?",
            rf"{_STAR}[^/.؟!«»\n]{{2,40}}/[^/\n]{{2,25}}/\s?(?:[-–—ـ]+|:)",
            rf"{_STAR}{_WORDS}{_DATED}/[^/\n]{{2,30}}/",
            # (واس) - جدة: | بغداد: | مانيلا - | أستانا، 14 فبراير 2023، قازإنفورم - | أستانا. كازينفورم -
            rf"\([^()\n]{{2,25}}\)\s?[-–—ـ]+\s?{_WORDS}\s?:?(?=\s?[-–—]|:)",
            rf"{_STAR}{_CITY}:",
            rf"{_STAR}{_CITY}(?:\.\s\w+)?[^.؟!«»:()\n]{{0,35}}?(?:\s[-–—]+|[-–—]+(?=\s))(?:\s{_CITY}\s[-–—]+)?",
        )
    )
)
#: Characters in which a dateline, and the four words that must follow it, are looked for.
_LONGEST = 160
_SIGNATURE = re.compile(r"\([^()\n]{2,30}\)")


def dateline_end(text: str, start: int, end: int) -> int | None:
    """The end of the dateline that opens ``text[start:end]``, or None. A line is never all dateline."""
    match = _DATELINE.match(text, start, min(end, start + _LONGEST))
    if match is None or len(text[match.end() : min(end, match.end() + _LONGEST)].split()) < 4:
        return None
    return match.end()


def signature_end(text: str, start: int, end: int) -> int | None:
    """The end of an agency's signature in brackets that follows a finished sentence, or None."""
    match = _SIGNATURE.match(text, start, end)
    if match is None or len(match.group().split()) > 5:
        return None
    return match.end()
