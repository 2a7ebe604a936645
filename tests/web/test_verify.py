"""The page that checks a receipt on the reader's own device finds what the verifier finds, and can send nothing."""

import copy
import inspect
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app.simulation import Simulation
from bot.consent import verifier
from bot.documents import Documents
from bot.web import look
from tests.consent.test_verifier import ADDRESSES, PUBLIC, TAMPERED, Tamper, evidence
from tests.documents.test_documents import WORLD, data
from tests.outside import needs

RUN = Path(__file__).with_name("verify.mjs")
SCRIPT = look.PAGES / "verify.js"


def checked(file: Path, key: str = PUBLIC.hex()) -> dict[str, Any]:
    """What the page's script says about a file."""
    command = ["node", str(RUN), str(SCRIPT), str(file), key]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def signed(changed: dict[str, Any]) -> dict[str, Any]:
    return changed | {"public_key": PUBLIC.hex()}


@needs("node", "nodejs")
class TestScript:
    def test_a_receipt_is_checked_from_its_pdf(self, tmp_path: Path) -> None:
        receipt = tmp_path / "receipt.pdf"
        receipt.write_bytes(Documents(WORLD).receipt(data(), "ar", signed(evidence()), "https://bot.example/verify"))
        assert checked(receipt) == {"about": ADDRESSES, "fails": ""}
        assert "somebody else" in checked(receipt, "ab" * 32)["fails"]

    @pytest.mark.parametrize("tamper", [tamper for tamper, _ in TAMPERED.values()], ids=TAMPERED)
    def test_what_the_verifier_refuses_the_page_refuses(self, tmp_path: Path, tamper: Tamper) -> None:
        changed = copy.deepcopy(evidence())
        tamper(changed)
        file = tmp_path / "evidence.json"
        file.write_text(json.dumps(signed(changed)))
        assert checked(file)["fails"].startswith("NotProven: ")

    @pytest.mark.parametrize("content", [b"", b"%PDF-1.7 no evidence", b"[]", b"\xff\xfe"])
    def test_a_file_without_evidence_is_refused(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "any"
        file.write_bytes(content)
        assert checked(file)["fails"]


async def test_the_page_may_neither_load_nor_send(simulation: Simulation, http: aiohttp.ClientSession) -> None:
    async with http.get("/verify", headers={"Accept-Language": "el"}) as response:
        policy, text = response.headers["Content-Security-Policy"], await response.text()
    assert policy.startswith("default-src 'none'; ")
    assert "connect-src" not in policy
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert script == [SCRIPT.read_text()]
    assert look.source_hash(script[0]) in policy
    assert 'lang="el"' in text
    assert "Έλεγχος απόδειξης" in text
    (signer,) = simulation.runtime.stores.keys.signers
    assert f'data-keys="{signer.public_key.hex()}"' in text


async def test_the_page_gives_the_program_that_checks_the_same(http: aiohttp.ClientSession) -> None:
    async with http.get("/verify/verify.py") as response:
        assert await response.text() == inspect.getsource(verifier)
