"""Ways to tamper with a bundle, over fifty: each makes another of an honest one."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from auditor.proof.archive import write_archive
from auditor.proof.manifest import Manifest, Member, PreviousManifest, members_of, read_manifest
from auditor.proof.signature import digest
from tests.proof.signers import Identity, identity, rsa_key

APART = ("manifest.json", "manifest.p7s", "manifest.tsr")


@dataclass(frozen=True)
class Honest:
    """What the one who tampers has: the bundle, its neighbours, and keys that are his own or were lost."""

    data: bytes
    files: Mapping[str, bytes]
    earlier: Mapping[str, bytes]
    later: Mapping[str, bytes]
    signer: Identity
    authority: Identity
    stranger: Identity

    @property
    def manifest(self) -> Manifest:
        return read_manifest(self.files["manifest.json"])

    def changed(self, changed: Mapping[str, bytes | None]) -> dict[str, bytes]:
        """The files, some of them others; None takes one away."""
        files: dict[str, bytes | None] = {**self.files, **changed}
        return {name: content for name, content in files.items() if content is not None}

    def resigned(
        self, changed: Mapping[str, bytes | None], by: Identity | None = None, **manifest: Any
    ) -> bytes:
        """Manifest and signature made anew for other files: what the holder of a key can do."""
        by = by or self.signer
        files = {name: content for name, content in self.changed(changed).items() if name not in APART}
        above = sorted(map(digest, by.above))
        made = replace(
            self.manifest,
            members=members_of(files),
            **{"signer": (digest(by.certificate), *above), **manifest},
        )
        content = made.to_bytes()
        return write_archive({**files, "manifest.json": content, "manifest.p7s": by.signer.sign(content)})


Tamper = Callable[[Honest], bytes]

WAYS: dict[str, tuple[Tamper, str, str]] = {}
"""By name: how, the kind of the problem, and what the message says."""


def way(kind: str, message: str) -> Callable[[Tamper], Tamper]:
    def known(tamper: Tamper) -> Tamper:
        WAYS[tamper.__name__] = (tamper, kind, message)
        return tamper

    return known


def edited(content: bytes, old: bytes, new: bytes) -> bytes:
    assert old in content
    return content.replace(old, new, 1)


def packed(files: Mapping[str, bytes], **options: Any) -> bytes:
    """As any other program packs them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


# Members


@way("member-altered", "report.json was altered: its SHA-256 is")
def a_failure_turned_into_a_pass(honest: Honest) -> bytes:
    report = edited(honest.files["report.json"], b'"status": "fail"', b'"status": "pass"')
    return write_archive(honest.changed({"report.json": report}))


@way("member-altered", "report.html was altered: its SHA-256 is")
def a_sentence_in_the_page(honest: Honest) -> bytes:
    return write_archive(honest.changed({"report.html": honest.files["report.html"] + b"<p>All is well"}))


@way("member-altered", "drift.json was altered")
def a_change_hidden(honest: Honest) -> bytes:
    return write_archive(honest.changed({"drift.json": b"{}\n"}))


@way("member-altered", "snapshot.json.gz was altered")
def another_snapshot(honest: Honest) -> bytes:
    return write_archive(honest.changed({"snapshot.json.gz": gzip.compress(b"{}", mtime=0)}))


@way("member-altered", "snapshot.json.gz was altered")
def the_same_snapshot_compressed_otherwise(honest: Honest) -> bytes:
    content = gzip.compress(gzip.decompress(honest.files["snapshot.json.gz"]), 1, mtime=1)
    return write_archive(honest.changed({"snapshot.json.gz": content}))


@way("member-altered", "rules/basic-saml-configuration/reply-url-matches.yaml was altered")
def a_milder_rule(honest: Honest) -> bytes:
    name = "rules/basic-saml-configuration/reply-url-matches.yaml"
    return write_archive(honest.changed({name: honest.files[name] + b"\n"}))


@way("member-altered", "rules/profiles/gotomeeting.yaml was altered")
def another_expected_value(honest: Honest) -> bytes:
    name = "rules/profiles/gotomeeting.yaml"
    return write_archive(honest.changed({name: honest.files[name].replace(b"https", b"http", 1)}))


@way("member-altered", "configuration.json was altered")
def another_threshold(honest: Honest) -> bytes:
    content = edited(honest.files["configuration.json"], b"60", b"61")
    return write_archive(honest.changed({"configuration.json": content}))


@way("member-altered", "waivers.json was altered")
def a_waiver_slipped_in(honest: Honest) -> bytes:
    return write_archive(honest.changed({"waivers.json": b'[{"rule": "reply-url-matches"}]\n'}))


