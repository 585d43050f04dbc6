"""A gateway of our own: a small ASGI reverse proxy whose every error is a problem document.

```console
$ python -m authproblem gateway --upstream https://tenant.auth0.com --okta https://org.okta.com --prefix /okta
$ uvicorn --factory authproblem.gateway:make_app --no-proxy-headers --no-server-header --no-date-header
```
The entrance: exports only. Settings live in `_config`, the proxy in `_app`, header rules in `_messages`.
"""

from __future__ import annotations

from authproblem.gateway._app import Gateway, make_app
from authproblem.gateway._config import ConfigError, GatewayConfig, Route, load_config
from authproblem.gateway._serve import add_arguments, run

__all__ = ["ConfigError", "Gateway", "GatewayConfig", "Route", "add_arguments", "load_config", "make_app", "run"]
