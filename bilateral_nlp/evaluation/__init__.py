"""How well a classifier reads labelled articles, end to end: its own sentences, its own spans.

    judging      labelled articles beside a classifier's answers
    headline     the figures one quotes, from counts per article
    resampling   their bootstrap intervals, and the paired comparison of two classifiers
    curves       average precision, reliability, precision against recall, thresholds
    spans        entity errors by kind
    slices       the same figures on parts of the articles
    worst        the sentences that went most wrong, with their context
    report       all of it in one frozen object
    pages        the report as Markdown and as one HTML page
    hub          `evaluate.Metric` wrappers

from bilateral_nlp import Classifier, corpus
from bilateral_nlp.evaluation import evaluate
print(evaluate(Classifier.from_pretrained(), corpus.read("data/corpus")).to_dict())
"""

from bilateral_nlp.evaluation.judging import Judged, judge
from bilateral_nlp.evaluation.report import Report, evaluate
from bilateral_nlp.evaluation.resampling import Difference, compare

__all__ = ["Difference", "Judged", "Report", "compare", "evaluate", "judge"]
