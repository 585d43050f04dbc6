"""A warning where `exceptions=True` has no effect: a framework handles its exceptions before the middleware can.

By class names: no framework is imported.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

_MAX_LAYERS = 16
"""Middleware that is looked through, by its `app` attribute, to find the framework inside."""
_HANDLER = "handle them in an error handler of your own, with authproblem.normalize() (docs/frameworks.md)"

_INSTEAD = {
    "fastapi.applications.FastAPI": "use authproblem.fastapi.install(app, exceptions=True)",
    "starlette.applications.Starlette": "use authproblem.starlette.install(app, exceptions=True)",
    "flask.app.Flask": "use authproblem.flask.install(app, exceptions=True)",
    "quart.app.Quart": "use authproblem.quart.install(app, exceptions=True)",
    "litestar.app.Litestar": "use Litestar(plugins=[authproblem.litestar.AuthProblemPlugin(exceptions=True)])",
    "django.core.handlers.base.BaseHandler": "use 'authproblem.django.AuthProblemMiddleware' in MIDDLEWARE",
    "falcon.app.App": _HANDLER,
    "falcon.asgi.app.App": _HANDLER,
    "blacksheep.server.application.Application": _HANDLER,
}
"""What to do instead, by the class of the app."""
_KINDS = {"django": "Django", "falcon": "Falcon", "blacksheep": "BlackSheep"}
"""Frameworks whose app has a class of another name."""


def warn_if_unreachable(app: Any) -> None:
    """Warn where the app is of a framework that lets no exception out, and no integration has been installed in it.

    Called where a middleware is built with `exceptions=True`; the warning names the line that builds it.

    Args:
        app: what the middleware is built around: an app, a bound `wsgi_app` or `asgi_app`, or middleware around one.
    """
    for layer in _layers(app):
        if "authproblem" in getattr(layer, "extensions", ()):
            return
        name, instead = next(((name, _INSTEAD[name]) for name in _names(layer) if name in _INSTEAD), (None, ""))
        if name is not None:
            kind = _KINDS.get(name.partition(".")[0], name.rpartition(".")[2])
            message = f"exceptions=True has no effect around a {kind} app, which handles exceptions itself; {instead}"
            warnings.warn(message, UserWarning, stacklevel=3)
            return


def _layers(app: Any) -> Iterator[Any]:
    for _ in range(_MAX_LAYERS):
        app = getattr(app, "__self__", app)  # a bound method belongs to an app
        yield app
        app = getattr(app, "app", None)
        if app is None:
            return


def _names(app: Any) -> Iterator[str]:
    return (f"{cls.__module__}.{cls.__qualname__}" for cls in type(app).__mro__)
