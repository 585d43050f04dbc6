"""Litestar: the middleware without the plugin, and one set of caches for all routes with it."""

from __future__ import annotations

import gc
from typing import Any

from litestar import Litestar, Response, get
from litestar.middleware import DefineMiddleware

from authproblem._middleware.interception import Interceptor
from authproblem.asgi import AuthProblemMiddleware
from authproblem.litestar import AuthProblemPlugin
from tests.adapters.installed import visit_asgi
from tests.adapters.samples import OKTA_BODY
from tests.adapters.support import assert_problem


@get("/okta", sync_to_thread=False)
def okta() -> Response[dict[str, Any]]:
    """Pass an error on."""
    return Response(dict(OKTA_BODY), status_code=401)


def test_define_middleware_works() -> None:
    """Litestar's way of giving options to a middleware."""
    app = Litestar(
        [okta],
        middleware=[DefineMiddleware(AuthProblemMiddleware, media_type="json")],
        openapi_config=None,
        logging_config=None,
    )
    assert_problem(visit_asgi(app)("/okta"), media_type="application/json")


def test_one_plugin_serves_many_apps() -> None:
    """With one set of options."""
    plugin = AuthProblemPlugin(exceptions=True)
    for _ in range(2):
        app = Litestar([okta], plugins=[plugin], openapi_config=None, logging_config=None)
        assert_problem(visit_asgi(app)("/okta"))


def interceptors() -> set[int]:
    """The compiled sets of options that are alive."""
    gc.collect()
    return {id(each) for each in gc.get_objects() if type(each) is Interceptor}


def test_all_routes_share_one_set_of_compiled_options_and_caches() -> None:
    """Litestar wraps each route in a middleware of its own."""
    before = interceptors()
    routes = [get(f"/{number}", sync_to_thread=False)(okta.fn) for number in range(20)]
    app = Litestar(routes, plugins=[AuthProblemPlugin()], openapi_config=None, logging_config=None)
    visit = visit_asgi(app)
    for number in range(20):
        assert_problem(visit(f"/{number}"))
    assert len(interceptors() - before) == 1
