"""The data goes one way: who may import whom, who may touch the network, how long things may get."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "auditor").rglob("*.py"))

_DOCUMENTS = {"errors", "bundled", "model", "schema_problems", "yaml_document"}
MAY_IMPORT = {
    "errors": set(),
    "bundled": set(),
    "schema_problems": set(),
    "secret": {"errors"},
    "model": {"errors"},
    "yaml_document": _DOCUMENTS,
    "web_address": set(),
    "literal_secrets": _DOCUMENTS,
    "alert_routes": {*_DOCUMENTS, "literal_secrets", "web_address"},
    "configuration": {*_DOCUMENTS, "declaration", "alert_routes", "literal_secrets", "waiver_file"},
    "waiver_file": _DOCUMENTS,
    "declaration": _DOCUMENTS,
    "saml": {"errors", "model"},
    "graph": {"errors", "model", "secret"},
    "emulator": {"errors", "bundled", "schema_problems", "yaml_document"},
    "collect": {"errors", "model", "graph", "saml"},
    "evaluate": {*_DOCUMENTS, "saml"},
    "drift": {"errors", "model", "saml"},  # certificates and metadata are compared by what they say
    "history": {"errors", "model"},
    "proof": {"errors", "model"},
    "redaction": {"model", "evaluate", "saml"},  # whom the rules know by name, what is masked already
    "report": {*_DOCUMENTS, "evaluate"},
    "deploy": {"errors", "bundled", "model"},
    "alert": {"errors", "model", "secret", "web_address", "graph", "history", "report"},
    "cli": {
        "alert",
        *_DOCUMENTS,
        "configuration",
        "waiver_file",
        "secret",
        "saml",
        "graph",
        "emulator",
        "collect",
        "evaluate",
        "drift",
        "history",
        "proof",
        "report",
        "deploy",
        "redaction",
    },
    "__main__": {"cli"},
    "__init__": set(),
}
"""Per part of the program; the package itself (for its version) and a part's own modules always."""

NETWORK = {
    "apprise",
    "azure",
    "http",
    "httpx",
    "kiota_abstractions",
    "kiota_authentication_azure",
    "kiota_http",
    "msal",
    "msgraph",
    "msgraph_core",
    "requests",
    "psycopg",
    "socket",
    "sqlalchemy",
    "ssl",
    "urllib.request",
    "urllib3",
    "uvicorn",
}
MAY_TOUCH_THE_NETWORK = {
    "graph",
    "alert",
    "emulator",
    "history",  # when it is PostgreSQL
    "cli/metadata.py",  # is given a URL
    "proof/authority.py",  # asks for timestamps
}
"""Folders and files of `auditor/`, all of which do."""


def part(module: Path) -> str:
    """The part of the program a file belongs to: its folder, or its own name at the top."""
    first = module.relative_to(ROOT / "auditor").parts[0]
    return first.removesuffix(".py")


@cache
def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def imported(module: Path) -> Iterator[str]:
    """All modules that a file names in imports, wherever they stand in it."""
    return _imported(tree(module), typing=True)


def _imported(node: ast.AST, *, typing: bool) -> Iterator[str]:
    """`typing`: also those that only a type checker sees."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "a relative import"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif typing or not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        for child in ast.iter_child_nodes(node):
            yield from _imported(child, typing=typing)


def test_every_part_has_its_place() -> None:
    assert {part(module) for module in MODULES} <= set(MAY_IMPORT)


@pytest.mark.parametrize("name", sorted(MAY_IMPORT))
def test_imports_point_upstream(name: str) -> None:
    parts = set(MAY_IMPORT)
    wrong = []
    for module in (each for each in MODULES if part(each) == name):
        for target in imported(module):
            root, _, rest = target.partition(".")
            first = rest.partition(".")[0]
            if root == "auditor" and first in parts and first not in {name, *MAY_IMPORT[name]}:
                wrong.append(f"{module.relative_to(ROOT)} imports {target}")
    assert wrong == []


def test_the_network_is_touched_where_it_may_be_and_nowhere_else() -> None:
    touching = set()
    for module in MODULES:
        names = _imported(tree(module), typing=False)
        if any(name == each or name.startswith(f"{each}.") for name in names for each in NETWORK):
            file = module.relative_to(ROOT / "auditor").as_posix()
            touching.add(file if file in MAY_TOUCH_THE_NETWORK else part(module))
    assert touching == MAY_TOUCH_THE_NETWORK


def test_only_the_commands_print_or_exit() -> None:
    def speaks(node: ast.AST) -> bool:
        match node:
            case ast.Call(func=ast.Name(id="print" | "exit" | "quit")):
                return True
            case ast.Attribute(value=ast.Name(id="sys"), attr="exit" | "stdout" | "stderr"):
                return True
        return False

    wrong = [
        f"{module.relative_to(ROOT)}:{node.lineno}"
        for module in MODULES
        if part(module) not in ("cli", "__main__")
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call | ast.Attribute) and speaks(node)
    ]
    assert wrong == []


def test_no_module_is_longer_than_400_lines_and_no_function_than_60() -> None:
    long = []
    for module in MODULES:
        lines = len(module.read_text(encoding="utf-8").splitlines())
        if lines > 400:
            long.append(f"{module.relative_to(ROOT)}: {lines} lines")
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > 60:
                    long.append(f"{module.relative_to(ROOT)}:{node.lineno} {node.name}: {size} lines")
    assert long == []
