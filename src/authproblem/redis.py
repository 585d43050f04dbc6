"""Share cool-downs and refreshes among the processes of an app, by Redis or Valkey.

```python
cooldown = RedisCooldown("rediss://user:password@redis.internal:6379/0")
client = httpx.AsyncClient(transport=AsyncProblemTransport(cooldown=cooldown))
```
Where the server is gone, slow or full, each process continues with its own state.
"""

from __future__ import annotations

from authproblem.errors import MissingExtraError

try:
    from authproblem._client.redis_cooldown import RedisCooldown
    from authproblem._client.redis_refresh import AsyncRedisRefreshStore, RedisRefreshStore, StoreUnavailableError
except ModuleNotFoundError as error:
    raise MissingExtraError("authproblem.redis", "redis") from error

__all__ = ["AsyncRedisRefreshStore", "RedisCooldown", "RedisRefreshStore", "StoreUnavailableError"]
