"""The house keeps its own rules."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = sorted((ROOT / "src").rglob("*.py"))


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a Git checkout")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("path", SOURCE, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_no_function_imports_from_our_own_package(path):
    for function in functions(ast.parse(path.read_text(encoding="utf-8"))):
        for node in ast.walk(function):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.startswith("airworthy") for name in names), f"{function.name} imports {names}"


@pytest.mark.parametrize("path", SOURCE, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_every_function_is_typed_and_every_module_says_what_it_is(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or not path.read_text(encoding="utf-8").strip(), "no first sentence"
    for function in functions(tree):
        named = [a for a in (*function.args.args, *function.args.kwonlyargs) if a.arg not in ("self", "cls")]
        assert all(a.annotation for a in named), function.name
        assert function.returns is not None, function.name


def test_lock_files_hold_hashes_and_no_address():
    for name in ("requirements.lock", "requirements-core.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        pins = [line for line in text.splitlines() if "==" in line]
        assert pins
        assert text.count("--hash=sha256:") >= len(pins)


def test_the_light_lock_is_part_of_the_whole():
    pins = {
        name: set(re.findall(r"^[\w.-]+==[^ \\]+", (ROOT / name).read_text(encoding="utf-8"), re.M))
        for name in ("requirements.lock", "requirements-core.lock")
    }
    assert pins["requirements-core.lock"] <= pins["requirements.lock"]


def test_no_file_names_a_machine_or_an_index():
    path = re.compile(r"(?:^|[^\w.])/(?:work|tmp|root|home)/[a-z]")
    index = re.compile(r"https?://[^ \"]*(?:/simple/|/packages/|\.whl)")
    for file in tracked():
        if file.suffix in (".lock", ".gz", ".parquet", ".pq", ".png", ".bin") or "broken" in file.parts:
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        assert not path.search(text), file
        assert not index.search(text), file


def test_only_apsw_touches_a_database():
    for path in SOURCE:
        assert "import sqlite3" not in path.read_text(encoding="utf-8"), path


def test_the_first_screen_of_the_readme_is_two_commands():
    first = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:24]
    commands = [line.split("#")[0].strip() for line in first if line.startswith("make ")]
    assert commands == ["make run", "make test"]
