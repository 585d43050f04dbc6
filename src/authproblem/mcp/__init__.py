"""MCP servers and clients: FastMCP's `OAuthProxy`, token verifiers, the official SDK, and tool errors for agents.

```python
class Proxy(OAuthProxy):
    guard = AsyncRefreshGuard("okta")

    def _create_upstream_oauth_client(self):
        return UpstreamClient(super()._create_upstream_oauth_client(), guard=self.guard)
```
Exports only. Nothing of FastMCP or `mcp` is imported before it is used; what an error means is decided in `_client`.
"""

from __future__ import annotations

from authproblem.mcp._client import KeepTokens
from authproblem.mcp._errors import authorization_error
from authproblem.mcp._tools import tool_error, tool_errors, tool_result
from authproblem.mcp._upstream import UpstreamClient
from authproblem.mcp._verifier import VerifierErrors

__all__ = [
    "KeepTokens",
    "UpstreamClient",
    "VerifierErrors",
    "authorization_error",
    "tool_error",
    "tool_errors",
    "tool_result",
]
