"""Direct members of the groups that are assigned: `GET /groups/{id}/members`.

Documentation: "List group members" (group-list-members), GroupMember.Read.All; what the members are like
needs User.Read.All, else they come with limited information. Direct members only, because an assignment
does not reach nested groups ("Assign users and groups to an application"). Null: see `people`.
404: the group was deleted and the assignment outlived it; a gap.

The members of a group with hidden membership are shown only with Member.Read.Hidden: an empty list of
such a group says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.collect.app_role_assigned_to import assigned
from auditor.collect.collector import Collector, Context, Origin, by_id
from auditor.collect.people import PERMISSION, USER, directory_object
from auditor.graph.answer import Answer, Refusal
from auditor.model.gap import Reason
from auditor.model.snapshot import Per, Record

LISTING = "GroupMember.Read.All"
HIDDEN = "Member.Read.Hidden"

PAGES = 200
"""A group of more than some 200,000 members is not read to its end."""


async def run(context: Context) -> Mapping[str, Record]:
    """A list of direct members for each assigned group."""
    ids = assigned(context, "Group")
    groups = context.graph.sdk.groups
    builders = [groups.by_group_id(id).members for id in ids]
    answers = await context.graph.list_many(builders, select=USER, top=999, max_pages=PAGES)
    return {id: _record(context, id, answer) for id, answer in zip(ids, answers, strict=True)}


def _record(context: Context, subject: str, answer: Answer | Refusal) -> Record:
    section = COLLECTOR.section
    if isinstance(answer, Refusal):
        gap = answer.gap(section=section, subject=subject, permission=LISTING)
        return Record(value=gap, requests=(answer.request,))
    if not answer.objects and _hidden(context, subject):
        origin = Origin(section=section, subject=subject, request=answer.request, permission=HIDDEN)
        gap = origin.gap("the group hides its members, and the list came back empty", Reason.PERMISSION)
        return Record(value=gap, requests=(answer.request,))
    origin = Origin(section=section, subject=subject, request=answer.request, permission=PERMISSION)
    members = [directory_object(item, origin=origin) for item in by_id(answer.objects)]
    return Record(value=members, requests=(answer.request,))


def _hidden(context: Context, subject: str) -> bool:
    group = context.value("groups", subject)
    hides = isinstance(group, Mapping) and group.get("visibility") == "HiddenMembership"
    return hides and HIDDEN not in context.graph.held_permissions


COLLECTOR = Collector(
    section="groupMembers",
    per=Per.OBJECT,
    mount=None,
    title="Members of assigned groups",
    permissions=(LISTING, PERMISSION),
    after=("appRoleAssignedTo", "groups"),
    run=run,
)
