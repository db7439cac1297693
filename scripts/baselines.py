"""What simple methods reach on the same articles: a keyword lexicon, TF-IDF with logistic regression, a gazetteer.

    python scripts/baselines.py LABELLED [--real TRAIN.jsonl]

All of them learn from our training articles (and the real ones of ``--real``) and are scored on LABELLED with its own sentence
bounds: sectors micro and macro F1, sentences right, entities exact F1.
"""

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from bilateral_nlp import corpus, default_taxonomy
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.metrics import macro_f1, multilabel_score, rows_right, set_score

SECTORS = default_taxonomy().sector_ids
#: Stems that give a sector away, written by hand.
LEXICON = {
    "politics": "العلاقات|سفير|السفير|مباحثات|مشاورات|البرلمان|برلمان|الثنائية|القضايا الإقليمية|الجمعية العامة",
    "security_defence": "الدفاع|الأمن |الأمني|عسكري|شرطة|الإرهاب|مناورات|القوات|حدود|ألغام",
    "justice": "القضائ|العدل|النيابة|محكمة|تسليم المجرمين|الفساد|حقوق الإنسان",
    "consular_migration": "تأشير|القنصل|الهجرة|الإقامة|الجالية|المهاجرين",
    "economy_trade": "الاقتصاد|التجار|تجاري|صادرات|واردات|الجمارك|رجال الأعمال|التبادل التجاري",
    "investment_finance": "استثمار|المستثمر|بنك|مصرف|تمويل|قرض|ضريب|المالية",
    "industry_mining": "صناع|مصنع|التعدين|المعادن|مناجم|فوسفات",
    "energy": "الطاقة|النفط|الغاز|كهرب|نووي|أوبك|بترول",
    "renewable_energy": "المتجددة|شمسي|الرياح|الهيدروجين الأخضر|الطاقة الخضراء|كهرومائية",
    "agriculture": "زراع|الفلاح|محاصيل|قمح|الأغنام|الأسماك|الغذائي|بيطر",
    "water": "المياه|مائي|الري |سدود|تحلية|الصرف الصحي",
    "environment": "البيئ|المناخ|التلوث|التصحر|التنوع البيولوجي|الكربون",
    "transport": "النقل|طيران|مطار|ميناء|موانئ|سكك|لوجست|شحن|ممر",
    "ict": "الاتصالات|رقمي|الرقمنة|الذكاء الاصطناعي|السيبراني|إلكتروني|البريد",
    "science_technology": "العلمي|العلوم|التكنولوجيا|الابتكار|الفضاء|أبحاث",
    "education": "التعليم|جامع|طلاب|الطلبة|منح دراسية|مدرس|التكوين المهني|التدريب المهني",
    "health": "الصح|طبي|مستشف|الأدوية|لقاح|علاج|أطباء",
    "culture": "الثقاف|ثقافي|متحف|متاحف|التراث|مهرجان|معرض الكتاب|السينما|فنون|المسرح",
    "media": "الإعلام|وكالة الأنباء|الصحف|إذاعة|تلفزيون|صحفي",
    "tourism": "سياح|السياح|فنادق|سائح",
    "sport_youth": "رياض|الشباب|كرة القدم|أولمبي|بطولة",
    "labour_social": "العمل والشؤون|العمالة|التشغيل|المرأة|الأسرة|الطفولة|الضمان الاجتماعي|الحماية الاجتماعية",
    "humanitarian": "الإغاث|إنساني|اللاجئ|مساعدات|الهلال الأحمر|زلزال|إعادة الإعمار|نازح",
    "infrastructure_housing": "البنية التحتية|الإسكان|البلدي|التعمير|الأشغال|العمران",
    "religion": "الأوقاف|الديني|الحج|العمرة|الإفتاء|الأديان|الإسلامية|كنيسة",
}


def sentences(articles: Sequence[LabelledArticle]) -> tuple[list[str], np.ndarray]:
    texts = [a.text[s.start : s.end] for a in articles for s in a.sentences]
    labels = [[name in s.sectors for name in SECTORS] for a in articles for s in a.sentences]
    return texts, np.array(labels, dtype=bool)


def lexicon(texts: Sequence[str]) -> np.ndarray:
    patterns = [re.compile(LEXICON[name]) for name in SECTORS]
    return np.array([[bool(p.search(text)) for p in patterns] for text in texts], dtype=bool)


def tfidf(
    train: Sequence[LabelledArticle], held_out: Sequence[LabelledArticle]
) -> Callable[[Sequence[str]], np.ndarray]:
    """Character 2- to 5-grams, one logistic regression per sector, one threshold fitted on held-out articles."""
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
    texts, labels = sentences(train)
    model = OneVsRestClassifier(LogisticRegression(C=10, max_iter=300)).fit(vectorizer.fit_transform(texts), labels)
    held_texts, held_labels = sentences(held_out)
    scores = model.predict_proba(vectorizer.transform(held_texts))
    threshold = max(np.arange(0.1, 0.6, 0.02), key=lambda t: multilabel_score(held_labels, scores >= t).f1)
    return lambda new: model.predict_proba(vectorizer.transform(new)) >= threshold


def gazetteer(train: Sequence[LabelledArticle]) -> Callable[[LabelledArticle], set[tuple[int, int, str]]]:
    """Longest match, at word bounds with a proclitic allowed, of the strings labelled in training."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for article in train:
        for entity in article.entities:
            seen[article.text[entity.start : entity.end]][entity.label] += 1
    known = {surface: labels.most_common(1)[0][0] for surface, labels in seen.items() if len(surface) > 2}
    longest = sorted(known, key=len, reverse=True)
    pattern = re.compile(r"(?<!\w)[وفبلك]{0,2}(" + "|".join(map(re.escape, longest)) + r")(?!\w)")
    return lambda article: {(m.start(1), m.end(1), known[m[1]]) for m in pattern.finditer(article.text)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path)
    parser.add_argument("--real", type=Path, help="labelled articles to learn from beside the corpus")
    options = parser.parse_args()
    articles = corpus.read(Path(__file__).resolve().parent.parent / "data" / "corpus")
    articles += corpus.read(options.real) if options.real else []
    train, held_out = ([a for a in articles if a.split == name] for name in ("train", "validation"))
    measured = corpus.read(options.labelled)
    texts, gold = sentences(measured)
    print("| baseline | sectors micro F1 | macro F1 | sentences right | entities exact F1 |\n|---|---:|---:|---:|---:|")
    for name, chosen in (
        ("keyword lexicon", lexicon(texts)),
        ("TF-IDF + logistic regression", tfidf(train, held_out)(texts)),
    ):
        micro = multilabel_score(gold, chosen).f1
        print(f"| {name} | {micro:.3f} | {macro_f1(gold, chosen):.3f} | {rows_right(gold, chosen):.3f} | |")
    find = gazetteer(train)
    spans = set_score([{(e.start, e.end, e.label) for e in a.entities} for a in measured], [find(a) for a in measured])
    print(f"| gazetteer of training entities | | | | {spans.f1:.3f} |")


if __name__ == "__main__":
    main()
