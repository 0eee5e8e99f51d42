"""Scores tables in memory, of pandas and of Arrow, as engines hand them to functions by batches.

For Ray Data, Spark, DuckDB, Polars and programs of your own; which of them is for the caller to
import.
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from kd_edge_runtime._light_stdlib import dataclass, sha256
from kd_edge_runtime.errors import InputError, Problem, TableError, read_error
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.slots.allowed import open_allowed
from kd_edge_runtime.tables.argument_names import in_python
from kd_edge_runtime.tables.columns import machine_header
from kd_edge_runtime.tables.reading.json_rows import Nested
from kd_edge_runtime.tables.reading.parquet import cell_text, column_values
from kd_edge_runtime.tables.reading.rows import MOST_PROBLEMS, NESTED
from kd_edge_runtime.tables.score_rows import each_score, scoring_columns
from kd_edge_runtime.tables.writing.parquet_out import TEXTS, score_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kd_edge_runtime.tables.score_rows import Columns

_SOURCE = "the batch"
# How tables of other packages become Arrow's.
_TO_ARROW = {"polars": "to_arrow()", "duckdb": "to_arrow_table()"}

# Scorers of this process, by path, hash and how they score; one thread at a time uses one.
_open: dict[Any, tuple[Scorer, Lock]] = {}
_opening = Lock()
_hashes: dict[Any, str] = {}


def _hash(path: Path) -> str:
    """The SHA-256 of a file, read again only where it has changed."""
    try:
        facts = path.stat()
        key = str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns
        if key not in _hashes:
            _hashes[key] = sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise read_error(path, error) from None
    return _hashes[key]


@dataclass(frozen=True)
class BatchScorer:
    """Scores tables with a bundle: a function that can be sent to other processes and machines.

    It is pickled as its attributes alone. A process opens the bundle once, when it first scores,
    and refuses a file at this path that is another than the one that was meant. `of` makes one.

    Attributes:
        path: the `.kdz` file, which has to be at this place wherever it scores.
        sha256: its hash.
        text_column: the column with the responses; None to find it by its name.
        item_column: the column that names each response's item; None to find it by its name.
        item_id: the item that all responses answer; None if the item column says.
        prefix: prepended to the names of the columns that scoring adds.
        backend: "auto" or one of `backends.NAMES`.
        first_only: whether to leave out second models.
    """

    path: str
    sha256: str
    text_column: str | None = None
    item_column: str | None = None
    item_id: str | None = None
    prefix: str = ""
    backend: str = "auto"
    first_only: bool = False

    @classmethod
    def of(cls, bundle: str | os.PathLike[str], **options: Any) -> BatchScorer:
        """One for a bundle that is here; the options are the attributes.

        Raises:
            InputError: the file cannot be read.
        """
        path = Path(os.path.abspath(bundle))  # noqa: PTH100 (links stay as they are)
        return cls(str(path), _hash(path), **options)

    def __call__(self, table: Any) -> Any:
        """Scores a table.

        Args:
            table: a pandas DataFrame, or a pyarrow Table or RecordBatch, of N rows.

        Returns:
            The same kind of table with the columns that `kd-edge score` adds: `predicted` and
            `flag` as texts, `expected`, `confidence` and a probability for each class as numbers
            (null for the classes of other items), rounded as there.

        Raises:
            TypeError: it is no such table.
            TableError: columns are missing, or rows cannot be scored; rows are counted from 1.
            InputError: the bundle is not here, or another file is.
            BundleError, BackendError, SignatureError: see `kd-edge score`.
        """
        kind = type(table).__module__.partition(".")[0]
        if not hasattr(table, "columns"):  # a Series, or a reader of batches
            kind = ""
        if kind == "pandas":
            names, cells, joined = [*map(str, table.columns)], _pandas_cells, _pandas_joined
        elif kind == "pyarrow" and hasattr(table, "schema"):
            names, cells, joined = [*table.schema.names], _arrow_cells, _arrow_joined
        else:
            given = f"{type(table).__module__}.{type(table).__name__}"
            how = _TO_ARROW.get(given.partition(".")[0].lstrip("_"))
            raise TypeError(
                f"score_batch takes a pandas DataFrame, or a pyarrow Table or RecordBatch, not "
                f"{given}" + (f": give it what {how} makes of that" if how else "")
            )
        scorer, lock = self._scorer()
        with lock, in_python():
            added, columns = self._scored(scorer, names, lambda at: cells(table, at))
        return joined(table, dict(zip(added, columns)))

    def frames(self, tables: Iterable[Any]) -> Iterator[Any]:
        """Scores tables one after the other, for Spark's `mapInPandas` and `mapInArrow`."""
        return map(self, tables)

    def _scored(
        self, scorer: Scorer, names: Sequence[str], cells: Callable[[int], list[Any]]
    ) -> tuple[list[str], list[list[Any]]]:
        """The names and the values of the columns to add."""
        manifest = scorer.bundle.manifest
        if self.item_id is not None:
            manifest.item(self.item_id)  # the error lists the bundle's items
        # The names of a DataFrame's columns may be numbers.
        text, item = (
            None if name is None else str(name) for name in (self.text_column, self.item_column)
        )
        columns = scoring_columns(names, _SOURCE, manifest.item_ids, text, item, self.item_id)
        one = columns.item_id
        classes = manifest.classes if one is None else [*manifest.item(one).classes]
        added = machine_header(classes, names, self.prefix, _SOURCE)
        texts = [*map(cell_text, cells(columns.text))]
        if columns.item is None:
            items = [str(one)] * len(texts)
        else:
            items = [cell_text(cell).strip() for cell in cells(columns.item)]
        _refuse_rows(manifest.item_ids, columns, texts, items)
        scored = [*zip(items, each_score(scorer, texts, items))]
        return added, score_columns(scored, {one: manifest.item(one) for one in {*items}}, classes)

    def _scorer(self) -> tuple[Scorer, Lock]:
        path = Path(self.path)
        with _opening:
            key = self.path, self.sha256, self.backend, self.first_only
            if key not in _open:
                if _hash(path) != self.sha256:
                    raise InputError(
                        f"{path}: this is another file than the bundle that was to score: copy the "
                        "same one to every machine"
                    )
                more = self.backend, 1, None, None, self.first_only
                _open[key] = Scorer(open_allowed(path), *more), Lock()
            return _open[key]