@way("member-altered", "comparison.json was altered")
def a_failure_first_seen_today(honest: Honest) -> bytes:
    content = edited(honest.files["comparison.json"], b'"firstSeenAt": "20', b'"firstSeenAt": "21')
    return write_archive(honest.changed({"comparison.json": content}))


@way("member-altered", "previous/report.json.gz was altered")
def another_past(honest: Honest) -> bytes:
    return write_archive(honest.changed({"previous/report.json.gz": gzip.compress(b"{}", mtime=0)}))


@way("member-altered", "report.json was altered")
def an_empty_report(honest: Honest) -> bytes:
    return write_archive(honest.changed({"report.json": b""}))


@way("member-altered", "report.json was altered")
def a_report_cut_short(honest: Honest) -> bytes:
    return write_archive(honest.changed({"report.json": honest.files["report.json"][:-1]}))


@way("member-missing", "report.json is missing; the manifest lists it")
def the_report_taken_out(honest: Honest) -> bytes:
    return write_archive(honest.changed({"report.json": None}))


@way("member-missing", "waivers.json is missing; the manifest lists it")
def the_waivers_taken_out(honest: Honest) -> bytes:
    return write_archive(honest.changed({"waivers.json": None}))


@way("member-missing", "rules/access/owner-present.yaml is missing; the manifest lists it")
def a_rule_taken_out(honest: Honest) -> bytes:
    return write_archive(honest.changed({"rules/access/owner-present.yaml": None}))


@way("member-missing", "previous/snapshot.json.gz is missing; the manifest lists it")
def the_past_taken_out(honest: Honest) -> bytes:
    return write_archive(honest.changed({"previous/snapshot.json.gz": None}))


@way("member-added", "notes.txt was added; the manifest does not list it")
def a_note_added(honest: Honest) -> bytes:
    return write_archive(honest.changed({"notes.txt": b"approved"}))


@way("member-added", "rules/access/all-is-well.yaml was added; the manifest does not list it")
def a_rule_added(honest: Honest) -> bytes:
    return write_archive(honest.changed({"rules/access/all-is-well.yaml": b"id: all-is-well\n"}))


@way("member-added", "manifest.tsr was added; the manifest says that there is none")
def a_timestamp_added(honest: Honest) -> bytes:
    return write_archive(honest.changed({"manifest.tsr": b"\x30\x00"}))


@way("member-swapped", "report.html was swapped: it holds what belongs in report.json")
def two_members_swapped(honest: Honest) -> bytes:
    one, other = "report.html", "report.json"
    return write_archive(honest.changed({one: honest.files[other], other: honest.files[one]}))


@way("member-swapped", "rules/access/owner-present.yaml was swapped: it holds what belongs in")
def one_rule_in_the_place_of_another(honest: Honest) -> bytes:
    name = "rules/access/owner-present.yaml"
    other = next(each for each in honest.files if each.startswith("rules/access/") and each != name)
    return write_archive(honest.changed({name: honest.files[other]}))


@way("member-missing", "report.json is missing; the manifest lists it")
def a_member_renamed(honest: Honest) -> bytes:
    return write_archive(honest.changed({"report.json": None, "Report2.json": honest.files["report.json"]}))


@way("member-altered", "report.json was altered")
def yesterdays_report(honest: Honest) -> bytes:
    return write_archive(honest.changed({"report.json": honest.earlier["report.json"]}))


# The manifest


@way("manifest-missing", "manifest.json is missing: nothing says what belongs to the bundle")
def no_manifest(honest: Honest) -> bytes:
    return write_archive(honest.changed({"manifest.json": None}))


@way("manifest-unreadable", "manifest.json cannot be read")
def a_manifest_of_nothing(honest: Honest) -> bytes:
    return write_archive(honest.changed({"manifest.json": b"{}\n"}))


@way("manifest-unreadable", "manifest.json cannot be read: ValueError: a key stands there twice")
def a_key_twice(honest: Honest) -> bytes:
    content = edited(honest.files["manifest.json"], b"{\n", b'{\n  "schemaVersion": "1.0",\n')
    return write_archive(honest.changed({"manifest.json": content}))


@way("manifest-unreadable", "manifest.json cannot be read: RecursionError")
def a_manifest_nested_too_deep(honest: Honest) -> bytes:
    return write_archive(honest.changed({"manifest.json": b"[" * 200_000}))


@way("manifest-unreadable", "it is not written as this program writes it")
def a_manifest_with_more_in_it(honest: Honest) -> bytes:
    document = {**json.loads(honest.files["manifest.json"]), "approved": True}
    content = json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"
    return write_archive(honest.changed({"manifest.json": content}))


