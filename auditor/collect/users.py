"""The users who are assigned directly: `GET /users/{id}`, or `GET /users` where that is fewer requests.

Documentation: "Get a user", "List users" (user-get, user-list), User.Read.All. `directoryObjects/getByIds`
would take a thousand ids at once, but needs Directory.Read.All. Null: see `people`.
404: the user was deleted and the assignment outlived it; a gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from auditor.collect.app_role_assigned_to import assigned
from auditor.collect.collector import Collector, Context, Origin, refused_record
from auditor.collect.people import PERMISSION, USER, user
from auditor.graph.answer import Answer, Refusal
from auditor.model.node import Json, Request
from auditor.model.snapshot import Per, Record

if TYPE_CHECKING:
    from auditor.graph.client import GraphClient

LIST_FROM = 1000
"""From so many users on it is worth looking whether the whole list is shorter."""

USERS_A_PAGE = 40
"""Pages of the list that are tried: one for so many users, which are two batches. A tenant whose list is
longer costs half as much again as if the list had not been tried."""


async def run(context: Context) -> Mapping[str, Record]:
    """The properties of each assigned user."""
    ids = assigned(context, "User")
    pages = len(ids) // USERS_A_PAGE if len(ids) >= LIST_FROM else 0
    return await read_users(context.graph, ids, pages=pages)


async def read_users(graph: GraphClient, ids: Sequence[str], *, pages: int) -> dict[str, Record]:
    """A record for each id; users that are not within the first `pages` of the list are asked for singly."""
    listed = await graph.list(graph.sdk.users, select=USER, top=999, max_pages=pages) if pages else None
    records = _listed(listed, set(ids)) if isinstance(listed, Answer) else {}
    rest = [id for id in ids if id not in records]
    answers = await graph.get_many([graph.sdk.users.by_user_id(id) for id in rest], select=USER)
    for id, answer in zip(rest, answers, strict=True):
        if isinstance(answer, Refusal):
            records[id] = refused_record(COLLECTOR, id, answer)
        else:
            records[id] = _record(id, answer.object, answer.request)
    return records


def _listed(answer: Answer, wanted: set[str]) -> dict[str, Record]:
    found = {str(item.get("id")): item for item in answer.objects}
    return {id: _record(id, item, answer.request) for id, item in found.items() if id in wanted}


def _record(subject: str, value: Mapping[str, Json], request: Request) -> Record:
    origin = Origin(section=COLLECTOR.section, subject=subject, request=request, permission=PERMISSION)
    return Record(value=user(value, origin=origin), requests=(request,))


COLLECTOR = Collector(
    section="users",
    per=Per.OBJECT,
    mount=None,
    title="Assigned users",
    permissions=(PERMISSION,),
    after=("appRoleAssignedTo",),
    run=run,
)
