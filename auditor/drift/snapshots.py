"""What is different between two snapshots, by meaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from auditor.drift.access import access_changes
from auditor.drift.difference import ABSENT, Absent, Comparing, Difference, Side, Unseen
from auditor.drift.form import Volatile
from auditor.drift.last_seen import LastSeen
from auditor.drift.meaning import has_gap
from auditor.drift.people import people
from auditor.drift.scope import Scope, differently_collected, incomparable, reference, scope_of
from auditor.drift.table import PEOPLE, form_of
from auditor.drift.telling import Subject, Telling, in_order_of_reading, order_of_application
from auditor.model.change import Change, ChangeKind, ComparedRun, Coverage, Drift, UnknownPart
from auditor.model.snapshot import Per, Section, Snapshot


def compare(
    before: Snapshot | LastSeen,
    after: Snapshot,
    *,
    rules: Sequence[Coverage] = (),
    runs: tuple[str | None, str | None] = (None, None),
    approved: bool = False,
) -> Drift:
    """What changed from `before` to `after`.

    `rules` are those that judge now, `runs` the ids of the runs that made the snapshots, `approved` says that
    `before` is the approved baseline. Nobody is asked who did it: `attribute` does that.
    """
    seen = before if isinstance(before, LastSeen) else LastSeen(snapshot=before)
    before = seen.snapshot
    from_ = ComparedRun(run_id=runs[0], collected_at=before.finished_at, approved=approved)
    to = ComparedRun(run_id=runs[1], collected_at=after.finished_at)
    reasons = incomparable(before, after)
    if reasons:
        return Drift(from_=from_, to=to, comparable=False, not_comparable=reasons)
    scope = scope_of(before, after)
    comparison = _Comparison(before, after, scope, Telling(before, after, scope, rules))
    comparison.run()
    return Drift(
        from_=from_,
        to=to,
        comparable=True,
        not_comparable=(*differently_collected(before, after), *seen.sentences()),
        changes=in_order_of_reading(comparison.told()),
        access=access_changes(before, after, scope),
        unknown=tuple(sorted(set(comparison.unknown), key=_order_of_unknown)),
    )


@dataclass
class _Comparison:
    """Section by section, subject by subject."""

    before: Snapshot
    after: Snapshot
    scope: Scope
    telling: Telling
    changes: list[Change] = field(default_factory=list)
    unknown: list[UnknownPart] = field(default_factory=list)

    def run(self) -> None:
        """Fills changes and unknown."""
        comparing = Comparing(same_program=self.before.auditor_version == self.after.auditor_version)
        for name in sorted(self.before.sections.keys() | self.after.sections.keys()):
            was, now = self.before.sections.get(name), self.after.sections.get(name)
            section = now or was
            assert section is not None
            if isinstance(form_of(section).form, Volatile):
                continue
            if was is None or now is None:
                when = "then" if was is None else "now"
                self._note_unknown(name, f"not asked for {when}")
                continue
            for subject, one, other in self._records(section, was, now):
                if one == other and not isinstance(one, Absent) and not has_gap(one):
                    continue  # as most are, most nights
                told = Subject(section=name, per=section.per, id=subject, form=form_of(section))
                for found in comparing.differences(one, other, told.form.form):
                    match found:
                        case Difference():
                            self.changes.append(self.telling.change(told, found))
                        case Unseen():
                            self.unknown.append(self.telling.unknown(told, found))
        for target in self.scope.added.values():
            self.changes.append(self.telling.application(target, ChangeKind.ADDED))
        for target in self.scope.removed.values():
            self.changes.append(self.telling.application(target, ChangeKind.REMOVED))
        for target, why in self.scope.not_looked_for:
            part = UnknownPart(
                section="servicePrincipals", property=None, application=reference(target), reason=why
            )
            self.unknown.append(part)

    def _note_unknown(self, section: str, reason: str) -> None:
        self.unknown.append(UnknownPart(section=section, property=None, application=None, reason=reason))

    def _records(self, section: Section, was: Section, now: Section) -> Iterator[tuple[str, Side, Side]]:
        """Subjects that both looked at, as the later snapshot writes them, with what was read.

        An object that only one of them asked about says nothing: it asked because of something else, and
        that is told.
        """
        if section.name == PEOPLE:
            then, later = people(self.before), people(self.after)
            yield from ((id, then[id], later[id]) for id in sorted(then.keys() & later.keys()))
            return
        earlier = {subject.lower(): record.value for subject, record in was.records.items()}
        latest = {subject.lower(): (subject, record.value) for subject, record in now.records.items()}
        wanted = earlier.keys() & latest.keys()
        if section.per is Per.SERVICE_PRINCIPAL:
            wanted = self.scope.both.keys() & (earlier.keys() | latest.keys())
        elif section.per is Per.TENANT:
            wanted = earlier.keys() | latest.keys()
        for id in sorted(wanted):
            subject, value = latest.get(id, (id, ABSENT))
            yield subject, earlier.get(id, ABSENT), value

    def told(self) -> Iterator[Change]:
        """The changes without those that only repeat others."""
        changed: dict[str, set[str]] = {}
        for change in self.changes:
            if change.application is not None:
                names = changed.setdefault(change.application.service_principal_id.lower(), set())
                names.add(change.property)
        for change in self.changes:
            if not self._repeats(change, changed):
                yield change

    def _repeats(self, change: Change, changed: dict[str, set[str]]) -> bool:
        section = self.after.sections.get(change.section) or self.before.sections[change.section]
        form = form_of(section)
        if form.of_others and change.element is not None and change.element.lower() in self.scope.both:
            return True
        application = change.application
        if application is None or not form.follows:
            return False
        names = changed[application.service_principal_id.lower()]
        return any(
            name == followed or name.startswith(f"{followed}.") for name in names for followed in form.follows
        )


def _order_of_unknown(part: UnknownPart) -> tuple[str, ...]:
    return (*order_of_application(part.application), part.section, part.property or "", part.reason)
