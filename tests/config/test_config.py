"""Settings: whose word counts, where each stands, and that no mistake is passed over."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.config import load_config
from deliverkit.config.places import Found, found, named, user_file
from deliverkit.config.reading import read
from deliverkit.config.schema import BY_NAME, KEYS, Kind
from deliverkit.errors import ConfigError
from deliverkit.model import Ignore
from deliverkit.store.policy import Policy


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _failure(tmp_path: Path, text: str, name: str = "deliverkit.toml") -> ConfigError:
    _write(tmp_path / name, text)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path).check()
    return caught.value


def test_nothing_configured_is_all_defaults_and_creates_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    config = load_config(tmp_path, {"HOME": str(home)})
    assert {key.name: config.value(key.name) for key in KEYS} == {key.name: key.default for key in KEYS}
    assert {config.origin(key.name).kind for key in KEYS} == {"default"}
    assert config.policy == Policy()
    assert list(home.iterdir()) == []
    assert list(tmp_path.iterdir()) == [home]


def test_environment_beats_project_beats_user_beats_default(tmp_path: Path) -> None:
    user = _write(
        tmp_path / "config" / "deliverkit" / "deliverkit.toml",
        '[network]\ntimeout = 1\ndeadline = 11\n[audit]\nfail_on = "never"\n',
    )
    project = _write(tmp_path / "work" / "deliverkit.toml", "[network]\ntimeout = 2\ndeadline = 22\n")
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "DELIVERKIT_NETWORK_TIMEOUT": "3"}
    config = load_config(tmp_path / "work", environ)
    assert [config.value(f"network.{k}") for k in ("timeout", "deadline")] == [3, 22]
    assert (config.value("audit.fail_on"), config.value("output.color")) == ("never", "auto")
    assert config.origin("network.timeout")[:2] == ("environment", "DELIVERKIT_NETWORK_TIMEOUT")
    assert config.origin("network.deadline") == ("project", str(project), 3)
    assert config.origin("audit.fail_on") == ("user", str(user), 5)


def test_the_nearest_project_file_upwards_counts_alone(tmp_path: Path) -> None:
    _write(tmp_path / "deliverkit.toml", "[network]\ntimeout = 1\ndeadline = 11\n")
    _write(tmp_path / "a" / "pyproject.toml", '[project]\nname = "x"\n[tool.deliverkit.network]\ntimeout = 2\n')
    _write(tmp_path / "a" / "b" / "pyproject.toml", '[project]\nname = "deliverkit-rules"\n')
    (tmp_path / "a" / "b" / "c").mkdir()
    config = load_config(tmp_path / "a" / "b" / "c")
    assert config.value("network.timeout") == 2
    assert not config.is_set("network.deadline")
    assert config.origin("network.timeout").line == 4


@pytest.mark.parametrize("text", ["[tool]\ndeliverkit.audit.jobs = 7\n", "tool.deliverkit.audit.jobs = 7\n"])
def test_our_table_of_pyproject_is_found_however_it_is_written(tmp_path: Path, text: str) -> None:
    _write(tmp_path / "pyproject.toml", text)
    assert load_config(tmp_path).value("audit.jobs") == 7


def test_a_named_file_stands_alone_and_no_file_means_none(tmp_path: Path) -> None:
    _write(tmp_path / "deliverkit.toml", "[network]\ntimeout = 1\n")
    other = _write(tmp_path / "ci.toml", "[network]\ndeadline = 9\n")
    config = load_config(tmp_path, file=str(other))
    assert (config.is_set("network.timeout"), config.value("network.deadline")) == (False, 9)
    assert load_config(tmp_path, {"DELIVERKIT_CONFIG": str(other)}).value("network.deadline") == 9
    assert load_config(tmp_path, files=False).settings == {}
    with pytest.raises(ConfigError, match="missing"):
        load_config(tmp_path, file=str(tmp_path / "missing.toml"))


def test_paths_are_meant_from_the_file_that_holds_them(tmp_path: Path) -> None:
    _write(tmp_path / "deliverkit.toml", '[replies]\nrules = ["my.toml", "/etc/r.toml"]\n[store]\nurl = "m/a.db"\n')
    config = load_config(tmp_path)
    assert config.value("replies.rules") == (str(tmp_path / "my.toml"), "/etc/r.toml")
    assert config.value("store.url") == str(tmp_path / "m/a.db")


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("sqlite:///a.db", "sqlite:///{here}/a.db"),
        ("sqlite:////srv/a.db", "sqlite:////srv/a.db"),
        ("postgresql://db.example.com/x", "postgresql://db.example.com/x"),
    ],
)
def test_store_urls(tmp_path: Path, url: str, meant: str) -> None:
    _write(tmp_path / "deliverkit.toml", f'[store]\nurl = "{url}"\n')
    assert load_config(tmp_path).value("store.url") == meant.format(here=tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[audit]\n\nfailon = 'error'\n", ("deliverkit.toml:3", "failon", "fail_on")),
        ("\n[netwrok]\ntimeout = 1\n", ("deliverkit.toml:2", "netwrok", "network")),
        ("audit.fail_on = 'worse'\n", ("deliverkit.toml:1", "audit.fail_on", "warning")),
        ("[audit]\nchecks = ['spff']\n", ("deliverkit.toml:2", "spff", "spf")),
        ("[output]\nformat = 'josn'\n", ("deliverkit.toml:2", "josn", "json")),
        ("[network]\ntimeout = 'long'\n", ("deliverkit.toml:2", "network.timeout", "a number")),
        ("[network]\ntimeout = true\n", ("deliverkit.toml:2", "network.timeout", "a number")),
        ("[network]\ntimeout = nan\n", ("deliverkit.toml:2", "network.timeout", "0.05 to 60")),
        ("[network]\ntimeout = 1000\n", ("deliverkit.toml:2", "network.timeout", "0.05 to 60")),
        ("[audit]\njobs = 1.5\n", ("deliverkit.toml:2", "audit.jobs", "a whole number")),
        ("[network]\nnameservers = '9.9.9.9'\n", ("deliverkit.toml:2", "network.nameservers", "a list")),
        ("[network]\nhttp = 'no'\n", ("deliverkit.toml:2", "network.http", "true or false")),
        ("network = 3\n", ("deliverkit.toml:1", "network", "[network]")),
        ("[severity]\nspf-missing = 'awful'\n", ("deliverkit.toml:2", "awful", "notice")),
        ("[severity]\nspf-mising = 'error'\n", ("deliverkit.toml:2", "spf-mising", "spf-missing")),
        ("[[ignore]]\nfinding = 'spf-missing'\n", ("deliverkit.toml:1", "reason", "")),
        ("[[ignore]]\nfinding = 'spf-mising'\nreason = 'x'\n", ("deliverkit.toml:1", "spf-mising", "spf-missing")),
        ("[[ignore]]\nfinding = 'spf-missing'\nreason = 'x'\nuntil = 'May'\n", ("deliverkit.toml:4", "until", "2027")),
        ("[[ignore]]\nfinding = 'spf-missing'\nreason = 'x'\nuntill = 1\n", ("deliverkit.toml:4", "untill", "until")),
        ("[ignore]\nfinding = 'spf-missing'\n", ("deliverkit.toml:1", "ignore", "[[ignore]]")),
        ("[keys]\n'app.quit' = 3\n", ("deliverkit.toml:2", "app.quit", "f2")),
        ("[network\n", ("deliverkit.toml", "TOML", "")),
        ("x = " + "[" * 5000, ("deliverkit.toml", "", "")),
    ],
)
def test_mistakes_are_named_with_place_and_way_out(tmp_path: Path, text: str, words: tuple[str, str, str]) -> None:
    error = _failure(tmp_path, text)
    assert words[0] in str(error)
    assert words[1] in str(error)
    assert words[2] in error.advice


def test_mistakes_of_files_that_cannot_be_text(tmp_path: Path) -> None:
    (tmp_path / "deliverkit.toml").write_bytes(b"[audit]\njobs = 1 # \xff\n")
    with pytest.raises(ConfigError, match=r"deliverkit\.toml:2"):
        load_config(tmp_path)
    (tmp_path / "deliverkit.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigError, match="1000000"):
        load_config(tmp_path)
    (tmp_path / "deliverkit.toml").unlink()
    (tmp_path / "deliverkit.toml").mkdir()
    with pytest.raises(ConfigError, match=r"deliverkit\.toml"):
        load_config(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_rights_is_an_error(tmp_path: Path) -> None:
    _write(tmp_path / "deliverkit.toml", "").chmod(0)
    with pytest.raises(ConfigError, match=r"deliverkit\.toml"):
        load_config(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("NETWORK_NAMESERVERS", "192.0.2.1, tls://ns.example.com", ("192.0.2.1", "tls://ns.example.com")),
        ("NETWORK_HTTP", "off", False),
        ("AUDIT_JOBS", "12", 12),
        ("NETWORK_TIMEOUT", "0.5", 0.5),
        ("OUTPUT_LANG", "id", "id"),
    ],
)
def test_environment(tmp_path: Path, name: str, text: str, value: object) -> None:
    config = load_config(tmp_path, {f"DELIVERKIT_{name}": text})
    assert config.value(name.lower().replace("_", ".", 1)) == value


@pytest.mark.parametrize("name", ["DELIVERKIT_NETWORK_TIMOUT", "DELIVERKIT_AUDIT_FAILON", "DELIVERKIT_FAIL_ON"])
def test_an_environment_variable_that_is_no_setting(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load_config(tmp_path, {name: "1"})


def test_variables_that_are_no_settings_are_left_alone() -> None:
    others = ("DELIVERKIT_KEY_ABUSIX", "DELIVERKIT_TRACEBACK", "DELIVERKIT_CONFIG", "_DELIVERKIT_COMPLETE", "HOME")
    assert named(dict.fromkeys(others, "x")) == ()


@pytest.mark.parametrize("text", ["", "ten", "-1", "nan", "1e999"])
def test_environment_values_are_checked(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="DELIVERKIT_NETWORK_TIMEOUT"):
        load_config(tmp_path, {"DELIVERKIT_NETWORK_TIMEOUT": text})


def test_tables(tmp_path: Path) -> None:
    _write(
        tmp_path / "deliverkit.toml",
        '[severity]\nspf-missing = "warning"\n[keys]\n"app.audit" = "f6"\ncase.verify = "v"\n'
        '[[ignore]]\nfinding = "spf-missing"\nreason = "sends nothing"\n'
        '[[ignore]]\nfinding = "dmarc-missing"\ndomain = "*.Example.com"\nreason = "moving"\nuntil = 2027-01-31\n',
    )
    config = load_config(tmp_path)
    assert config.severities == {"spf-missing": "warning"}
    assert config.keys == {"app.audit": "f6", "case.verify": "v"}
    first, second = config.ignores
    assert (first.domain, first.until, second.until) == ("*", None, date(2027, 1, 31))
    assert [origin.line for _ignore, origin in config.ignore_origins] == [6, 9]
    assert second.covers("dmarc-missing", "shop.example.com")
    assert not second.covers("dmarc-missing", "example.com")
    assert not second.covers("spf-missing", "shop.example.com")
    assert not second.expired(date(2027, 1, 31))
    assert second.expired(date(2027, 2, 1))
    assert not Ignore("spf-missing", "x").expired(date(9999, 1, 1))


def test_tables_of_user_and_project_are_joined(tmp_path: Path) -> None:
    entry = '[[ignore]]\nfinding = "spf-missing"\nreason = "{}"\n[severity]\nspf-missing = "{}"\n'
    _write(tmp_path / "c" / "deliverkit" / "deliverkit.toml", entry.format("user", "info") + 'spf-ok = "error"\n')
    _write(tmp_path / "w" / "deliverkit.toml", entry.format("project", "error"))
    config = load_config(tmp_path / "w", {"XDG_CONFIG_HOME": str(tmp_path / "c")})
    assert [i.reason for i in config.ignores] == ["user", "project"]
    assert config.severities == {"spf-missing": "error", "spf-ok": "error"}


def test_policy_takes_every_number(tmp_path: Path) -> None:
    _write(tmp_path / "deliverkit.toml", "[suppression]\nsoft_failures = 3\ncomplaint = false\n")
    assert load_config(tmp_path).policy == Policy(soft_failures=3, complaint=False)


def test_a_working_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert found(None, {"HOME": str(tmp_path)}) == ()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="platformdirs itself answers there")
@pytest.mark.parametrize("base", ["", "/srv/config", "relative"])
def test_the_user_file_stands_where_platformdirs_says(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from platformdirs import user_config_path

    monkeypatch.setenv("XDG_CONFIG_HOME", base)
    if base != "relative":  # the specification has relative ones ignored; older platformdirs take them
        assert user_file(os.environ) == str(user_config_path("deliverkit") / "deliverkit.toml")
    else:
        assert Path(user_file(os.environ)).is_absolute()


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(data: bytes) -> None:
    with suppress(ConfigError):
        read([Found("project", "deliverkit.toml", data)], {})


@given(
    st.sampled_from([*BY_NAME, "severity.x", "ignore", "keys.a.b", "audit", "x.y"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    ),
)
def test_no_value_breaks_the_reading(name: str, value: object) -> None:
    import deliverkit.config.reading as reading

    table: object = value
    for part in reversed(name.split(".")):
        table = {part: table}
    parsed = reading.parsed
    named_in = "/p/deliverkit.toml"
    reading.parsed = lambda path, data: table  # type: ignore[assignment,return-value]
    try:
        config = read([Found("project", "/p/deliverkit.toml", b"")], {})
        if name in BY_NAME:
            kept = config.value(name)
            kind = BY_NAME[name].kind
            assert isinstance(kept, tuple) is (kind in (Kind.TEXTS, Kind.PATHS))
    except ConfigError as error:
        named_in = str(error)
    finally:
        reading.parsed = parsed
    assert "/p/deliverkit.toml" in named_in
