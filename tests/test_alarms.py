"""Prometheus and Grafana use existing metrics and views, and alarms fire when they should."""

import json
import re
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg2
import pytest
import requests
import yaml

from tests.patience import wait_until
from tests.production import Production
from tests.prometheus import program
from tests.service import ROOT

PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))
SOURCES = ROOT / "deploy" / "grafana" / "provisioning" / "datasources" / "sources.yml"


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    command = [program("promtool"), *words]
    return subprocess.run(command, cwd=PROMETHEUS, capture_output=True, text=True, check=False)


def panels() -> list[dict]:
    return [panel for file in DASHBOARDS for panel in json.loads(file.read_text())["panels"]]


def queries() -> list[str]:
    """Return all queries to Prometheus, of alarms and of panels."""
    groups = yaml.safe_load((PROMETHEUS / "rules.yml").read_text())["groups"]
    alarms = [rule["expr"] for group in groups for rule in group["rules"]]
    targets = [target for panel in panels() for target in panel["targets"]]
    return alarms + [target["expr"] for target in targets if "expr" in target]


def test_prometheus_takes_its_configuration() -> None:
    checked = promtool("check", "config", "prometheus.yml")
    assert checked.returncode == 0, checked.stderr


def test_each_alarm_fires_when_it_should_and_only_then() -> None:
    tested = promtool("test", "rules", "rules.test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alarm_is_in_the_rules_tests() -> None:
    rules, played = ((PROMETHEUS / name).read_text() for name in ("rules.yml", "rules.test.yml"))
    names = re.findall(r"- alert: (\w+)", rules)
    assert names
    for name in names:
        assert f"alertname: {name}}}" in played
        assert f'alertname="{name}"' in played


def test_every_alarm_is_explained() -> None:
    names = re.findall(r"- alert: (\w+)", (PROMETHEUS / "rules.yml").read_text())
    told = (ROOT / "docs" / "operations.md").read_text()
    assert re.findall(r"^\| `([A-Z]\w+)` \| (?:page|warn) \|", told, re.MULTILINE) == names


def test_every_queried_metric_exists(production: Production) -> None:
    production.move()
    asked = {name for query in queries() for name in re.findall(r"\bpointerscope_\w+", query)}
    # The worker and Beat have not done their first work yet.
    wait_until(lambda: asked <= metrics(production), what="every metric is told")


def metrics(production: Production) -> set[str]:
    # As Prometheus calls it: by the container's name, which is not in ALLOWED_HOSTS.
    address = f"http://127.0.0.1:{production.probe_port}/metrics"
    answer = requests.get(address, headers={"Host": "web:8002"}, timeout=10)
    assert answer.status_code == 200, answer.text
    told = set(re.findall(r"^# TYPE (\w+) ", answer.text, re.MULTILINE))
    return told | {f"{name}_bucket" for name in told}


@pytest.fixture(scope="module")
def reader(
    production: Production, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[psycopg2.extensions.connection]:
    """The login of `grafana-login` in deploy/compose.yml, created by that service's command."""
    name, folder = f"grafana_{production.database}", tmp_path_factory.mktemp("login")
    services = yaml.safe_load((ROOT / "deploy" / "compose.yml").read_text())["services"]
    (command,) = services["grafana-login"]["command"]
    for theirs, ours in (
        ("analyst grafana", f"analyst {name}"),
        ("/var/lib/pointerscope", str(folder)),
        ("/tmp/login", str(folder / "said")),
    ):
        command = command.replace(theirs, ours)
    environment = production.environment
    subprocess.run(["sh", "-euc", command], cwd=production.tree, env=environment, check=True)
    address = urlsplit(production.database_url)
    session = psycopg2.connect(
        host=address.hostname,
        port=address.port,
        dbname=production.database,
        user=name,
        password=(folder / "password").read_text().strip(),
    )
    yield session
    session.close()
    assert production.run("deploy/start", "analyst", "--drop", name).returncode == 0
    group = f'"{production.database}_readonly"'
    production.sql(f"drop owned by {group}; drop role {group}")


@pytest.mark.parametrize(
    "panel",
    [panel for panel in panels() if panel["datasource"]["uid"] == "pointers"],
    ids=lambda panel: panel["title"],
)
def test_each_panel_in_sql_is_answered_to_the_reader(
    reader: psycopg2.extensions.connection, panel: dict
) -> None:
    (target,) = panel["targets"]
    since = r"\1 between now() - interval '1 hour' and now()"
    with reader, reader.cursor() as cursor:
        cursor.execute(re.sub(r"\$__timeFilter\((\w+)\)", since, target["rawSql"]))
        columns = [column.name for column in cursor.description]
    assert target["format"] == "table" or columns[0] == "time"


def test_panels_name_sources_that_are_provisioned() -> None:
    sources = yaml.safe_load(SOURCES.read_text())["datasources"]
    assert {panel["datasource"]["uid"] for panel in panels()} == {one["uid"] for one in sources}
