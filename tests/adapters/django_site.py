"""The pages of `installed` for Django: a module that `ROOT_URLCONF` names; import it once Django is configured."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.urls import path

from authproblem import mark_upstream
from authproblem.django import forward
from tests.adapters.installed import BARE, FORWARDED, RAISING, fail


async def profile(_request: HttpRequest) -> HttpResponseBase:
    """An async view that fails at the provider."""
    return fail()


def sync_profile(_request: HttpRequest) -> HttpResponseBase:
    """A plain one."""
    return fail()


def _raising(name: str) -> Any:
    return lambda _request: RAISING[name]()


def passed(_request: HttpRequest) -> HttpResponseBase:
    """Pass a provider's response on."""
    return forward(FORWARDED)


def marked(_request: HttpRequest) -> HttpResponseBase:
    """Likewise, and say whose it is."""
    return mark_upstream(forward(BARE), "auth0", endpoint="/oauth/token")


def healthy(_request: HttpRequest) -> HttpResponseBase:
    """Respond."""
    return JsonResponse({"ok": True})


def callback(request: HttpRequest) -> HttpResponseBase:
    """Where a provider redirects to."""
    problem = request.META.get("authproblem.problem")
    return HttpResponse("none" if problem is None else problem.reason)


def page(_request: HttpRequest) -> HttpResponseBase:
    """A provider's page, passed on."""
    headers = {"x-okta-request-id": "Ydy0LwmSNI62dm8LZIdTzgAACb0", "vary": "Cookie"}
    return HttpResponse("<html>", status=503, headers=headers)


def streamed(request: HttpRequest) -> HttpResponseBase:
    """A provider's error, passed on in chunks of the kind that `?kind=` says; `?times=` makes it too large."""
    body = FORWARDED.content * int(request.GET.get("times", "1"))
    pieces = [body[at : at + 10] for at in range(0, len(body), 10)]

    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    def sync_chunks() -> Iterator[bytes]:
        yield from pieces

    content: Any = chunks() if request.GET.get("kind") == "async" else sync_chunks()
    headers = {"x-okta-request-id": "Ydy0LwmSNI62dm8LZIdTzgAACb0"}
    return StreamingHttpResponse(content, status=429, content_type="application/json", headers=headers)


urlpatterns = [
    path("profile", profile),
    path("sync-profile", sync_profile),
    path("mistake", _raising("mistake")),
    path("group", _raising("group")),
    path("forward", passed),
    path("marked", marked),
    path("healthy", healthy),
    path("callback", callback),
    path("streamed", streamed),
    path("page", page),
]
