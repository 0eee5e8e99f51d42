from __future__ import annotations

import contextlib
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kd_edge.data.readers import read_responses
from kd_edge.data.readers.semeval import read_semeval
from kd_edge_runtime.errors import InputError, KdEdgeError, TableError


def question(name: str, answers: list[tuple[str, str, str]]) -> str:
    rows = "\n    ".join(
        f"<studentAnswer count='3' id={quoteattr(i)} accuracy={quoteattr(a)}>{escape(t)}"
        "</studentAnswer>"
        for i, t, a in answers
    )
    return f"""<?xml version="1.0"?>
<question qtype="Q" id={quoteattr(name)} module="M">
  <questionText>Why does {name} &amp; co. shine?</questionText>
  <referenceAnswers>
    <referenceAnswer id="a1">Because of the <b>gap</b>.</referenceAnswer>
    <referenceAnswer id="a2"> </referenceAnswer>
    <referenceAnswer id="a3">Because of the battery.</referenceAnswer>
  </referenceAnswers>
  <studentAnswers>
    {rows}
  </studentAnswers>
</question>
"""


def some(labels: list[str]) -> list[tuple[str, str, str]]:
    return [(f"s{n}", f"answer {n}", label) for n, label in enumerate(labels)]


@pytest.fixture
def folder(tmp_path: Path):
    def write(**files: str) -> Path:
        for name, content in files.items():
            (tmp_path / f"{name}.xml").write_text(content, encoding="utf-8")
        return tmp_path

    return write


def test_reads_one_file(folder):
    path = folder(q=question("Q1", some(["correct", "incorrect"] * 10))) / "q.xml"
    responses = read_responses(path)
    item = responses.item("Q1")
    assert item.prompt == "Why does Q1 & co. shine?"
    assert item.references == ("Because of the gap.", "Because of the battery.")
    assert item.scale.classes == ("incorrect", "correct")
    assert not item.scale.numeric
    assert [row.score for row in item.rows] == [1, 0] * 10
    assert (item.rows[3].response_id, item.rows[3].text) == ("s3", "answer 3")
    assert responses.encoding == "xml"
    assert responses.columns["score"] == "accuracy"


def test_a_folders_items_share_their_scale(folder):
    path = folder(
        a=question("A", some(["correct", "incorrect"] * 10)),
        b=question("B", some(["correct"] * 20)),
        c=question("C", some(["incorrect"] * 20)),
        d=question("D", some(["contradictory"] * 20)),
    )
    (path / "notes.txt").write_text("not read", encoding="utf-8")
    items = read_responses(path, scored=False).items
    assert [item.item_id for item in items] == ["A", "B", "C", "D"]
    assert {item.scale.classes for item in items} == {("contradictory", "incorrect", "correct")}


def test_five_way(folder):
    labels = ["correct", "partially_correct_incomplete", "irrelevant"] * 10
    assert read_responses(folder(q=question("Q", some(labels)))).items[0].scale.classes == (
        "non_domain",
        "irrelevant",
        "contradictory",
        "partially_correct_incomplete",
        "correct",
    )


def test_folders_below_are_not_read_but_named(tmp_path):
    (tmp_path / "beetle").mkdir()
    (tmp_path / "beetle" / "q.xml").write_text(question("Q", []), encoding="utf-8")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no \.xml files \(but its folders do: beetle\)"):
        read_responses(tmp_path)
    with pytest.raises(InputError, match=r"no \.xml files$"):
        read_responses(tmp_path / "empty")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<question id='Q'><secret", "not valid XML (line 1, character 18)"),
        ("", "not valid XML"),
        ("<quiz>secret</quiz>", "not a SemEval-2013 question"),
        ("<question>secret</question>", "the question has no id"),
        ("<question id='Q'>secret</question>", "question 'Q' contains no studentAnswer"),
        ("<!DOCTYPE q [<!ENTITY e 'secret'>]><question id='Q'>&e;</question>", "not safe"),
        ("<!DOCTYPE q SYSTEM 'file:///etc/passwd'><question id='Q'/>", "not safe"),
        ("<?xml version='1.0' encoding='secret'?><question id='Q'/>", "not valid XML"),
        ("<?xml version='1.0' encoding='shift_jis'?><question id='Q'/>", "not valid XML"),
    ],
)
def test_bad_files_are_all_told(folder, content, said):
    good = question("G", some(["correct", "incorrect"] * 10))
    with pytest.raises(TableError) as caught:
        read_responses(folder(a=content, b=good, c=content))
    assert [problem.file for problem in caught.value.problems] == ["a.xml", "c.xml"]
    assert said in caught.value.problems[0].message
    assert "secret" not in str(caught.value)


