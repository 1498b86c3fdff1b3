"""The registrable domain: as the library says it from the whole list."""

from __future__ import annotations

import pytest
from publicsuffixlist import PublicSuffixList

from deliverkit.checks.suffixes import registrable

WHOLE = PublicSuffixList()
NAMES = """
example com example.com www.example.com a.b.example.com example.co.uk co.uk uk www.example.co.uk
x.y.kobe.jp city.kobe.jp www.city.kobe.jp x.ck www.ck a.b.c.ck github.io a.github.io b.a.github.io
example.example sub.shop.example local xn--p1ai a.xn--p1ai b.a.xn--p1ai xn--fiqs8s www.a.xn--fiqs8s
a.xn--55qx5d.cn xn--55qx5d.cn b.a.xn--55qx5d.cn s3.amazonaws.com a.s3.amazonaws.com b.a.s3.amazonaws.com
xn--broken--a xn-- a.xn--zzzzzz comx xcom example.comx a.b.kawasaki.jp
"""


@pytest.mark.parametrize("name", NAMES.split())
def test_it_agrees_with_the_whole_list(name: str) -> None:
    assert registrable(name) == WHOLE.privatesuffix(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a..com", ".com"])
def test_no_name_has_no_registrable_part(name: str) -> None:
    assert registrable(name) == (WHOLE.privatesuffix(name) or None)


def test_a_dot_that_is_no_dot_matches_nothing_else() -> None:
    """The top-level domain stands in a pattern: a name from outside must not become one."""
    assert registrable("a.b.c*") == WHOLE.privatesuffix("a.b.c*")
    assert registrable("example.(") == WHOLE.privatesuffix("example.(")
