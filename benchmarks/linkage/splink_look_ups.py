"""The same look-ups with Splink's real-time function: one new record held against a whole register.

It is trained as its documentation has it, on some of the same people written down twice; its base is a table
of DuckDB's own, and a record's comparisons and blocks are those that a person is found and compared by.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import pandas as pd
import splink.comparison_library as compared
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from services.triage.domain.matching.accounts import Mention


class SplinkLookUps:
    """A trained linker and a base."""

    def __init__(self, people: Sequence[Mention], again: Sequence[Mention], base: Iterable[Mention]) -> None:
        """Train on these people and on how they were written down again; then take the base."""
        self._connection = duckdb.connect()
        self._database = DuckDBAPI(self._connection)
        names = block_on("given_name", "surname")
        home = block_on("surname", "postcode")
        blocks = [names, block_on("date_of_birth"), home, block_on("mobile"), block_on("email")]
        settings = SettingsCreator(
            link_type="link_only",
            comparisons=[
                compared.JaroWinklerAtThresholds("given_name", [0.9, 0.7]),
                compared.JaroWinklerAtThresholds("surname", [0.9, 0.7]),
                compared.LevenshteinAtThresholds("date_of_birth", [1, 2]),
                compared.ExactMatch("mobile"),
                compared.ExactMatch("email"),
                compared.LevenshteinAtThresholds("postcode", [1, 2]),
                compared.JaroWinklerAtThresholds("street", [0.9]),
            ],
            blocking_rules_to_generate_predictions=blocks,
        )
        tables = [self._kept("trained", people), self._kept("again", again)]
        self._linker = Linker(tables, settings, log_level="ERROR")
        training = self._linker.training
        training.estimate_probability_two_random_records_match([names], recall=0.6)
        training.estimate_u_using_random_sampling(1e6)
        training.estimate_parameters_using_expectation_maximisation(names)
        training.estimate_parameters_using_expectation_maximisation(home)
        self._base = self._kept("base", base)

    def look_up(self, mention: Mention) -> float:
        """Seconds for one look-up and its weights."""
        began = time.perf_counter()
        new = self._database.register(_frame([mention]))
        found = self._linker.inference.predict_between(self._base, new, threshold_match_weight=-10)
        found.as_pandas_dataframe()
        return time.perf_counter() - began

    def _kept(self, name: str, mentions: Iterable[Mention]) -> Any:  # noqa: ANN401 - it brings no types
        """A table of DuckDB's own: a frame that is only looked at would be read anew for each look-up."""
        self._connection.register("frame", _frame(mentions))
        self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")  # noqa: S608 - our own names
        self._connection.unregister("frame")
        return self._database.register(name)


def _frame(mentions: Iterable[Mention]) -> Any:  # noqa: ANN401
    names = ("unique_id", "given_name", "surname", "date_of_birth", "mobile", "email", "postcode", "street")
    rows = (
        (
            number,
            next(iter(one.name.given), None),
            next(iter(one.name.family), None),
            one.born.isoformat() if one.born else None,
            next(iter(one.phones), None),
            next(iter(one.emails), None),
            one.home.postcode or None,
            " ".join((*one.home.numbers, *one.home.street)) or None,
        )
        for number, one in enumerate(mentions)
    )
    return pd.DataFrame(rows, columns=list(names), dtype=object).astype({"unique_id": int})
