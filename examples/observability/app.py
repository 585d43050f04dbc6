"""An app whose errors are counted: metrics for Prometheus on port 9464, by OpenTelemetry's own exporter.

pip install 'authproblem[otel]' opentelemetry-sdk opentelemetry-exporter-prometheus starlette uvicorn
uvicorn app:app --port 8000
"""

from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import start_http_server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from authproblem import otel
from authproblem.asgi import AuthProblemMiddleware

metrics.set_meter_provider(MeterProvider([PrometheusMetricReader()]))
otel.instrument()
start_http_server(9464, addr="127.0.0.1")


async def me(_: Request) -> JSONResponse:
    """Pass on what Okta says of a session that is over."""
    return JSONResponse({"errorCode": "E0000005", "errorSummary": "Invalid session"}, 401)


app = Starlette(routes=[Route("/me", me)])
app.add_middleware(AuthProblemMiddleware)
