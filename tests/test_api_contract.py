"""Every request that the API's description allows gets an answer that it describes."""

import io
import json

import pytest
from django.core.management import call_command

from tests.fuzzing import Run, fuzz, fuzzed_service
from tests.test_api_description import METHODS

pytestmark = pytest.mark.slow

SEED = 1
EXAMPLES = 50


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A short run; `make fuzz` makes a long one."""
    with fuzzed_service(tmp_path_factory.mktemp("fuzzed")) as service:
        return fuzz(service, seed=SEED, examples=EXAMPLES, show=False)


def test_every_answer_is_as_described(run: Run) -> None:
    assert not run.found_something, run.printed
    assert max(run.statuses()) < 500


def test_every_call_both_succeeds_and_is_refused(run: Run) -> None:
    """Otherwise the test above would prove little."""
    assert run.tally.total() > 1000
    succeeded = {call.rsplit(" ", 1)[0] for call in run.tally if call.split()[-1] < "300"}
    assert described_calls() - succeeded == set()
    assert {400, 401, 403, 404, 405, 406, 415} <= run.statuses().keys()


def described_calls() -> set[str]:
    printed = io.StringIO()
    call_command("spectacular", stdout=printed, format="openapi-json")
    paths = json.loads(printed.getvalue())["paths"]
    return {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method in METHODS & methods.keys()
    }
