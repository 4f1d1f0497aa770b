"""The wheel carries all it needs: rules, profiles, schemas, templates, scenes; found outside the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

_CARRIED = {"rules": "auditor/_data/rules", "reports": "auditor/_data/reports", "auditor": "auditor"}


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as it would be released; hatchling comes from the test environment, so no index is needed."""
    folder = tmp_path_factory.mktemp("wheel")
    build = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=ROOT)
    assert build.returncode == 0, build.stderr
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `auditor` of an environment that holds the wheel; its dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", wheel),
        cwd=folder,
    )
    assert pip.returncode == 0, pip.stderr
    (site,) = folder.glob("lib/python*/site-packages")
    # A path named here is searched, but its own .pth files are not read: the checkout stays out of sight.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin" / "auditor"


def test_the_wheel_holds_every_file_of_the_checkout(wheel: Path) -> None:
    wanted = {
        f"{place}/{file.relative_to(ROOT / folder).as_posix()}"
        for folder, place in _CARRIED.items()
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        assert wanted - set(archive.namelist()) == set()


def test_rules_and_profiles_are_found_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    rules = run(installed, "rules", "list", cwd=tmp_path)
    assert rules.returncode == 0, rules.stderr
    assert "reply-url-matches" in rules.stdout
    profiles = run(installed, "profiles", "list", cwd=tmp_path)
    assert profiles.returncode == 0, profiles.stderr
    assert "gotomeeting" in profiles.stdout


def test_a_folder_of_the_same_name_where_it_runs_is_not_taken_for_its_own(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "rules").mkdir()
    assert "reply-url-matches" in run(installed, "rules", "list", cwd=tmp_path).stdout


def test_the_demo_runs_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    demo = run(installed, "demo", "--out", "out", cwd=tmp_path)
    assert demo.returncode == 0, demo.stderr
    assert json.loads((tmp_path / "out" / "report.json").read_bytes())["findings"]
    assert (tmp_path / "out" / "report.html").exists()


def test_a_store_is_made_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    program = "from auditor.history import open_history; print(open_history('sqlite:///auditor.db').runs())"
    made = run(installed.with_name("python"), "-c", program, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert made.stdout == "[]\n"
