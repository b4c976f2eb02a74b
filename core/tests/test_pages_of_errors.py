"""Pages of errors are shown even if the database, which has the logins, does not answer."""

import pytest
from django.db import OperationalError
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject

from core.web.views import server_error, unavailable


def no_login():
    raise OperationalError


@pytest.mark.parametrize("answer", [server_error, unavailable])
def test_they_ask_for_no_login(answer):
    request = RequestFactory().get("/browsers/")
    request.user = SimpleLazyObject(no_login)
    page = answer(request)
    assert b"<h1>" in page.content
    assert b"Overview" not in page.content