@way("signature-invalid", "manifest.p7s is not valid: it was made of another manifest")
def a_manifest_that_lists_the_altered_report(honest: Honest) -> bytes:
    report = edited(honest.files["report.json"], b'"status": "fail"', b'"status": "pass"')
    member = members_of({"report.json": report})["report.json"]
    manifest = replace(honest.manifest, members={**honest.manifest.members, "report.json": member})
    return write_archive(honest.changed({"report.json": report, "manifest.json": manifest.to_bytes()}))


@way("signature-invalid", "manifest.p7s is not valid: it was made of another manifest")
def a_manifest_without_a_past(honest: Honest) -> bytes:
    manifest = replace(honest.manifest, previous_manifest=None)
    return write_archive(honest.changed({"manifest.json": manifest.to_bytes()}))


@way("signature-invalid", "manifest.p7s is not valid: it was made of another manifest")
def a_manifest_with_another_time(honest: Honest) -> bytes:
    run = replace(honest.manifest.run, finished_at="2020-01-01T00:00:00Z")
    manifest = replace(honest.manifest, run=run)
    return write_archive(honest.changed({"manifest.json": manifest.to_bytes()}))


@way("signature-invalid", "manifest.p7s is not valid: it was made of another manifest")
def yesterdays_manifest(honest: Honest) -> bytes:
    return write_archive(honest.changed({"manifest.json": honest.earlier["manifest.json"]}))


# The signature


@way("unsigned", "manifest.p7s is missing: nobody signed the manifest")
def not_signed(honest: Honest) -> bytes:
    return write_archive(honest.changed({"manifest.p7s": None}))


@way("signature-invalid", "manifest.p7s is not valid: it is no CMS signature")
def an_empty_signature(honest: Honest) -> bytes:
    return write_archive(honest.changed({"manifest.p7s": b""}))


@way("signature-invalid", "manifest.p7s is not valid: it was made of another manifest")
def yesterdays_signature(honest: Honest) -> bytes:
    return write_archive(honest.changed({"manifest.p7s": honest.earlier["manifest.p7s"]}))


@way("signature-invalid", "manifest.p7s is not valid: it was not made of this manifest with the key")
def a_signature_with_its_last_byte_changed(honest: Honest) -> bytes:
    content = honest.files["manifest.p7s"]
    return write_archive(honest.changed({"manifest.p7s": content[:-1] + bytes([content[-1] ^ 1])}))


@way("signature-invalid", "manifest.p7s is not valid: it is no CMS signature")
def a_signature_with_something_behind_it(honest: Honest) -> bytes:
    return write_archive(honest.changed({"manifest.p7s": honest.files["manifest.p7s"] + b"\0"}))


@way("signature-invalid", "manifest.p7s carries other certificates than the manifest names")
def signed_again_by_a_stranger(honest: Honest) -> bytes:
    content = honest.stranger.signer.sign(honest.files["manifest.json"])
    return write_archive(honest.changed({"manifest.p7s": content}))


@way("signature-invalid", "manifest.p7s carries other certificates than the manifest names")
def a_certificate_slipped_in(honest: Honest) -> bytes:
    signer = replace(honest.signer.signer, chain=(honest.stranger.certificate,))
    content = signer.sign(honest.files["manifest.json"])
    return write_archive(honest.changed({"manifest.p7s": content}))


@way("signer-foreign", "signed, whom the authority that was given did not vouch for")
def all_made_anew_by_a_stranger_of_the_same_name(honest: Honest) -> bytes:
    return honest.resigned({}, by=honest.stranger)


@way("signer-foreign", "signed, whom the authority that was given did not vouch for")
def an_authority_of_the_same_name(honest: Honest) -> bytes:
    false = identity("Company root", authority=True)
    signer = identity("Evidence", by=false)
    return honest.resigned({}, by=replace(signer, above=(false.certificate,)))


@way("signer-foreign", "signed, whom the authority that was given did not vouch for")
def issued_by_another_signer(honest: Honest) -> bytes:
    signer = identity("Evidence", by=honest.signer)
    return honest.resigned({}, by=replace(signer, above=(honest.signer.certificate,)))


@way("signer-expired", "was not valid at")
def a_signer_who_had_expired(honest: Honest) -> bytes:
    return honest.resigned({}, by=identity("Evidence", by=honest.authority, days=(-30, -1)))


@way("signer-expired", "it is valid only from")
def a_signer_not_yet_valid(honest: Honest) -> bytes:
    return honest.resigned({}, by=identity("Evidence", by=honest.authority, days=(1, 30)))


