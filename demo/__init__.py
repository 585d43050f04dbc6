"""`make demo`: a fake Auth0 and a fake Okta behind an app that passes them through, bare and with the middleware.

Here lives what a newcomer is shown, and nothing that the library needs: `cases*` are what the vendors send and what has
to come out, `vendors`, `apps` and `servers` the real servers that carry it; `check` compares, `show*` and `text` draw.
"""
