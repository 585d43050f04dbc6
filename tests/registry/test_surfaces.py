"""Surfaces: which group of endpoints a path belongs to, however it is spelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Registry
from authproblem._registry.surfaces import EndpointSurfaces, Surfaces

REGISTRY = Registry.builtin()


class TestSurfaces:
    ROWS = (
        {"id": "token", "provider": "p", "sign_in": True, "credential": True, "paths": ["/v1/token", "/{x}/v1/token"]},
        {"id": "all", "provider": "p", "sign_in": False, "credential": False, "paths": ["/v1/*"]},
        {"id": "users", "provider": "p", "sign_in": False, "credential": False, "paths": ["/v1/users/{x}/factors"]},
        {"id": "below", "provider": "p", "sign_in": False, "credential": False, "paths": ["/v1/users/{x}/factors/*"]},
        {"id": "other", "provider": "q", "sign_in": False, "credential": False, "paths": ["/v1/token"]},
    )

    @pytest.mark.parametrize(
        ("path", "surface"),
        [
            ("/v1/token", "token"),
            ("/v1/token/", "token"),
            ("/v1/token?x=/v1/users", "token"),
            ("/default/v1/token", "token"),
            ("/v1/anything/else", "all"),
            ("/v1", "all"),
            ("/v1/users/jane/factors", "users"),
            ("/v1/users/jane/factors/f/verify", "below"),
            ("/v1/users/jane", "all"),
            ("/v2/token", None),
            ("/", None),
            ("", None),
            ("/default/v1/token/more", None),
            ("/*", None),
            ("/v1/{}", "all"),
        ],
    )
    def test_are_found_by_path(self, path: str, surface: str | None) -> None:
        """The exact path before a variable one, both before all that lies below."""
        found = Surfaces(self.ROWS).find("p", path)

        assert (found.id if found is not None else None) == surface

    def test_are_a_providers_own(self) -> None:
        """The same path means something else elsewhere."""
        surfaces = Surfaces(self.ROWS)
        found = [surfaces.find(provider, "/v1/token") for provider in "pqr"]

        assert [surface.id if surface is not None else None for surface in found] == ["token", "other", None]

    @given(st.lists(st.sampled_from(["v1", "users", "{x}", "*", "factors", "..", "%2f"]), max_size=40))
    def test_any_path_is_found_or_not(self, segments: list[str]) -> None:
        """Paths are the client's choice: none raises, however long."""
        found = Surfaces(self.ROWS).find("p", "/" + "/".join(segments))

        assert found is None or found.provider == "p"

    @pytest.mark.parametrize("path", ["/v1//token", "//v1/token", "/v1/token//", "/x//v1///token"])
    def test_an_empty_segment_does_not_count(self, path: str) -> None:
        """Clients write two slashes by mistake, and on purpose."""
        found = Surfaces(self.ROWS).find("p", path)

        assert found is not None
        assert found.id == "token"


class TestEndpointSurfaces:
    def test_records_whether_it_was_consulted(self) -> None:
        """So that a cache can record whether a result depended on the endpoint."""
        endpoint = EndpointSurfaces(REGISTRY.surfaces, "/oauth/token")
        assert not endpoint.consulted

        endpoint.find("auth0")

        assert endpoint.consulted

    @pytest.mark.parametrize(
        ("path", "auth0", "okta"),
        [
            ("/oauth/token", "auth0.token", None),
            ("/api/v1/authn", None, "okta.authn"),
            ("/somewhere", None, None),
            (None, None, None),
        ],
    )
    def test_finds_the_surface_at_each_vendor(self, path: str | None, auth0: str | None, okta: str | None) -> None:
        """One path may be an endpoint of either."""
        found = EndpointSurfaces(REGISTRY.surfaces, path).key()

        assert (auth0, okta) == tuple(surface and surface.id for surface in found)

    @given(st.text(max_size=60))
    def test_gives_the_same_as_a_direct_look_up(self, path: str) -> None:
        """Any path, looked up twice."""
        endpoint = EndpointSurfaces(REGISTRY.surfaces, path)

        assert [REGISTRY.surface("okta", path)] * 2 == [endpoint.find("okta"), endpoint.find("okta")]
