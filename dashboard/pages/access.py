"""The page of API keys and share links: staff list, make and revoke their own, a superuser all."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from dashboard.access.api_keys import list_api_keys, make_api_key, revoke_api_keys, valid_api_keys
from dashboard.access.share_links import list_share_links, revoke_share_links
from dashboard.api.shares import revocable, share_url
from dashboard.models import ApiKey
from dashboard.pages.views import is_staff_member

PAGE_SIZE = 50
LONGEST_SEARCH = 200
PERIODS = [(7, "7 days"), (30, "30 days"), (90, "90 days"), (366, "1 year")]
PRINTABLE = RegexValidator(r"\A[^\x00-\x1f\x7f]*\Z", "Use characters that can be printed.")

View = Callable[..., HttpResponse]


class KeyForm(forms.Form):
    """A new key's name, which no valid key of its user has, and how many days it is valid."""

    name = forms.CharField(max_length=100, validators=[PRINTABLE])
    days = forms.TypedChoiceField(choices=PERIODS, coerce=int, initial=90)

    def __init__(self, *args: Any, taken: QuerySet[ApiKey], **options: Any) -> None:
        super().__init__(*args, **options)
        self._taken = taken

    def clean_name(self) -> str:
        # Names are unique, so that a reload of the answer does not make a second key.
        name = self.cleaned_data["name"]
        if self._taken.filter(name=name).exists():
            raise forms.ValidationError("You have a valid key of this name.")
        return name


def for_staff(view: View) -> View:
    """Ask for a login, and refuse (403) people who are not staff; no cache keeps the answer."""

    @cache_control(private=True, no_store=True)
    @login_required
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_staff_member(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return answer


@require_safe
@for_staff
def access(request: HttpRequest) -> HttpResponse:
    """The keys and links that match the search, 50 of each on a page."""
    return _show(request, form=KeyForm(taken=ApiKey.objects.none()))


@require_POST
@for_staff
def make_key(request: HttpRequest) -> HttpResponse:
    """Make a key, and show it on the page, once."""
    now = timezone.now()
    user: Any = request.user
    form = KeyForm(request.POST, taken=valid_api_keys(now).filter(user=user))
    if not form.is_valid():
        return _show(request, form=form, code=400)
    made = make_api_key(
        user=user, name=form.cleaned_data["name"], days=form.cleaned_data["days"], now=now
    )
    form = KeyForm(taken=ApiKey.objects.none())
    return _show(request, form=form, made=made, code=201)


@require_POST
@for_staff
def revoke_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke a key, and return to the page."""
    user: Any = request.user
    keys = ApiKey.objects.filter(pk=pk)
    is_all = user.has_perm("dashboard.change_apikey")
    revoke_api_keys(keys if is_all else keys.filter(user=user), now=timezone.now())
    return redirect("access")


@require_POST
@for_staff
def revoke_link(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """Revoke a share link, and return to the page."""
    user: Any = request.user
    revoke_share_links(revocable(user).filter(link_id=link_id), now=timezone.now())
    return redirect("access")


def _show(request: HttpRequest, *, form: KeyForm, code: int = 200, **context: Any) -> HttpResponse:
    now = timezone.now()
    user: Any = request.user
    owner = None if user.is_superuser else user
    q = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    keys = _page(list_api_keys(user=owner, now=now, q=q), request.GET.get("keys"))
    links = _page(list_share_links(user=owner, now=now, q=q), request.GET.get("links"))
    for link in links:
        link.url = share_url(request, link) if link.valid else ""
    shown = {"keys": keys, "links": links, "q": q, "form": form, "periods": PERIODS, "now": now}
    return render(request, "dashboard/access.html", {**shown, **context}, status=code)


def _page(rows: QuerySet[Any], number: str | None) -> Any:
    return Paginator(rows, PAGE_SIZE).get_page(number)
