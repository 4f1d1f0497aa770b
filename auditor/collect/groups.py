"""The groups that are assigned: `GET /groups/{id}`.

Documentation: "Get group" (group-get), GroupMember.Read.All. 404: the group was deleted and the assignment
outlived it; a gap.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.collect.app_role_assigned_to import assigned
from auditor.collect.collector import Collector, Context, Origin, normalise, refused_record
from auditor.graph.answer import Answer, Refusal
from auditor.model.snapshot import Per, Record

SELECT = (
    "id",
    "displayName",
    "groupTypes",
    "membershipRule",
    "membershipRuleProcessingState",
    "securityEnabled",
    "visibility",
)

NULL_MEANS = {
    "groupTypes": "a security group with assigned members",
    "membershipRule": "the group is not dynamic",
    "membershipRuleProcessingState": "the group is not dynamic",
    "visibility": "no join policy is set; membership is not hidden",
}


async def run(context: Context) -> Mapping[str, Record]:
    """The properties of each assigned group."""
    ids = assigned(context, "Group")
    groups = context.graph.sdk.groups
    answers = await context.graph.get_many([groups.by_group_id(id) for id in ids], select=SELECT)
    return {id: _record(id, answer) for id, answer in zip(ids, answers, strict=True)}


def _record(subject: str, answer: Answer | Refusal) -> Record:
    if isinstance(answer, Refusal):
        return refused_record(COLLECTOR, subject, answer)
    origin = Origin(section=COLLECTOR.section, subject=subject, request=answer.request)
    group = normalise(answer.object, select=SELECT, null_means=NULL_MEANS, origin=origin, sets={"groupTypes"})
    return Record(value=group, requests=(answer.request,))


COLLECTOR = Collector(
    section="groups",
    per=Per.OBJECT,
    mount=None,
    title="Assigned groups",
    permissions=("GroupMember.Read.All",),
    after=("appRoleAssignedTo",),
    run=run,
)
