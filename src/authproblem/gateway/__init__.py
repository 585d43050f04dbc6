"""The gateway: a small ASGI reverse proxy that turns every error into a problem document.

```console
$ python -m authproblem gateway --upstream https://tenant.auth0.com --okta https://org.okta.com --prefix /okta
$ uvicorn --factory authproblem.gateway:make_app --no-proxy-headers --no-server-header --no-date-header --ws none
```
Exports only. A request's path through the package: `_app`, `_routes`, `_exchange`, `_aiohttp_client`.
"""

from __future__ import annotations

from authproblem.errors import MissingExtraError

try:
    from authproblem.gateway._app import Gateway, make_app
    from authproblem.gateway._command import add_arguments, run
    from authproblem.gateway._config import GatewayConfig, load_config
    from authproblem.gateway._config_error import ConfigError
    from authproblem.gateway._config_routes import Route
    from authproblem.gateway._record import Record
except ModuleNotFoundError as error:
    raise MissingExtraError("authproblem.gateway", "gateway") from error

__all__ = [
    "ConfigError",
    "Gateway",
    "GatewayConfig",
    "Record",
    "Route",
    "add_arguments",
    "load_config",
    "make_app",
    "run",
]