@way("signer-unfit", "is not for signing: its key usage does not allow signatures")
def a_certificate_for_something_else(honest: Honest) -> bytes:
    return honest.resigned({}, by=identity("Evidence", by=honest.authority, signs=False))


@way("signer-unfit", "is not for signing: its RSA key has 1024 bits, fewer than 2048")
def a_short_key(honest: Honest) -> bytes:
    return honest.resigned({}, by=identity("Evidence", by=honest.authority, key=rsa_key(1024)))


# What the holder of the right key can do


@way("report-differs", "report.json is not what its evidence gives: judged again, line")
def a_report_that_does_not_follow_signed_rightly(honest: Honest) -> bytes:
    report = edited(honest.files["report.json"], b'"status": "fail"', b'"status": "pass"')
    return honest.resigned({"report.json": report})


@way("drift-differs", "drift.json is not what its evidence gives")
def a_drift_that_does_not_follow_signed_rightly(honest: Honest) -> bytes:
    return honest.resigned({"drift.json": b"{}\n"})


@way("drift-differs", "drift.json is not what its evidence gives")
def no_drift_signed_rightly(honest: Honest) -> bytes:
    return honest.resigned({"drift.json": None})


@way("report-differs", "report.json is not what its evidence gives")
def other_rules_signed_rightly(honest: Honest) -> bytes:
    name = "rules/profiles/gotomeeting.yaml"
    return honest.resigned({name: honest.files[name] + b"# milder\n"})


@way("inconsistent", "it cannot be judged again: ")
def a_rule_that_does_not_load_signed_rightly(honest: Honest) -> bytes:
    return honest.resigned({"rules/access/owner-present.yaml": b"id: [\n"})


@way("report-differs", "report.json is not what its evidence gives")
def another_configuration_signed_rightly(honest: Honest) -> bytes:
    content = edited(honest.files["configuration.json"], b"60", b"61")
    return honest.resigned({"configuration.json": content})


@way("inconsistent", "comparison.json says something else than previous/report.json.gz")
def another_first_day_signed_rightly(honest: Honest) -> bytes:
    content = edited(honest.files["comparison.json"], b'"firstSeenAt": "20', b'"firstSeenAt": "19')
    return honest.resigned({"comparison.json": content})


@way("inconsistent", "snapshot.json.gz cannot be read: its digest")
def a_snapshot_that_was_edited_signed_rightly(honest: Honest) -> bytes:
    content = edited(gzip.decompress(honest.files["snapshot.json.gz"]), b"GoToMeeting", b"GoToMeetinG")
    return honest.resigned({"snapshot.json.gz": gzip.compress(content, mtime=0)})


@way("inconsistent", "previous/snapshot.json.gz is not there, and a bundle has one")
def no_past_signed_rightly(honest: Honest) -> bytes:
    return honest.resigned({"previous/snapshot.json.gz": None})


@way("too-large", "snapshot.json.gz unpacks to more than")
def a_bomb_signed_rightly(honest: Honest) -> bytes:
    return honest.resigned({"snapshot.json.gz": gzip.compress(b"\0" * 80 * 2**20, mtime=0)})


@way("report-differs", "report.json is not what its evidence gives")
def another_time_signed_rightly(honest: Honest) -> bytes:
    run = replace(honest.manifest.run, evaluated_at="2026-01-01T00:00:00Z")
    return honest.resigned({}, run=run)


@way("inconsistent", "manifest.p7s was made before what it signs was collected")
def signed_before_it_was_collected(honest: Honest) -> bytes:
    return honest.resigned({}, run=replace(honest.manifest.run, finished_at="2098-01-01T00:00:00Z"))


@way("timestamp-missing", "manifest.tsr is missing; the manifest says that there is one")
def the_timestamp_taken_out(honest: Honest) -> bytes:
    return honest.resigned({}, timestamp_authority="https://timestamp.example.com")


# The archive


