"""The calls of the service that read, as pandas DataFrames."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pandas as pd

from pointerscope import tables
from pointerscope.tables import to_frame
from pointerscope.transport import Transport

Time = datetime | str | None
Instance = UUID | str
STORED_STEPS = 101


class Client:
    """A Pointerscope service, read with an API key (`manage.py api_key create`).

    Each method returns a DataFrame with all rows, however many pages they take. Times are UTC; a
    datetime without a zone is refused. Lengths are CSS px, durations s. Columns are those of the
    service's docs/export.md.

    A busy service (429, 503) is asked again when it says, for up to `patience` seconds a request;
    a connection that fails up to `retries` times. RefusedError then has the service's reason,
    UnreachableError the connection's.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 60,
        retries: int = 5,
        patience: float = 600,
    ) -> None:
        self._read = Transport(url, key, timeout=timeout, retries=retries, patience=patience)

    def instances(
        self,
        *,
        label: str | None = None,
        site: str | None = None,
        since: Time = None,
        until: Time = None,
    ) -> pd.DataFrame:
        """Return instances, the newest first: of a site, with this beginning of the label."""
        found = self._read.pages(
            "browsers/", "browsers", limit=100, label=label, site=site, **_range(since, until)
        )
        hidden = {"stream_url"}
        rows = ({k: v for k, v in one.items() if k not in hidden} for one in found)
        return to_frame(rows, tables.INSTANCES)

    def samples(
        self,
        instance: Instance,
        *,
        since: Time = None,
        until: Time = None,
        with_scene: bool = False,
    ) -> pd.DataFrame:
        """Return an instance's samples by (time, seq); `with_scene` adds what lies under each."""
        added = {"with": "scene"} if with_scene else {}
        columns = tables.SAMPLES_IN_SCENES if with_scene else tables.SAMPLES
        return self._of(instance, "events", columns, **_range(since, until), **added)

    def scenes(self, instance: Instance, *, since: Time = None, until: Time = None) -> pd.DataFrame:
        """Return an instance's scenes by (time, seq)."""
        return self._of(instance, "scenes", tables.SCENES, **_range(since, until))

    def marks(
        self,
        instance: Instance,
        *,
        name: str | None = None,
        since: Time = None,
        until: Time = None,
    ) -> pd.DataFrame:
        """Return an instance's marks by (time, seq): of a name, or of its beginning with a `*`."""
        return self._of(instance, "marks", tables.MARKS, name=name, **_range(since, until))

    def statuses(
        self,
        instance: Instance,
        *,
        since: Time = None,
        until: Time = None,
        interval: str = "1s",
        fill: str = "none",
    ) -> pd.DataFrame:
        """Return an instance's statuses of an interval such as `1s`, `1m`, by time.

        Without a range all of them. `fill="zero"` adds the buckets without samples.
        """
        query = _range(since if since is not None else "0", until)
        return self._of(
            instance, "statuses", tables.STATUSES, interval=interval, fill=fill, **query
        )

    def studies(self) -> pd.DataFrame:
        """Return all studies by name, with their instances, trials and conditions."""
        return to_frame(self._read.json("studies/")["studies"], tables.STUDIES)

    def trials(
        self,
        *,
        study: str | None = None,
        condition: str | None = None,
        label: str | None = None,
        since: Time = None,
        until: Time = None,
        exclude: str | None = None,
    ) -> pd.DataFrame:
        """Return trials with their measures, one row each, by id.

        `exclude` leaves some out: rules and ids between commas, as in the address of a study's
        page.
        """
        query = {"study": study, "condition": condition, "label": label, "exclude": exclude}
        found = self._read.rows("trials/", **query, **_range(since, until))
        return to_frame(found, tables.TRIALS)

    def paths(
        self, *, trials: pd.DataFrame | None = None, steps: int = STORED_STEPS, **filters: Any
    ) -> pd.DataFrame:
        """Return the time-normalised paths of trials, one row a step, by id; s and px.

        Of `trials` as `trials()` returned them, or of those with its filters. 101 steps are stored,
        and a request reads 100 trials. For another number each trial is a request, so more than
        600 take minutes (READS_PER_MINUTE).
        """
        if trials is None:
            trials = self.trials(**filters)
        found = self._stored_paths(trials) if steps == STORED_STEPS else self._paths(trials, steps)
        return tables.join_paths(found, trials)

    def _paths(self, trials: pd.DataFrame, steps: int) -> Iterator[tables.Path]:
        for trial in trials["id"]:
            yield trial, self._read.json(f"trials/{trial}/path/", steps=steps)["steps"]

    def _stored_paths(self, trials: pd.DataFrame) -> Iterator[tables.Path]:
        if trials.empty:
            return
        started, studies, wanted = trials["started_at"], trials["study"].unique(), {*trials["id"]}
        paths = self._read.pages(
            "trials/paths/",
            "paths",
            limit=100,
            study=studies[0] if len(studies) == 1 else None,
            since=started.min(),
            until=started.max() + pd.Timedelta("1us"),
        )
        yield from ((path["id"], path["steps"]) for path in paths if path["id"] in wanted)

    def throughput(
        self,
        *,
        study: str | None = None,
        condition: str | None = None,
        label: str | None = None,
        since: Time = None,
        until: Time = None,
        exclude: str | None = None,
        serial: bool = True,
        one_dimensional: bool = False,
        bivariate: bool = False,
        by_block: bool = False,
    ) -> pd.DataFrame:
        """Return the throughput of each instance in each condition (ISO 9241-411)."""
        found = self._read.rows(
            "studies/throughput/",
            study=study,
            condition=condition,
            label=label,
            exclude=exclude,
            serial=serial,
            one_dimensional=one_dimensional,
            bivariate=bivariate,
            by_block=by_block,
            **_range(since, until),
        )
        return to_frame(found, tables.THROUGHPUT)

    def pages(
        self,
        *,
        site: str | None = None,
        query: str | None = None,
        since: Time = None,
        until: Time = None,
    ) -> pd.DataFrame:
        """Return pages, those with the most dwell first; `query` is a part of the name."""
        found = self._read.pages(
            "pages/", "pages", limit=50, site=site, q=query, **_range(since, until)
        )
        return to_frame(found, tables.PAGES)

    def map(
        self,
        page: int,
        *,
        since: Time = None,
        until: Time = None,
        width: int | None = None,
        pointer: str | None = None,
        weight: str = "dwell",
        label: str | None = None,
    ) -> pd.DataFrame:
        """Return the cells of a page's map, of one width class, by row and column.

        `attrs["map"]` says what the map is of: its range, its class, its instances.
        """
        query = {"width": width, "pointer": pointer, "weight": weight, "label": label}
        about = self._read.json(f"pages/{page:d}/map/", **query, **_range(since, until))
        cells = sorted(about.pop("cells"), key=lambda cell: (cell[1], cell[0]))
        side, of = about["cell"], about["width"]
        rows = (
            {"width": of, "column": x, "row": y, "x": x * side, "y": y * side, "value": value}
            for x, y, value in cells
        )
        table = to_frame(rows, tables.CELLS)
        table.attrs["map"] = about
        return table

    def _of(
        self, instance: Instance, rows: str, columns: tables.Columns, **query: Any
    ) -> pd.DataFrame:
        path = f"browsers/{UUID(str(instance))}/{rows}/"
        return to_frame(self._read.rows(path, **query), columns)


def _range(since: Time, until: Time) -> dict[str, Any]:
    for time in (since, until):
        if isinstance(time, datetime) and time.tzinfo is None:
            raise ValueError(f"{time} has no zone: pd.Timestamp(…, tz='Europe/Berlin')")
    return {"since": since, "until": until}
