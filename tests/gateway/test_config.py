"""The configuration from flags, environment and TOML, and the messages for invalid ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from authproblem.gateway import ConfigError, Gateway, Route, load_config, make_app
from authproblem.gateway._settings import CHOICES, SETTINGS

AUTH0 = ("upstream", "https://tenant.auth0.com", "")
EXAMPLE = Path(__file__).parents[2] / "examples" / "gateway.toml"


def written(folder: Path, text: str) -> str:
    """A TOML file."""
    path = folder / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


class TestRoutes:
    def test_the_host_of_a_vendor_names_the_provider(self) -> None:
        """`--upstream`."""
        config = load_config({"routes": [AUTH0, ("upstream", "https://org.okta.com", "/okta")]}, {})

        assert config.routes == (
            Route("/okta", "https://org.okta.com", "okta"),
            Route("", "https://tenant.auth0.com", "auth0"),
        )

    def test_a_custom_domain_comes_with_its_provider(self) -> None:
        """`--okta`."""
        config = load_config({"routes": [("okta", "https://login.example.com/base/", "/id/")]}, {})

        assert config.routes == (Route("/id", "https://login.example.com/base", "okta"),)

    def test_can_come_from_the_environment(self) -> None:
        """A path and `=` before the URL."""
        environ = {
            "AUTHPROBLEM_UPSTREAM": "https://tenant.auth0.com",
            "AUTHPROBLEM_OKTA": "/a=https://a.example.com /b=https://b.example.com/x=y",
        }

        config = load_config({}, environ)

        assert config.routes == (
            Route("/a", "https://a.example.com", "okta"),
            Route("/b", "https://b.example.com/x=y", "okta"),
            Route("", "https://tenant.auth0.com", "auth0"),
        )

    def test_can_come_from_the_file(self, tmp_path: Path) -> None:
        """A list of tables."""
        file = written(
            tmp_path,
            '[[upstream]]\nurl = "https://tenant.auth0.com"\n'
            '[[upstream]]\nurl = "https://login.example.com"\nprovider = "okta"\nprefix = "/okta"\n',
        )

        assert load_config({}, {"AUTHPROBLEM_CONFIG": file}).routes == (
            Route("/okta", "https://login.example.com", "okta"),
            Route("", "https://tenant.auth0.com", "auth0"),
        )

    @pytest.mark.parametrize(
        ("routes", "message"),
        [
            ([], "no upstream is configured"),
            ([("upstream", "https://login.example.com", "")], "the provider is unknown"),
            ([("upstream", "tenant.auth0.com", "")], "expected a URL"),
            ([("upstream", "ftp://tenant.auth0.com", "")], "expected a URL"),
            ([("upstream", "https://tenant.auth0.com/?a=b", "")], "expected a URL"),
            ([("upstream", "https://user:pw@tenant.auth0.com", "")], "expected a URL"),
            ([("upstream", "https://tenant.auth0.com:99999", "")], "expected a URL"),
            ([("upstream", "https://[::1", "")], "expected a URL"),
            ([("auth0", "https://a.example.com", "okta")], "expected a path"),
            ([("auth0", "https://a.example.com", "/a b")], "expected a path"),
            ([("ping", "https://a.example.com", "")], "the provider is unknown"),
            ([AUTH0, ("okta", "https://a.example.com", "/")], "two upstreams have prefix '/'"),
        ],
    )
    def test_that_are_invalid(self, routes: list[tuple[str, str, str]], message: str) -> None:
        """The message says what is expected."""
        with pytest.raises(ConfigError, match=message):
            load_config({"routes": routes}, {})

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('[upstream]\nurl = "x"', "list of tables"),
            ('[[upstream]]\nurls = "x"', "unknown key 'urls'"),
            ('[[upstream]]\nprefix = "/x"', "there is no 'url'"),
        ],
    )
    def test_that_are_invalid_in_the_file(self, tmp_path: Path, text: str, message: str) -> None:
        """The message says where."""
        with pytest.raises(ConfigError, match=message):
            load_config({}, {}, written(tmp_path, text))


class TestSettings:
    def test_a_flag_wins_over_the_environment_and_that_over_the_file(self, tmp_path: Path) -> None:
        """Each of three settings is given in one place more than the next."""
        file = written(tmp_path, "port = 1\nread_timeout = 1.5\npool_timeout = 1\n")
        environ = {"AUTHPROBLEM_PORT": "2", "AUTHPROBLEM_READ_TIMEOUT": "2"}

        settings = load_config({"routes": [AUTH0], "port": "3"}, environ, file).settings

        assert [settings[name] for name in ("port", "read_timeout", "pool_timeout", "workers")] == [3, 2.0, 1.0, 1]

    def test_every_setting_can_be_given_in_all_three_ways(self, tmp_path: Path) -> None:
        """The default, given as text, as a variable and in TOML, is read as the same value."""
        given = {
            row.name: str(row.default).lower() if isinstance(row.default, bool) else str(row.default)
            for row in SETTINGS
            if row.default not in {None, ()}
        }
        by_default = load_config({"routes": [AUTH0]}, {}).settings

        by_flag = load_config({"routes": [AUTH0], **given}, {}).settings
        by_variable = load_config(
            {"routes": [AUTH0]}, {f"AUTHPROBLEM_{k.upper()}": v for k, v in given.items()}
        ).settings
        text = "".join(
            f"{name} = {value}\n"
            if (value[0].isdigit() and not name.endswith("host")) or value == "true"
            else f'{name} = "{value}"\n'
            for name, value in given.items()
        )
        by_file = load_config({"routes": [AUTH0]}, {}, written(tmp_path, text)).settings

        assert by_flag == by_variable == by_file == by_default

    def test_a_list_can_be_separated_by_spaces(self, tmp_path: Path) -> None:
        """Origins."""
        file = written(tmp_path, 'cors_origins = ["https://a.example", "https://b.example"]')
        words = {"AUTHPROBLEM_CORS_ORIGINS": "https://a.example https://b.example"}

        expected = ("https://a.example", "https://b.example")
        assert load_config({"routes": [AUTH0]}, {}, file).settings["cors_origins"] == expected
        assert load_config({"routes": [AUTH0]}, words).settings["cors_origins"] == expected

    @pytest.mark.parametrize(
        ("flags", "message"),
        [
            ({"port": "x"}, r"invalid --port: 'x'; expected a whole number"),
            ({"read_timeout": "x"}, r"invalid --read-timeout: 'x'; expected a number"),
            ({"read_timeout": "0"}, r"--read-timeout: '0'; expected .*seconds above 0"),
            ({"workers": "0"}, r"--workers: '0'; expected .*at least 1"),
            ({"cooldown": "maybe"}, r"--cooldown: 'maybe'; expected .*true or false"),
            ({"server": "apache"}, r"--server: 'apache'; expected .*one of uvicorn, granian"),
            ({"disclosure": "loud"}, r"disclosure: 'loud'; expected one of 'safe', 'strict', 'off'"),
            ({"type_base": "nope"}, r"type_base: 'nope'"),
            ({"registry": "/no/such.json"}, r"registry: the file '/no/such.json' cannot be read: No such file"),
            ({"redis": "http://user:hunter2@host"}, r"^redis: invalid URL; expected 'redis://HOST:PORT'(?!.*hunter2)"),
            ({"ca_file": "/no/such.pem"}, r"ca_file: '/no/such.pem' cannot be used: No such file"),
        ],
    )
    def test_that_are_invalid(self, flags: dict[str, Any], message: str) -> None:
        """The message names the flag."""
        with pytest.raises(ConfigError, match=message):
            load_config({"routes": [AUTH0], **flags}, {})

    def test_that_are_invalid_in_the_environment(self) -> None:
        """The message names the variable."""
        with pytest.raises(ConfigError, match="AUTHPROBLEM_PORT"):
            load_config({"routes": [AUTH0]}, {"AUTHPROBLEM_PORT": "http"})

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("prot = 1", r"unknown key 'prot' in the configuration file; did you mean 'port'\?"),
            ("[options]\ndisclosures = 'x'", r"unknown key \[options\] 'disclosures' .* did you mean 'disclosure'\?"),
            ("options = 1", r"\[options\] .* expected a table"),
            ("[options]\nexclude = '/x'", r"exclude: '/x'; expected .*a list of paths"),
            ("[options]\nexclude = ['x']", r"exclude"),
            ("port = ", "is not valid TOML"),
        ],
    )
    def test_that_are_invalid_in_the_file(self, tmp_path: Path, text: str, message: str) -> None:
        """The message names the key."""
        with pytest.raises(ConfigError, match=message):
            load_config({"routes": [AUTH0]}, {}, written(tmp_path, text))

    def test_a_file_that_does_not_exist(self) -> None:
        """Named, with the reason."""
        with pytest.raises(ConfigError, match=r"'/no/such\.toml' cannot be read: No such file"):
            load_config({}, {}, "/no/such.toml")

    def test_options_are_those_of_the_middleware(self, tmp_path: Path) -> None:
        """Flags for those that are one value, lists in the file; `disclosure` is `safe` by default."""
        file = written(tmp_path, "[options]\nstatus = 'canonical'\nexclude = ['/health']\nmax_body = 1000\n")

        options = load_config({"routes": [AUTH0], "texts": "all"}, {}, file).options

        chosen = {name: options[name] for name in ("status", "exclude", "max_body", "texts", "disclosure")}
        assert chosen == {
            "status": "canonical",
            "exclude": ("/health",),
            "max_body": 1000,
            "texts": "all",
            "disclosure": "safe",
        }


def test_the_factory_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """For servers that take a factory."""
    monkeypatch.setenv("AUTHPROBLEM_UPSTREAM", "https://tenant.auth0.com")

    assert isinstance(make_app(), Gateway)


def test_other_certificate_authorities_can_be_trusted() -> None:
    """`ca_file`."""
    import certifi

    config = load_config({"routes": [AUTH0], "ca_file": certifi.where()}, {})

    assert isinstance(make_app(config), Gateway)


def test_the_example_is_valid_and_complete() -> None:
    """It names every setting, since it is the reference."""
    config = load_config({}, {}, str(EXAMPLE))
    text = EXAMPLE.read_text(encoding="utf-8")

    assert len(config.routes) == 2
    assert [row.name for row in (*SETTINGS, *CHOICES) if f"{row.name} =" not in text] == []


def test_the_example_shows_the_defaults() -> None:
    """What is commented out in it is the default."""
    shown = load_config({}, {}, str(EXAMPLE))
    default = load_config({"routes": [AUTH0]}, {})

    assert shown.settings == default.settings
    assert {**shown.options, "registry": None} == {**default.options, "registry": None}


def test_its_repr_shows_no_password() -> None:
    """Reports of exceptions show local variables."""
    config = load_config({"routes": [AUTH0], "redis": "redis://user:canary-password@localhost:6379/0"}, {})

    assert ("canary" in repr(config), "tenant.auth0.com" in repr(config)) == (False, True)
