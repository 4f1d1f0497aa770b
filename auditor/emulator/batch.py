"""`POST /$batch`: at most twenty requests, each answered for itself, in no particular order."""

from __future__ import annotations

import json
from collections.abc import Callable

from auditor.emulator.requests import Answer, Json, Question

MOST = 20


class BadBatch(Exception):
    """The batch as a whole is refused."""


def questions(question: Question) -> list[tuple[str, Question]]:
    """The requests in a batch by their ids. Raises BadBatch."""
    try:
        body: Json = json.loads(question.body)
    except ValueError as error:
        raise BadBatch("Invalid batch payload format.") from error
    items = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items:
        raise BadBatch("Invalid batch payload format.")
    if len(items) > MOST:
        raise BadBatch(f"Number of batch request steps exceeds the maximum value of {MOST}.")
    version = question.path.split("/")[1]
    found = [_question(item, version, question) for item in items]
    if len({key for key, _ in found}) != len(found):
        raise BadBatch("Request Id has to be unique in a batch.")
    return found


def _question(item: Json, version: str, outer: Question) -> tuple[str, Question]:
    if not isinstance(item, dict) or not all(
        isinstance(item.get(key), str) for key in ("id", "method", "url")
    ):
        raise BadBatch("Invalid batch payload format: id, method and url are required.")
    url = str(item["url"])
    if url.startswith("http"):
        raise BadBatch("Invalid batch payload format: the url must be relative.")
    headers = item.get("headers")
    inner = {str(k).lower(): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
    body = item.get("body")
    target = f"/{version}/{url.lstrip('/')}"
    return str(item["id"]), Question.parse(
        str(item["method"]).upper(),
        target,
        headers={"authorization": outer.headers.get("authorization", ""), **inner},
        body=json.dumps(body).encode() if body is not None else b"",
        host=outer.host,
        via_batch=True,
    )


def gathered(found: list[tuple[str, Question]], answer: Callable[[Question], Answer]) -> Answer:
    """The answer to the whole: the items' answers, the last first, because order means nothing."""
    responses: list[Json] = [_response(key, answer(question)) for key, question in reversed(found)]
    return Answer(body={"responses": responses}, content_type="application/json")


def _response(key: str, answer: Answer) -> Json:
    headers: dict[str, Json] = {"Content-Type": answer.content_type, **answer.headers}
    body = answer.body.decode("utf-8", "replace") if isinstance(answer.body, bytes) else answer.body
    return {"id": key, "status": answer.status, "headers": headers, "body": body}
