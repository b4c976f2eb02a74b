"""The common assertion about errors under /api/: the shape of RFC 9457."""

import json
from http import HTTPStatus
from typing import Any
from unittest import TestCase


def assert_problem(
    test: TestCase, response: Any, status: int, code: str, *pointers: str
) -> dict[str, Any]:
    """Check an answer's status, type and members, and the pointers of its bad fields if given."""
    test.assertEqual(response.status_code, status, response.content[:500])
    test.assertEqual(response["Content-Type"], "application/problem+json")
    problem = json.loads(response.content)
    test.assertEqual(problem["type"], "about:blank")
    test.assertEqual(problem["title"], HTTPStatus(status).phrase)
    test.assertEqual(problem["status"], status)
    test.assertEqual(problem["code"], code)
    test.assertTrue(problem["detail"])
    test.assertNotIn("Traceback", problem["detail"])
    for error in problem.get("errors", []):
        test.assertEqual(set(error), {"pointer", "code", "detail"})
    if pointers:
        test.assertEqual([error["pointer"] for error in problem["errors"]], list(pointers))
        test.assertGreaterEqual(problem["error_count"], len(pointers))
    return problem
