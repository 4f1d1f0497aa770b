"""Where things stand: in one page, or in an index and a page for each application."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from auditor.model.finding import ApplicationReference, Finding
from auditor.model.report import EarlierFinding, Report

INDEX = "report.html"
FOLDER = "applications"
"""Of the pages, beside the index."""

PAGE = re.compile(r"([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|x-[0-9a-f]{32})\.html")
"""What the name of a page looks like; other files in the folder are not ours."""


def anchor(text: str) -> str:
    """An id that is safe in the page and in its address."""
    return quote(text, safe="").replace("%", "_")


def page_name(service_principal_id: str) -> str:
    """The file of an application: its object id; a digest where that is no GUID in lower case."""
    name = f"{service_principal_id}.html"
    if PAGE.fullmatch(name) and not name.startswith("x-"):
        return name
    digest = hashlib.sha256(service_principal_id.encode(errors="backslashreplace")).hexdigest()[:32]
    return f"x-{digest}.html"


def page_names(report: Report) -> frozenset[str]:
    """The files that belong to an index of this report."""
    return frozenset(page_name(application.service_principal_id) for application in report.applications)


@dataclass(slots=True, kw_only=True)
class Places:
    """Links within one page; `here` is the application whose page it is, None in the index and the whole."""

    split: bool = False
    here: str | None = None
    of_profile: Mapping[str, str] = field(default_factory=dict)
    """Profile to the application whose page has what was found about the profile."""
    _taken: set[str] = field(default_factory=set)

    def first(self, id: str) -> bool:
        """Whether this is the first element of the page that asks for this id."""
        if id in self._taken:
            return False
        self._taken.add(id)
        return True

    def finding(self, finding: Finding | EarlierFinding) -> str:
        """The address of a finding."""
        fragment = f"#f-{anchor(finding.fingerprint)}"
        if finding.application is not None:
            return self._page(finding.application.service_principal_id) + fragment
        return self._page(self.of_profile.get(finding.subject.id)) + fragment

    def application(self, application: ApplicationReference | str) -> str:
        """The address of an application; `application` may be the object id."""
        id = application if isinstance(application, str) else application.service_principal_id
        return f"{self._page(id)}#a-{anchor(id)}"

    def index(self, fragment: str) -> str:
        """The address of something that only the index, or the whole page, has."""
        return f"../{INDEX}#{fragment}" if self.here else f"#{fragment}"

    def _page(self, service_principal_id: str | None) -> str:
        if not self.split or service_principal_id == self.here:
            return ""
        if service_principal_id is None:
            return f"../{INDEX}" if self.here else ""
        name = page_name(service_principal_id)
        return name if self.here else f"{FOLDER}/{name}"


def profile_owners(report: Report) -> Mapping[str, str]:
    """The first application of each profile."""
    found: dict[str, str] = {}
    for application in report.applications:
        if application.profile is not None:
            found.setdefault(application.profile, application.service_principal_id)
    return found