def score_batch(table: Any, bundle: str | os.PathLike[str] | BatchScorer, **options: Any) -> Any:
    """Scores a table in memory; see `BatchScorer`.

    Args:
        table: a pandas DataFrame, or a pyarrow Table or RecordBatch.
        bundle: the path of a `.kdz` file, opened once a process; or a `BatchScorer`.
        options: the attributes of `BatchScorer`, where `bundle` is a path.

    Returns:
        The same kind of table, with the columns that scoring adds.

    Raises:
        TypeError: options with a `BatchScorer`; the rest is as for `BatchScorer`.
    """
    if not isinstance(bundle, BatchScorer):
        return BatchScorer.of(bundle, **options)(table)
    if options:
        raise TypeError("score_batch takes options with a path: a BatchScorer has its own")
    return bundle(table)


def _refuse_rows(
    known: Sequence[str], columns: Columns, texts: Sequence[str], items: Sequence[str]
) -> None:
    """Refuses responses that are no text, and items that the bundle does not have."""
    problems = [
        Problem(NESTED, row, columns.header[columns.text])
        for row, text in enumerate(texts, 1)
        if isinstance(text, Nested)
    ]
    if columns.item is not None:
        there, name = {*known}, columns.header[columns.item]
        problems += [
            Problem("the bundle has no such item", row, name)
            for row, item in enumerate(items, 1)
            if item not in there
        ]
    if problems:
        kept = problems[:MOST_PROBLEMS]
        raise TableError(_SOURCE, kept, unlisted=len(problems) - len(kept))


def _pandas_cells(table: Any, at: int) -> list[Any]:
    column = table.iloc[:, at]
    return [None if no else cell for cell, no in zip(column.tolist(), column.isna())]


def _pandas_joined(table: Any, added: dict[str, list[Any]]) -> Any:
    import pandas as pd

    return table.assign(
        **{
            name: pd.Series(
                values, index=table.index, dtype="str" if number in TEXTS else "float64"
            )
            for number, (name, values) in enumerate(added.items())
        }
    )


def _arrow_cells(table: Any, at: int) -> list[Any]:
    return column_values(table.column(at))


def _arrow_joined(table: Any, added: dict[str, list[Any]]) -> Any:
    import pyarrow as pa

    schema, arrays = table.schema, [*table.columns]
    for number, (name, values) in enumerate(added.items()):
        kind = pa.string() if number in TEXTS else pa.float64()
        schema = schema.append(pa.field(name, kind))
        arrays.append(pa.array(values, kind))
    return type(table).from_arrays(arrays, schema=schema)
