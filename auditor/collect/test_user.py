"""The test user that the configuration names: `GET /users/{user principal name}`.

Documentation: "Get a user" (user-get), User.Read.All. Null: see `people`. 404: there is no such user (null);
that is what the rule about it asks.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.collect.collector import Collector, Context, Origin, refused_record
from auditor.collect.people import PERMISSION, USER, user
from auditor.graph.answer import Answer, Refusal
from auditor.model.gap import Reason
from auditor.model.snapshot import Per, Record


async def run(context: Context) -> Mapping[str, Record]:
    """A user or null for each configured name, in lower case."""
    names = sorted({entry.test_user.lower() for entry in context.tenant.applications if entry.test_user})
    users = context.graph.sdk.users
    answers = await context.graph.get_many([users.by_user_id(name) for name in names], select=USER)
    return {name: _record(name, answer) for name, answer in zip(names, answers, strict=True)}


def _record(subject: str, answer: Answer | Refusal) -> Record:
    if isinstance(answer, Refusal):
        if answer.reason is Reason.NOT_FOUND:
            return Record(value=None, requests=(answer.request,))
        return refused_record(COLLECTOR, subject, answer)
    origin = Origin(section=COLLECTOR.section, subject=subject, request=answer.request, permission=PERMISSION)
    return Record(value=user(answer.object, origin=origin), requests=(answer.request,))


COLLECTOR = Collector(
    section="testUser",
    per=Per.OBJECT,
    mount=None,
    title="Test users",
    permissions=(PERMISSION,),
    run=run,
)
