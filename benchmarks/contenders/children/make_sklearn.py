"""TF-IDF over words and character n-grams with logistic regression."""

from __future__ import annotations

import joblib
from best_setting import best
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

C = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


def make(task, folder, _settings):
    """Chooses C on the held-out rows and writes the pipeline."""
    texts, scores = chosen_rows(task["train"])
    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True),
    )
    train = features.fit_transform(texts)
    held_out = features.transform([row["text"] for row in task["held_out"]])

    def fitted(c):
        return LogisticRegression(C=c, max_iter=5000).fit(train, scores)

    c, model, _ = best(task, C, fitted, lambda model: model.predict_proba(held_out))
    joblib.dump(make_pipeline(features, model), folder / "pipeline.joblib", compress=3)
    settings = {"words": "1-2", "characters": "2-5", "C": c}
    return {"parameters": int(model.coef_.size + model.intercept_.size), "settings": settings}


def chosen_rows(rows):
    """Texts and scores."""
    return [row["text"] for row in rows], [row["score"] for row in rows]
