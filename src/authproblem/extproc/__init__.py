"""Run the rewriting of error responses beside Envoy, as its external processor.

Envoy sends each error response over gRPC, and nothing else: with the matcher of `examples/gateways/envoy-extproc.yaml`
a healthy response never leaves Envoy. Where this service is slow, stopped or broken, Envoy sends the response as it
came. Settings come from flags and a TOML file, whose `[options]` are those of the middleware.
"""

# Only exports: `config` reads settings, `exchange` processes Envoy's messages without I/O, `server` is the gRPC service
# of one process, `workers` runs several, `command` has the flags.

from __future__ import annotations

from authproblem.errors import MissingExtraError

try:
    from authproblem.extproc.command import add_arguments, run
    from authproblem.extproc.config import ExtProcConfig, load_config
    from authproblem.extproc.server import serve
except ModuleNotFoundError as error:
    raise MissingExtraError("authproblem.extproc", "envoy") from error

__all__ = ["ExtProcConfig", "add_arguments", "load_config", "run", "serve"]
