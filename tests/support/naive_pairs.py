"""What FORMAT.md's section 12 says, written again as slowly and plainly as can be."""

from __future__ import annotations

import struct
from fractions import Fraction
from math import exp, log, sqrt

import naive

NEGATIONS = {
    *("no", "not", "never", "nothing", "none", "neither", "nor", "cannot", "cant", "dont"),
    *("doesnt", "didnt", "isnt", "arent", "wasnt", "werent", "wont", "wouldnt", "without"),
}


def cut(text):
    return [word[:40] for word in naive.words(text)]


def runs(found):
    marked = [f"<{word}>" for word in found]
    return {one[at : at + 4] for one in marked for at in range(len(one) - 3)}


def neighbours(found):
    return {(found[at], found[at + 1]) for at in range(len(found) - 1)}


def share(part, whole):
    return len(part) / len(whole) if whole else 0.0


def numbers(response, question, references, weight):
    """The numbers of the relation, from words and not from hashes."""
    found, asked = cut(response), set(cut(question))
    told = [cut(text) for text in references if cut(text)]
    here, anywhere = set(found), {word for one in told for word in one}

    def total(some):
        return sum(weight(word) for word in some)

    def recall(some):
        return Fraction(total(some & here), total(some))

    best = told[0]
    for one in told[1:]:
        new, old = set(one), set(best)
        if (recall(new), len(new & here)) > (recall(old), len(old & here)):
            best = one
    words, count = set(best), max(len(here), 1)
    fresh = words - asked
    return {
        "recall": float(recall(words)),
        "new recall": float(recall(fresh) if fresh else recall(words)),
        "precision": len(words & here) / count,
        "pairs": share(neighbours(best) & neighbours(found), neighbours(best)),
        "grams": share(runs(best) & runs(found), runs(best)),
        "negation added": float(bool(here & NEGATIONS) and not words & NEGATIONS),
        "negation missing": float(bool(words & NEGATIONS) and not here & NEGATIONS),
        "length": min(len(found) / len(best), 2) / 2,
        "in question": len(here & asked) / count,
        "elsewhere": len(here - asked - anywhere) / count,
        "any recall": len(anywhere & here) / len(anywhere),
        "mean recall": float(sum(recall(set(one)) for one in told) / len(told)),
        "log length": log(1 + len(found)) / 5,
    }


def member(question, references, weight, hashed, hashed_run):
    """The bytes of a question's member."""

    def listed(values):
        return struct.pack(f"<{len(values) + 1}I", len(values), *values)

    told = [cut(text) for text in references if cut(text)]
    data = listed(sorted({hashed(word) for word in cut(question)})) + listed([len(told)])
    for one in told:
        data += listed([hashed(word) for word in one])
        data += listed(sorted({hashed_run(run) for run in runs(one)}))
    anywhere = {word for one in told for word in one}
    return data + listed([weight(word) for word in sorted(anywhere, key=hashed)])


def rows(vocabulary, response, question, references, hashed):
    """Every row that a response brings, sorted."""
    size, known = vocabulary.size, list(vocabulary.words)
    anywhere = {word for text in references for word in cut(text)}
    asked, found = set(cut(question)), cut(response)
    made = [row for row in naive.rows(vocabulary, response) if row >= len(known)]
    for word in found:
        if hashed(word) in known:
            place = known.index(hashed(word))
            if word in anywhere:
                place += size
            elif word in asked:
                place += size + len(known)
            made.append(place)
    made += [
        size + 2 * len(known) + known.index(hashed(word))
        for word in anywhere - set(found)
        if hashed(word) in known
    ]
    return sorted(made)


def probabilities(weights, related, brought, given):
    """What the network makes of rows and numbers."""
    width = len(weights.scale)
    hidden = []
    for d in range(width):
        total = 0
        for row in brought:
            byte = weights.table[row * width + d]
            total += byte - 256 if byte > 127 else byte
        value = total * weights.scale[d] / sqrt(max(len(brought), 1)) + weights.bias[d]
        for at, number in enumerate(given):
            value += number * related[at][d]
        hidden.append(max(0.0, value))
    logits = [
        bias + sum(a * b for a, b in zip(row, hidden))
        for row, bias in zip(weights.head, weights.head_bias)
    ]
    powers = [exp(logit - max(logits)) for logit in logits]
    return [power / sum(powers) for power in powers]
