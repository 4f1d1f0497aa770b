"""The files of each way to run the audit every night, from templates in `reports/deploy/`."""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from auditor.bundled import bundled
from auditor.deploy.needs import NeededFile, Needs, Place
from auditor.deploy.rewriting import rewritten
from auditor.errors import UsageError

_AUDIENCES = {
    "global": "api://AzureADTokenExchange",
    "usgov": "api://AzureADTokenExchangeUSGov",
    "usgov-dod": "api://AzureADTokenExchangeUSGov",
    "china": "api://AzureADTokenExchangeChina",
}
"""Microsoft Entra documentation, "Configure an app to trust an external identity provider"."""

CONFIGURED = PurePosixPath("/etc/auditor")
SECRETS = PurePosixPath("/etc/auditor-secrets")
STATE = PurePosixPath("/var/lib/auditor")
TOKEN = PurePosixPath("/var/run/secrets/azure/token")
"""Where things are in a container."""

_HIDDEN_BY = {"ProtectHome": ("/home", "/root", "/run/user"), "PrivateTmp": ("/tmp", "/var/tmp")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to run, when and where."""

    needs: Needs
    program: str
    """The command, as an absolute path."""
    hour: int
    minute: int
    image: str
    version: str
    has_sarif: bool
    """Whether the report can be written as SARIF."""
    environment: Mapping[str, str]
    """Of this machine: ids that the configuration leaves to it are no secret, and may be written down."""


def systemd(plan: Plan) -> dict[str, str]:
    """Service, timer, what happens when the service fails, and the environment's names."""
    needs = plan.needs
    paths = [needs.file, Path(plan.program), *(file.path for file in needs.files)]
    paths += [folder / "file" for folder in needs.writable]
    hidden = {
        option: any(str(path).startswith(f"{root}/") for path in paths for root in roots)
        for option, roots in _HIDDEN_BY.items()
    }
    files = {
        name: _render(f"{name}.j2", plan, hidden=hidden)
        for name in ("auditor.service", "auditor.timer", "auditor-failed.service")
    }
    return {**files, **_environment_file(plan)}


def cron(plan: Plan) -> dict[str, str]:
    """A file for /etc/cron.d, and the environment's names."""
    return {"auditor.cron": _render("auditor.cron.j2", plan), **_environment_file(plan)}


def kubernetes(plan: Plan) -> dict[str, str]:
    """One file of manifests: configuration, volume, CronJob. Secrets are referred to and made by hand."""
    needs = plan.needs
    federated = "workload-identity" in needs.credential_types
    config_map, secrets, moved = _placed(needs, federated=federated)
    if needs.store is not None:
        moved["history",] = f"sqlite:///{STATE}/{needs.store.name}"
    moved.update((file.place, str(STATE / file.path.name)) for file in needs.written)
    config_map["auditor.yaml"] = rewritten(needs.text, moved).encode()
    texts: dict[str, str] = {}
    binary: dict[str, str] = {}
    for key, content in config_map.items():
        try:
            texts[key] = content.decode()
        except UnicodeDecodeError:
            binary[key] = b64encode(content).decode()
    manifests = _render(
        "kubernetes.yaml.j2",
        plan,
        texts=texts,
        binary=binary,
        secrets=secrets,
        federated=federated,
        audience=_audience(needs),
        configured=str(CONFIGURED),
        secret_folder=str(SECRETS),
        state=str(STATE),
        token=TOKEN,
    )
    return {"auditor.kubernetes.yaml": manifests}


def github_actions(plan: Plan) -> dict[str, str]:
    """A workflow that signs in with the identity that GitHub gives it."""
    needs = plan.needs
    folder = needs.file.parent
    moved: dict[Place, str] = {}
    for index, kind in enumerate(needs.credential_types):
        if kind not in ("workload-identity", "environment"):
            moved["tenants", index, "credential", "type"] = "workload-identity"
    kept = [file for file in needs.files if not file.credential]
    outside = [file for file in kept if not file.path.is_relative_to(folder)]
    if outside:
        raise UsageError(
            f"{outside[0].written} lies outside the folder of the configuration",
            remedy="Keep what the configuration names beside it, in the repository.",
        )
    # The token's file of a configuration is that of another machine.
    for file in needs.files:
        if file.place[-1] == "token_file":
            moved[file.place] = "azure-token"
    changed = rewritten(needs.text, moved) if moved else None
    workflow = _render(
        "workflow.yml.j2",
        plan,
        audience=_audience(needs),
        configuration="auditor.github.yaml" if changed else needs.file.name,
        variables=[variable for variable in needs.variables if not variable.credential],
        environment=plan.environment,
        secret_files=[
            (file.path.relative_to(folder).as_posix(), f"AUDITOR_FILE_{number}")
            for number, file in enumerate((each for each in kept if each.secret), start=1)
        ],
    )
    files = {".github/workflows/auditor.yml": workflow}
    return files if changed is None else {**files, "auditor.github.yaml": changed}


def container(plan: Plan) -> dict[str, str]:
    """The recipe of an image, to be built in a checkout of this program."""
    folder = plan.needs.file.parent
    inside = any(place.is_relative_to(folder) for place in plan.needs.writable)
    recipe = _render("Containerfile.j2", plan, state=str(STATE), configured=str(CONFIGURED), inside=inside)
    return {"Containerfile": recipe}


TARGETS: Mapping[str, Callable[[Plan], dict[str, str]]] = MappingProxyType(
    {
        "systemd": systemd,
        "cron": cron,
        "kubernetes": kubernetes,
        "github-actions": github_actions,
        "container": container,
    }
)
"""By name: the files, by name."""


def _placed(
    needs: Needs, *, federated: bool
) -> tuple[dict[str, bytes], dict[str, NeededFile], dict[Place, str]]:
    """Files for the ConfigMap, files for the Secret, and what the configuration says instead."""
    public: dict[str, bytes] = {}
    secrets: dict[str, NeededFile] = {}
    moved: dict[Place, str] = {}
    keys: dict[Path, str] = {}
    for file in needs.files:
        if federated and file.place[-1] == "token_file":
            moved[file.place] = str(TOKEN)
            continue
        key = keys.setdefault(file.path, _key(file.path, {"auditor.yaml", *keys.values()}))
        if file.secret:
            secrets[key] = file
        else:
            public[key] = _content(file)
        place = (SECRETS if file.secret else CONFIGURED) / key
        moved[file.place] = f"file:{place}" if file.reference else str(place)
    return public, secrets, moved


def _key(path: Path, taken: set[str]) -> str:
    """A key that Kubernetes takes, made of the file's name."""
    base = re.sub(r"[^A-Za-z0-9._-]+", "-", path.name).strip(".-")[:200] or "file"
    key, number = base, 1
    while key in taken:
        number += 1
        key = f"{number}-{base}"
    return key


def _content(file: NeededFile) -> bytes:
    try:
        return file.path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{file.written}, which the configuration names, cannot be read: {error.strerror}",
            remedy="Put it there: its content becomes part of the ConfigMap.",
        ) from error


