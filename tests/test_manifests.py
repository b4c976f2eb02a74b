"""The files of deploy/ are what the programs that read them take, and agree with each other."""

import os
import re
import shutil
import stat
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests import image
from tests.service import BIN, ROOT

DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
APP = {"web", "live", "worker", "beat", "migrate", "grafana-login"}


@cache
def compose(*words: str, cwd: Path = ROOT) -> dict[str, Any]:
    """Return what Docker Compose makes of its files; that needs no engine."""
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(
        [BIN / "docker-compose", *words, "config"],
        cwd=cwd,
        env=env | {"COMPOSE_DISABLE_ENV_FILE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


def app() -> dict[str, Any]:
    return compose("--file", "deploy/compose.yml", "--profile", "app")


def containers(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the containers of a workload's pods."""
    spec = document.get("spec", {})
    spec = spec.get("jobTemplate", {}).get("spec", spec)
    return spec.get("template", {}).get("spec", {}).get("containers", [])


def documents() -> list[dict[str, Any]]:
    files = [file for file in MANIFESTS if file.name != "kustomization.yaml"]
    return [part for file in files for part in yaml.safe_load_all(file.read_text())]


def test_the_dockerfile_is_without_a_fault() -> None:
    checked = subprocess.run(
        [BIN / "hadolint", image.DOCKERFILE], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_image_does_not_run_as_root() -> None:
    assert image.instructions("USER") == ["10001"]


def test_without_the_profile_there_are_the_services_for_development_only() -> None:
    assert set(compose()["services"]) == {"timescaledb", "redis", "flower"}


def test_the_profile_runs_everything() -> None:
    others = {"proxy", "database", "redis-app", "backup", "prometheus", "grafana", "flower-app"}
    assert set(app()["services"]) == APP | others
    assert set(compose("--profile", "app")["services"]) > APP | others


def test_each_service_is_probed_limited_and_started_again() -> None:
    for name, service in app()["services"].items():
        once = name in ("migrate", "grafana-login")
        assert service["restart"] == ("on-failure:3" if once else "unless-stopped"), name
        assert once or service["healthcheck"]["test"], name
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}, name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert "no-new-privileges:true" in service["security_opt"], name


def test_our_processes_can_write_nowhere_and_may_nothing() -> None:
    for name in APP:
        service = app()["services"][name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    published = {
        name: {port.get("host_ip", "") for port in service.get("ports", [])}
        for name, service in app()["services"].items()
    }
    outside = {name for name, addresses in published.items() if addresses - {"127.0.0.1"}}
    assert outside == {"proxy"}
    assert not published["database"] | published["redis-app"]


def test_the_proxy_is_in_no_network_with_the_database() -> None:
    services = app()["services"]
    assert not services["proxy"]["networks"].keys() & services["database"]["networks"].keys()


def test_every_secret_is_a_file_that_configure_makes() -> None:
    config = app()
    assert {Path(secret["file"]).parent for secret in config["secrets"].values()} == {
        DEPLOY / "secrets"
    }
    used = [service.get("secrets", []) for service in config["services"].values()]
    named = {secret["source"] for secrets in used for secret in secrets}
    assert named == set(config["secrets"])
    made = set(re.findall(r"^keep (\S+)", (DEPLOY / "configure").read_text(), re.MULTILINE))
    assert made == named


def test_development_and_production_run_the_same_versions() -> None:
    development, production = compose()["services"], app()["services"]
    assert development["timescaledb"]["image"] == production["database"]["image"]
    assert development["redis"]["image"] == production["redis-app"]["image"]
    assert development["flower"]["image"] == production["flower-app"]["image"]


def name_of(document: dict[str, Any]) -> str:
    return f"{document['kind']}-{document['metadata']['name']}"


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_each_manifest_is_what_kubernetes_takes(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


def test_kustomize_has_every_manifest() -> None:
    kustomization = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())
    files = {file.name for file in MANIFESTS} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == files


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Return the documents of `kubectl kustomize`, with the secrets of docs/deploy.md."""
    if not shutil.which("kubectl"):
        pytest.skip("no kubectl here")
    folder = tmp_path_factory.mktemp("kustomize") / "kubernetes"
    shutil.copytree(DEPLOY / "kubernetes", folder)
    (folder / "secrets.env").write_text("SECRET_KEY=k\nDATABASE_URL=d\nREDIS_URL=r\n")
    done = subprocess.run(
        ["kubectl", "kustomize", folder], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return list(yaml.safe_load_all(done.stdout))


def test_kustomize_builds_what_kubernetes_takes(built: list[dict[str, Any]]) -> None:
    assert len(built) == len(documents()) + 2
    for document in built:
        version = kubernetes_validate.latest_version()
        kubernetes_validate.validate(document, version, strict=True)
        is_namespace = document["kind"] == "Namespace"
        assert is_namespace or document["metadata"]["namespace"] == "pointerscope"


def test_kustomize_names_settings_secrets_and_the_image_in_each_container(
    built: list[dict[str, Any]],
) -> None:
    made = {one["kind"]: one["metadata"]["name"] for one in built}
    all_containers = [container for document in built for container in containers(document)]
    assert len(all_containers) == 5
    for container in all_containers:
        references = [
            reference["name"] for source in container["envFrom"] for reference in source.values()
        ]
        assert references == [made["ConfigMap"], made["Secret"]]
        assert container["image"] == "registry.example.org/pointerscope:0.1.0"


def test_every_process_of_the_procfile_is_a_deployment_with_a_probe_and_limits() -> None:
    names = {line.split(":")[0] for line in (ROOT / "Procfile").read_text().splitlines()}
    deployments = [one for one in documents() if one["kind"] == "Deployment"]
    assert {one["metadata"]["name"] for one in deployments} == names
    for deployment in deployments:
        (container,) = containers(deployment)
        assert container["args"] == [deployment["metadata"]["name"]]
        assert container["image"] == "pointerscope"
        assert container["livenessProbe"]
        assert container["resources"]["limits"]


def test_services_and_budgets_choose_pods_that_there_are() -> None:
    specs = [one.get("spec", {}) for one in documents()]
    chosen = [spec["selector"] for spec in specs if "selector" in spec]
    assert len(chosen) == 9
    components = {"web", "live", "worker", "beat"}
    for selector in chosen:
        labels = selector.get("matchLabels", selector)
        assert labels["app.kubernetes.io/component"] in components


def test_operators_machines_come_by_the_probe_port() -> None:
    web = app()["services"]["web"]
    assert "ports" not in web
    (job,) = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())[
        "scrape_configs"
    ]
    port = web["environment"]["PROBE_PORT"]
    assert job["static_configs"] == [{"targets": [f"web:{port}"]}]
    (container,) = next(
        containers(one)
        for one in documents()
        if (one["kind"], one["metadata"]["name"]) == ("Deployment", "web")
    )
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    environment = {one["name"]: one["value"] for one in container["env"]}
    assert container["readinessProbe"]["httpGet"]["port"] == "probes"
    assert str(ports["probes"]) == environment["PROBE_PORT"]


def test_the_ingress_keeps_the_operators_pages_inside() -> None:
    ingress = next(
        one
        for one in documents()
        if one["metadata"]["name"] == "pointerscope" and one["kind"] == "Ingress"
    )
    paths = ingress["spec"]["rules"][0]["http"]["paths"]
    served = {path["path"]: path["backend"]["service"]["name"] for path in paths}
    for page in ("/metrics", "/readyz", "/browsers/"):
        # As nginx does with regular expressions: the longest that fits from the start on.
        fitting = max((path for path in served if re.match(path, page)), key=len)
        assert served[fitting] == ("web" if page == "/browsers/" else "live")


def test_there_is_one_beat() -> None:
    (beat,) = (one for one in documents() if one["metadata"]["name"] == "beat")
    assert (beat["spec"]["replicas"], beat["spec"]["strategy"]) == (1, {"type": "Recreate"})
    assert "replicas" not in app()["services"]["beat"]["deploy"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of deploy/, made with a mask that lets nobody else read."""
    for file in DEPLOY.rglob("*"):
        if file.is_file() and file.parent != DEPLOY / "secrets":
            copy = tmp_path / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
    for path in (tmp_path / "deploy").rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
    return tmp_path


def configure(
    checkout: Path, *words: str, umask: int = -1, **env: str
) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(checkout / "deploy" / "configure"), *words]
    return subprocess.run(
        command, env=os.environ | env, umask=umask, capture_output=True, text=True, check=False
    )


def test_configure_makes_secrets_that_nobody_else_on_the_machine_can_read(checkout: Path) -> None:
    done = configure(checkout, "stats.example.org")
    assert (done.returncode, done.stderr) == (0, "")
    folder = checkout / "deploy" / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    values = {file.name: file.read_text().strip() for file in folder.iterdir()}
    assert len(values["secret_key"]) == 64
    assert len(set(values.values())) == len(values) == 6
    password = values["database_password"]
    assert (
        values["database_url"] == f"postgres://pointerscope:{password}@database:5432/pointerscope"
    )
    assert values["redis_url"].split("@")[0] == "redis://:" + values["redis.conf"].split()[1]
    assert (checkout / ".env").read_text().splitlines() == [
        "COMPOSE_FILE=deploy/compose.yml",
        "COMPOSE_PROFILES=app",
        "DOMAIN=stats.example.org",
    ]


def mounted() -> set[Path]:
    """Return the files and folders of the checkout that containers see, secrets aside."""
    mounts = [mount for one in app()["services"].values() for mount in one.get("volumes", [])]
    sources = [Path(mount["source"]) for mount in mounts if mount["type"] == "bind"]
    return {source.relative_to(ROOT) for source in sources if source.is_relative_to(ROOT)}


def test_configure_lets_containers_read_what_they_mount(checkout: Path) -> None:
    roots = [checkout / path for path in mounted()]
    paths = [*roots, *(path for root in roots for path in root.rglob("*"))]
    assert len(paths) > 10
    assert not any(path.stat().st_mode & 0o044 for path in paths)
    assert configure(checkout, "stats.example.org").returncode == 0
    for path in paths:
        wanted = 0o055 if path.is_dir() or path.stat().st_mode & 0o100 else 0o044
        assert path.stat().st_mode & 0o077 == wanted, path


@pytest.mark.parametrize("umask", [0o077, 0o022, 0])
def test_configure_gives_each_file_its_mode_whatever_the_umask_is(
    checkout: Path, umask: int
) -> None:
    before = modes(checkout)
    assert configure(checkout, "stats.example.org", umask=umask).returncode == 0
    after = modes(checkout)
    made = {path: mode for path, mode in after.items() if path not in before}
    secrets = {Path(secret["file"]).name: 0o644 for secret in app()["secrets"].values()}
    assert made == {
        ".env": 0o600,
        "deploy/secrets": 0o700,
        **{f"deploy/secrets/{name}": mode for name, mode in secrets.items()},
    }
    # Of deploy/ whole entries, such as its folder grafana, of which two folders are mounted.
    shown = {"/".join(path.parts[:2]) for path in mounted()}
    assert {path: after[path] for path in before} == {
        path: opened(mode) if is_below(path, shown) else mode for path, mode in before.items()
    }


def modes(folder: Path) -> dict[str, int]:
    """Return the permissions of everything in a folder, by its path there."""
    paths = ((str(path.relative_to(folder)), path) for path in folder.rglob("*"))
    return {name: stat.S_IMODE(path.stat().st_mode) for name, path in paths}


def opened(mode: int) -> int:
    """Return a mode with which all may read what the owner reads and runs."""
    return mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6


def is_below(path: str, roots: set[str]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)


def test_configure_says_so_where_it_cannot_let_them(checkout: Path) -> None:
    """With a stand-in for chmod, as it answers where a file is another user's."""
    refuses = checkout / "chmod"
    refuses.write_text('#!/bin/sh\n[ "$1" != -R ] && exec /bin/chmod "$@"\nexit 1\n')
    refuses.chmod(0o755)
    done = configure(checkout, "stats.example.org", PATH=f"{checkout}:{os.environ['PATH']}")
    assert done.returncode == 77
    assert "could not read deploy/backup: run this as its owner" in done.stderr


def test_no_image_leaves_an_anonymous_volume() -> None:
    """Each folder that an image of others declares a volume has a mount of ours."""
    declared = {
        "timescale/timescaledb": "/var/lib/postgresql/data",
        "redis": "/data",
        "mher/flower": "/data",
        "prom/prometheus": "/prometheus",
    }
    for service in (*app()["services"].values(), *compose()["services"].values()):
        folder = declared.get(service["image"].partition(":")[0])
        # Compose's `tmpfs` is no mount: engines before 20.10 made a volume beside it.
        targets = {mount["target"] for mount in service.get("volumes", [])}
        assert folder is None or folder in targets, service["image"]


def test_one_service_builds_the_image_and_the_others_run_it() -> None:
    """Compose would build it once for each, and containers of different builds start anew."""
    services = app()["services"]
    assert [name for name, service in services.items() if "build" in service] == ["migrate"]
    ours = {name: services[name] for name in APP}
    assert {service["image"] for service in ours.values()} == {"pointerscope:latest"}
    # Anybody could publish an image of this name.
    assert {service["pull_policy"] for service in ours.values()} == {"never"}
    waiting = {name for name in APP if "migrate" in services[name].get("depends_on", {})}
    assert waiting == APP - {"migrate"}


def test_each_container_can_become_healthy_within_seconds() -> None:
    probes = {name: one.get("healthcheck") for name, one in app()["services"].items()}
    intervals = {name: probe["interval"] for name, probe in probes.items() if probe}
    assert intervals == dict.fromkeys(app()["services"].keys() - {"migrate", "grafana-login"}, "5s")


def test_no_service_needs_a_later_engine_than_the_docs_name() -> None:
    probes = [service.get("healthcheck", {}) for service in app()["services"].values()]
    assert not [probe for probe in probes if "start_interval" in probe]


def test_whatever_is_told_to_stop_hears_it() -> None:
    """A shell that is a container's first process ignores SIGTERM; SIGINT is PostgreSQL's."""
    for name, service in app()["services"].items():
        runs_a_shell = (service.get("entrypoint") or [""])[0] == "sh" or name == "backup"
        ends_as_another = any("exec " in word for word in service.get("command") or [])
        assert not runs_a_shell or service.get("init") or ends_as_another, name
    assert app()["services"]["backup"]["stop_signal"] == "SIGTERM"


def test_configure_changes_nothing_but_the_domain_when_repeated(checkout: Path) -> None:
    configure(checkout, "stats.example.org")
    folder = checkout / "deploy" / "secrets"
    before = {file.name: file.read_text() for file in folder.iterdir()}
    (checkout / ".env").write_text("WEB_WORKERS=4\n" + (checkout / ".env").read_text())
    configure(checkout, "other.example.org")
    assert {file.name: file.read_text() for file in folder.iterdir()} == before
    lines = (checkout / ".env").read_text().splitlines()
    assert (lines[0], lines[-1]) == ("WEB_WORKERS=4", "DOMAIN=other.example.org")


@pytest.mark.parametrize("word", ["", "-h", "https://stats.example.org", "a b"])
def test_configure_takes_a_domain_only(checkout: Path, word: str) -> None:
    done = configure(checkout, word)
    assert (done.returncode, done.stderr.startswith("usage:")) == (64, True)
    assert not (checkout / ".env").exists()


def test_pin_writes_a_digest_behind_every_tag_and_renews_it(tmp_path: Path) -> None:
    """With a stand-in for docker, because there is no registry to ask here."""
    for name in ("deploy/pin", "deploy/Dockerfile", "deploy/compose.yml", "compose.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\necho "sha256:$DIGEST"\n')
    docker.chmod(0o755)
    files = ("deploy/Dockerfile", "deploy/compose.yml", "compose.yml")
    for digest in ("a" * 64, "b" * 64):
        env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DIGEST": digest}
        subprocess.run(
            ["sh", tmp_path / "deploy" / "pin"], env=env, check=True, capture_output=True
        )
        pinned = "".join((tmp_path / name).read_text() for name in files)
        assert pinned.count(f"@sha256:{digest}") == 2 + 6 + 3
        assert pinned.count("@sha256:") == 2 + 6 + 3
    assert re.sub("@sha256:b+", "", pinned) == "".join((ROOT / name).read_text() for name in files)