@way("archive-damaged", "the archive is cut off or damaged")
def cut_in_half(honest: Honest) -> bytes:
    return honest.data[: len(honest.data) // 2]


@way("archive-damaged", "the archive is cut off or damaged")
def emptied(honest: Honest) -> bytes:
    return b""


@way("archive-rewritten", "something stands before its first member")
def something_before_it(honest: Honest) -> bytes:
    return b"#!/bin/sh\n" + honest.data


@way("archive-damaged", "cannot be read from the archive")
def first_byte_other(honest: Honest) -> bytes:
    return b"Q" + honest.data[1:]


@way("archive-rewritten", "the archive is not as this program writes it: ")
def packed_anew(honest: Honest) -> bytes:
    return packed(honest.files)


@way("archive-rewritten", "is compressed")
def compressed(honest: Honest) -> bytes:
    return packed(honest.files, compression=zipfile.ZIP_DEFLATED)


@way("archive-rewritten", "the archive is not as this program writes it: its members are not in their order")
def in_another_order(honest: Honest) -> bytes:
    return packed(dict(sorted(honest.files.items(), reverse=True)))


@way("archive-rewritten", "the archive is not as this program writes it: ")
def with_a_comment(honest: Honest) -> bytes:
    stream = io.BytesIO(honest.data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.comment = b"approved"
    return stream.getvalue()


@way("archive-rewritten", "the archive is not as this program writes it: ")
def with_something_behind_it(honest: Honest) -> bytes:
    return honest.data + b"\0"


@way("archive-rewritten", "something stands before its first member")
def with_another_archive_before_it(honest: Honest) -> bytes:
    return write_archive({"report.json": b"{}"})[:40].replace(b"PK\x03", b"PK\x07") + honest.data


@way("duplicate-name", "report.json stands in the archive twice")
def a_second_report(honest: Honest) -> bytes:
    stream = io.BytesIO(honest.data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(zipfile.ZipInfo("report.jsoN"), b"{}")
    return stream.getvalue().replace(b"report.jsoN", b"report.json")


@way("duplicate-name", "Report.json stands in the archive twice, once as report.json")
def a_second_report_where_case_does_not_count(honest: Honest) -> bytes:
    stream = io.BytesIO(honest.data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(zipfile.ZipInfo("Report.json"), b"{}")
    return stream.getvalue()


def _with_member(honest: Honest, name: str) -> bytes:
    stream = io.BytesIO(honest.data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"0 0 * * * root reboot\n")
    return stream.getvalue()


@way("unsafe-name", "the archive has a member with an unsafe name: '../../etc/cron.d/job'")
def a_way_out_of_the_folder(honest: Honest) -> bytes:
    return _with_member(honest, "../../etc/cron.d/job")


@way("unsafe-name", "the archive has a member with an unsafe name: '/etc/cron.d/job'")
def an_absolute_path(honest: Honest) -> bytes:
    return _with_member(honest, "/etc/cron.d/job")


@way("unsafe-name", "the archive has a member with an unsafe name: 'C:\\\\job'")
def a_drive(honest: Honest) -> bytes:
    return _with_member(honest, "C:\\job")


@way("unsafe-name", "the archive has a member with an unsafe name: 'rules/'")
def a_folder(honest: Honest) -> bytes:
    return _with_member(honest, "rules/")


@way("unsafe-name", "the archive has a member with an unsafe name: 'report\\u202enosj.html'")
def a_name_that_reads_backwards(honest: Honest) -> bytes:
    return _with_member(honest, "report\u202enosj.html")


@way("too-large", "the archive is not opened: its members come to")
def a_bomb(honest: Honest) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(100):
            archive.writestr(f"zeros{number}", b"\0" * 2**20)
    return stream.getvalue()


@way("too-large", "the archive is not opened: its members come to")
def members_that_share_their_bytes(honest: Honest) -> bytes:
    """Many entries of the directory that point at the same bytes."""
    one = write_archive({"zeros": b"\0" * 2**20})
    start = one.index(b"PK\x01\x02")
    entry, end = one[start : one.index(b"PK\x05\x06")], one[one.index(b"PK\x05\x06") :]
    number = 1000
    sizes = struct.pack("<HHII", number, number, number * len(entry), start)
    return one[:start] + entry * number + end[:8] + sizes + end[20:]


@way("member-altered", "report.json was altered")
def packed_anew_with_another_report(honest: Honest) -> bytes:
    files = {**honest.files, "report.json": b"{}"}
    return packed(files, compression=zipfile.ZIP_DEFLATED)


# The chain, with the right key


@way("chain-broken", "the chain is broken: run")
def another_past_named_signed_rightly(honest: Honest) -> bytes:
    named = PreviousManifest(run_id="0" * 32, sha256="0" * 64)
    return honest.resigned({}, previous_manifest=named)


@way("chain-broken", "says that no bundle came before it")
def no_past_named_signed_rightly(honest: Honest) -> bytes:
    return honest.resigned({}, previous_manifest=None)


@way("chain-broken", "is not 11111111111111111111111111111111")
def the_right_manifest_under_another_run_signed_rightly(honest: Honest) -> bytes:
    named = honest.manifest.previous_manifest
    assert named is not None
    return honest.resigned({}, previous_manifest=replace(named, run_id="1" * 32))


__all__ = ["WAYS", "Honest", "Member"]