def _audience(needs: Needs) -> str:
    """Whom the token of a federated identity is for."""
    audiences = {_AUDIENCES[cloud] for cloud in needs.clouds}
    if len(audiences) > 1:
        raise UsageError(
            "the tenants are in clouds that want different tokens",
            remedy="Use a configuration for each cloud.",
        )
    return audiences.pop()


def _environment_file(plan: Plan) -> dict[str, str]:
    if not plan.needs.variables:
        return {}
    return {"auditor.env": _render("auditor.env.j2", plan)}


def _render(template: str, plan: Plan, **values: object) -> str:
    environment = Environment(
        loader=FileSystemLoader(bundled("reports") / "deploy"),
        autoescape=False,  # no markup; each value goes through the filter of its language
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        specifiers=specifiers, argument=argument, cronned=cronned, shell=shlex.quote, text=quoted, line=line
    )
    folder = plan.needs.file.parent
    shown = [str(plan.needs.file), plan.program, plan.image, *(str(each.path) for each in plan.needs.files)]
    for each in [*shown, *map(str, plan.needs.writable), str(plan.needs.store or "")]:
        if not each.isprintable():
            raise UsageError(f"{each!r} holds characters that no such file can name", remedy="Rename it.")
    return environment.get_template(template).render(plan=plan, needs=plan.needs, folder=folder, **values)


def specifiers(value: object) -> str:
    """For a line of a unit that is taken whole: `%` begins a specifier there."""
    return str(value).replace("%", "%%")


def argument(value: object) -> str:
    """For a command line or a list in a unit: quoted, no specifier, no variable."""
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{specifiers(escaped)}"'


def cronned(command: str) -> str:
    """For a crontab, in which `%` is the end of the line."""
    return command.replace("%", "\\%")


def quoted(value: object) -> str:
    """A double-quoted scalar of YAML, which JSON's strings are."""
    return json.dumps(str(value), ensure_ascii=True)


def line(value: object) -> str:
    """For a comment: one line."""
    return " ".join(str(value).split())
