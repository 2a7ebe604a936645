"""The evidence for an authority: a zip with everything needed to check it, and instructions."""

import io
import json
import zipfile
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...consent import verifier
from ...consent.evidence import EVERY

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The timestamp of every file in the zip, so that the same evidence gives the same bytes."""


def bundle(evidence: Mapping[str, Any], controller: str) -> bytes:
    """Return the zip. The same evidence gives the same bytes."""
    files = {
        "README.txt": _readme(evidence, controller),
        "evidence.json": json.dumps(evidence, indent=2, ensure_ascii=False, sort_keys=True) + "\n",
        "checkpoint.txt": evidence["checkpoint"],
        "public_key.txt": evidence["public_key"] + "\n",
        "story.txt": story(evidence),
        "verify.py": Path(verifier.__file__).read_text("utf-8"),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text)
    return buffer.getvalue()


def _readme(evidence: Mapping[str, Any], controller: str) -> str:
    return f"""Evidence of consents given to {controller}

About: {about(evidence)}

This folder proves what this person was asked, in which exact words, and what they answered.

story.txt       the records in plain language, in order: an aid for reading, not what is checked
evidence.json   the same for machines, with the proofs
checkpoint.txt  the state of the whole ledger that {controller} signed
public_key.txt  the key of that signature; compare it with the key that you got from {controller} in another way
verify.py       checks everything; it needs nothing but Python 3.11 and does not use the network

To check:

    python3 verify.py evidence.json --key public_key.txt

It says "Everything holds." when each record is unchanged, complete and in its place, and the records are about the
addresses that it prints: they seal a salted hash of each, so that no other address can be put there. A record is
chained to the same person's record before it; all records of all persons are leaves of one tree (RFC 9162), whose
root is signed (Ed25519). Changing, removing, adding or reordering a record later would change the root.

Records of this person: {len(evidence["records"])}. Times are in UTC; "by WhatsApp's clock" is the time that WhatsApp
gave the message; the other time is that of {controller}'s servers.
"""


def story(evidence: Mapping[str, Any]) -> str:
    """Return the records in plain language."""
    unseen = {record["question"] for record in evidence["records"] if _undelivered(record)}
    told = (_told(record, evidence, unseen) for record in evidence["records"])
    return "\n".join([f"About: {about(evidence)}\n", *told])


def about(evidence: Mapping[str, Any]) -> str:
    """Return whom the records are about: the addresses as an operator sees them, as far as the records prove them."""
    if evidence["about"] is None:
        return f"an erased person (record {evidence['person']}), whose addresses nobody can name any more"
    proven = ", ".join(evidence["about"]["addresses"])
    return f"{proven or 'a person whose present addresses the records do not prove'} (record {evidence['person']})"


def _told(record: Mapping[str, Any], evidence: Mapping[str, Any], unseen: Collection[str]) -> str:
    """Return a record in plain language; `unseen`: the questions that were not delivered."""
    purpose = "every purpose" if record["purpose"] == EVERY else record["purpose"]
    lines = [
        f"{record['person_seq']}. {record['kind']}: {purpose}",
        f"   at {_time(record['at'])} by WhatsApp's clock, recorded at {_time(record['recorded_at'] / 1000)}",
        f"   by {record['actor']}, through {record['method']}, language {record['locale'] or 'none'}",
        f"   legal basis: {record['legal_basis']}",
    ]
    if record["question"]:
        lines.append(f"   question {record['question']}{_reached(record)}")
    if record["answer"]:
        lines.append(f"   answer as typed: {record['answer']!r}, understood by the rule {record['rule']}")
    elif record["answer_hash"]:
        lines.append("   the answer was erased with the person's data; its salted hash is kept")
    elif record["kind"] == "expired" and record["rule"]:
        lines.append(f"   because of {record['rule']}")
    elif _undelivered(record):
        lines.append(f"   because WhatsApp did not deliver the question: its error {record['rule']}")
    if record["notice"]:
        lines.append(f"   privacy notice {record['notice']}: {_notice_url(record, evidence)}")
    if record["expires_at"]:
        until = "could be answered until" if record["kind"] == "requested" else "valid until"
        lines.append(f"   {until} {_time(record['expires_at'])}")
    lines.append(
        f"   record number {record['sequence']}, SHA-256 {record['entry_hash']}, consentbot {record['app_version']}"
    )
    text = evidence["wordings"].get(record["wording"])
    shown = "sent, and not delivered" if record["question"] in unseen else "shown"
    if text and record["kind"] != "requested":
        lines.append(f"   the exact text {shown}: that of the question, SHA-256 {record['wording']}")
    elif text:
        lines += [
            f"   the exact text {shown}, SHA-256 {record['wording']}:",
            *(f"   | {line}" for line in text.splitlines()),
        ]
    return "\n".join(lines) + "\n"


def _undelivered(record: Mapping[str, Any]) -> bool:
    """Whether a record says that its question ended because it was not delivered."""
    return record["method"] == "undelivered" and record["kind"] in ("lapsed", "stale")


def _reached(record: Mapping[str, Any]) -> str:
    """Return what is known about how the question reached the person who answered it."""
    accepted, delivered, seen = record["accepted_at"], record["delivered_at"], record["seen"]
    known = [
        f", accepted by WhatsApp at {_time(accepted)}" if accepted else "",
        f", delivered at {_time(delivered)}" if delivered else "",
        {"button": ", answered by its own button", "quote": ", quoted in the answer"}.get(seen, ""),
    ]
    return "".join(known)


def _notice_url(record: Mapping[str, Any], evidence: Mapping[str, Any]) -> str:
    """Return the notice's address: as in the text shown, else in the record's language, else the default."""
    text = evidence["wordings"].get(record["wording"], "")
    known = [notice for notice in evidence["notices"] if notice["version"] == record["notice"]]
    known = [notice for notice in known if notice["locale"] in (record["locale"], "")]
    known.sort(key=lambda notice: (notice["url"] not in text, notice["locale"] == "", notice["url"]))
    return str(known[0]["url"]) if known else ""


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