def test_bad_answers_are_told_with_their_file(folder):
    answers = some(["correct", "incorrect"] * 10)
    answers[2] = ("", " \n ", "")
    answers[3] = ("s1", "x", "maybe")
    path = folder(a=question("A", answers), b=question("B", answers[4:]))
    with pytest.raises(TableError) as caught:
        read_responses(path)
    assert [(p.file, p.row, p.column) for p in caught.value.problems] == [
        ("a.xml", 3, "id"),
        ("a.xml", 4, "id"),
        ("a.xml", 4, "accuracy"),
    ]
    with pytest.raises(TableError, match="item 'B' has 16 rows, fewer than 20"):
        read_responses(path / "b.xml")


def test_a_question_in_two_files(folder):
    with pytest.raises(TableError, match=r"b\.xml: question 'Q' is also in a\.xml"):
        read_responses(folder(a=question("Q", some(["correct"])), b=question("Q", some(["x"]))))


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"nope\.xml: no such file"):
        read_responses(tmp_path / "nope.xml")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("semeval") / "q.xml"


XML_TEXT = st.text(
    st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc", "Cn", "Co"]), max_size=40
)


@settings(deadline=None, max_examples=100)
@given(st.lists(XML_TEXT, min_size=1))
def test_every_text_comes_back(scratch, texts):
    answers = [(f"s{n}", text, "correct") for n, text in enumerate(texts)]
    scratch.write_text(question("Q", answers), encoding="utf-8")
    read = read_semeval(scratch)
    assert [record.cells[2] for record in read.records] == [text.strip() for text in texts]


@settings(deadline=None, max_examples=100)
@given(st.one_of(st.binary(), st.text(alphabet="<>/=\"'?!&;[]- question id").map(str.encode)))
def test_never_another_exception(scratch, content):
    scratch.write_bytes(content)
    with contextlib.suppress(KdEdgeError):
        read_responses(scratch)


TRAINING = [(way, corpus) for way in ("2way", "3way") for corpus in ("beetle", "sciEntsBank")]
ROWS = {"beetle": (47, 3941), "sciEntsBank": (135, 4969)}
CLASSES = {
    "2way": ("incorrect", "correct"),
    "3way": ("contradictory", "incorrect", "correct"),
}


@pytest.mark.parametrize(("way", "corpus"), TRAINING)
def test_the_real_training_data(shared_data, way, corpus):
    path = shared_data / "semeval-2013-task7" / "training" / way / corpus
    responses = read_responses(path)
    rows = [row for item in responses.items for row in item.rows]
    assert (len(responses.items), len(rows)) == ROWS[corpus]
    assert {item.scale.classes for item in responses.items} == {CLASSES[way]}
    assert all(item.prompt and item.references for item in responses.items)
    # Counted in the files as plain text, without an XML parser.
    content = "".join(file.read_text(encoding="utf-8") for file in path.glob("*.xml"))
    for index, label in enumerate(CLASSES[way]):
        assert sum(row.score == index for row in rows) == content.count(f'accuracy="{label}"')


@pytest.mark.parametrize("way", ["2way", "3way"])
@pytest.mark.parametrize(("part", "items", "count"), [("answers", 47, 439), ("questions", 9, 819)])
def test_the_real_test_data(shared_data, way, part, items, count):
    path = shared_data / "semeval-2013-task7" / "test" / way / "beetle" / f"test-unseen-{part}"
    responses = read_responses(path, scored=False)
    rows = [row for item in responses.items for row in item.rows]
    assert (len(responses.items), len(rows)) == (items, count)
    assert {item.scale.classes for item in responses.items} == {CLASSES[way]}
    assert all(row.score is not None and row.text for row in rows)
