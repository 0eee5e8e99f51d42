"""Scores a Parquet table in one engine; run by `scoring_engines`, prints the seconds it took."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kd_edge_runtime import BatchScorer

BATCH = 10_000


def in_pandas(score: BatchScorer, table: str, out: str) -> Callable[[], object]:
    """The whole table as one frame."""
    import pandas as pd

    return lambda: score(pd.read_parquet(table)).to_parquet(out)


def in_polars(score: BatchScorer, table: str, out: str) -> Callable[[], object]:
    """The whole table, by way of Arrow."""
    import polars as pl

    return lambda: pl.from_arrow(score(pl.read_parquet(table).to_arrow())).write_parquet(out)


def in_duckdb(score: BatchScorer, table: str, out: str) -> Callable[[], object]:
    """Record batches out of a query, and into the next."""
    import duckdb
    import pyarrow as pa

    def run() -> None:
        reader = duckdb.sql(f"from '{table}'").to_arrow_reader(BATCH)
        scored = pa.Table.from_batches(map(score, reader))
        duckdb.sql("from scored").write_parquet(out)
        assert scored.num_rows

    return run


def in_ray(score: BatchScorer, table: str, out: str) -> Callable[[], object]:
    """Batches in tasks, one for each processor."""
    import ray

    ray.init(num_cpus=os.cpu_count(), include_dashboard=False, log_to_driver=False)

    # Its processes start with the first tasks.
    ray.data.range(2).map_batches(lambda batch: batch).materialize()

    def run() -> None:
        rows = ray.data.read_parquet(table)
        rows.map_batches(score, batch_format="pyarrow", batch_size=BATCH).write_parquet(out)

    return run


def in_spark(score: BatchScorer, table: str, out: str) -> Callable[[], object]:
    """Batches in Python processes, one for each processor."""
    import pandas as pd
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable  # or its workers are what python3 means
    spark = SparkSession.builder.master(f"local[{os.cpu_count()}]").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    names = [*score(pd.DataFrame({"id": [0], "text": [""]})).columns]
    texts = ("text", "predicted", "flag")
    kinds = ["string" if name in texts else "double" for name in names[1:]]
    schema = ", ".join(["id long", *(f"`{n}` {kind}" for n, kind in zip(names[1:], kinds))])

    def run() -> None:
        spark.read.parquet(table).mapInPandas(score.frames, schema).write.parquet(out)

    return run


ENGINES = {
    "pandas": in_pandas,
    "polars": in_polars,
    "duckdb": in_duckdb,
    "ray": in_ray,
    "spark": in_spark,
}


def main(engine: str, bundle: str, table: str, out: str, backend: str) -> None:
    """Starts the engine, scores, and prints the seconds of the second step."""
    score = BatchScorer.of(bundle, backend=backend)
    run = ENGINES[engine](score, str(Path(table)), out)
    began = time.perf_counter()
    run()
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
