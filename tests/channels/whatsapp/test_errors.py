"""What each of Meta's error codes asks for, and what to do when there is none."""

import orjson
import pytest

from bot.channels.whatsapp.errors import (
    ERRORS,
    OURS,
    REFUSED_HERE,
    UNANSWERED,
    UNREACHABLE,
    UNREADABLE,
    from_response,
    known,
    send_error,
)
from bot.service.ports import Retry

POLICIES: dict[Retry, list[int | str]] = {
    Retry.HALT: [
        0, 190, 3, 10, *range(200, 300), 131005,  # token and permissions
        368, 131031, 131042, 131045, 133010, 131048, 131064,  # the account and the number
        133000, 133005, 133006, 133008, 133009, 133016,  # its registration
    ],
    Retry.BACKOFF: [1, 2, 131000, 131016, 133004, UNREACHABLE, UNANSWERED],
    Retry.THROTTLE: [130429],
    Retry.PAIR: [131056],
    Retry.LATER: [4, 80007, 131057, 133015],
    Retry.OPT_OUT: [131050],
    Retry.NEVER: [
        131049, 130472, 130497, 131026, 131047, 131021, 131036, 131062, 135000, 137000,  # the recipient
        33, 100, 131008, 131009, 131051, 131052, 131053, 131063,  # the request
        132000, 132001, 132005, 132007, 132012, 132015, 132016,  # templates
        REFUSED_HERE,
    ],
}  # fmt: skip

CASES = [(code, retry) for retry, codes in POLICIES.items() for code in codes]


@pytest.mark.parametrize(("code", "retry"), CASES)
def test_a_known_code_decides_whatever_the_http_status(code: int | str, retry: Retry) -> None:
    assert {known(code, status).retry for status in (200, 400, 401, 429, 500)} == {retry}


def test_every_error_code_has_a_tested_policy() -> None:
    assert ERRORS.keys() | OURS.keys() == {code for code, _ in CASES}
    assert len(CASES) == len(ERRORS) + len(OURS)


@pytest.mark.parametrize("code", [*ERRORS, *OURS])
def test_every_meaning_is_a_phrase_for_an_operator(code: int | str) -> None:
    meaning = known(code).meaning
    assert meaning
    assert meaning == meaning.strip().rstrip(".")


@pytest.mark.parametrize("code", [code for code, entry in ERRORS.items() if entry.retry is Retry.HALT])
def test_every_halting_error_names_its_cure(code: int | str) -> None:
    what, _, cure = known(code).meaning.partition(": ")
    assert what
    assert cure.startswith(("set ", "grant ", "see ", "register "))


@pytest.mark.parametrize("code", [134000, 134011, 134999])
def test_payment_errors_are_never_retried(code: int | str) -> None:
    assert known(code, 500).retry is Retry.NEVER


@pytest.mark.parametrize(
    ("status", "retry"),
    [
        (400, Retry.NEVER),
        (403, Retry.NEVER),
        (404, Retry.NEVER),
        (413, Retry.NEVER),
        (401, Retry.HALT),
        (408, Retry.BACKOFF),
        (429, Retry.THROTTLE),
        (500, Retry.BACKOFF),
        (503, Retry.BACKOFF),
    ],
)
def test_the_status_decides_about_an_unknown_code(status: int, retry: Retry) -> None:
    error = from_response(status, b'{"error":{"code":999999,"message":"new"}}')
    assert (error.code, error.retry) == ("999999", retry)
    assert str(status) in error.meaning


@pytest.mark.parametrize(
    ("status", "retry"),
    [
        (301, Retry.HALT),
        (302, Retry.HALT),
        (204, Retry.HALT),
        (403, Retry.HALT),
        (404, Retry.HALT),
        (407, Retry.HALT),
        (401, Retry.HALT),
        (400, Retry.NEVER),
        (413, Retry.NEVER),
        (429, Retry.THROTTLE),
        (502, Retry.BACKOFF),
        (504, Retry.BACKOFF),
    ],
)
def test_an_answer_that_is_not_json_is_judged_by_its_http_status(status: int, retry: Retry) -> None:
    error = from_response(status, b"<html>")
    assert (error.code, error.retry) == (UNREADABLE, retry)


@pytest.mark.parametrize(
    ("code", "attempts"),
    [
        (1, 3),
        (2, 60),
        (131056, 6),
        (130429, 100),
        (4, 12),
        (190, None),
        (131026, 1),
        (131050, 1),
        (UNANSWERED, 3),
        (UNREACHABLE, 60),
    ],
)
def test_attempts_are_bounded_unless_an_operator_must_act(code: int | str, attempts: int | None) -> None:
    assert send_error(code).attempts == attempts


@pytest.mark.parametrize("code", [*ERRORS, *OURS])
def test_a_code_is_retryable_iff_it_has_more_than_one_attempt(code: int | str) -> None:
    error = send_error(code)
    assert error.retryable == (error.attempts != 1)


GRAPH = {
    "error": {
        "message": "(#131026) s3cr3t",
        "type": "OAuthException",
        "code": 131026,
        "error_data": {"messaging_product": "whatsapp", "details": "s3cr3t"},
        "error_subcode": 2494010,
        "fbtrace_id": "s3cr3t",
    }
}


def test_an_error_does_not_contain_the_text_of_the_answer() -> None:
    error = from_response(400, orjson.dumps(GRAPH))
    assert error.code == "131026"
    assert "s3cr3t" not in f"{error} {error!r} {error.meaning} {error.args}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"s3cr3t",
        b"[]",
        b"null",
        b"{}",
        b'{"error":null}',
        b'{"error":"s3cr3t"}',
        b'{"error":{}}',
        b'{"error":{"code":"190"}}',
        b'{"error":{"code":null}}',
        b'{"error":{"code":190.5}}',
        b'{"error":{"code":-1}}',
        b'{"error":{"code":true}}',
        b'{"error":{"code":99999999999999999999999999}}',
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:40]),
)
def test_an_answer_not_in_graph_s_format_is_unreadable(body: bytes) -> None:
    error = from_response(400, body)
    assert error.code == UNREADABLE
    assert error.retry is Retry.NEVER
    assert "s3cr3t" not in f"{error!r} {error.meaning}"
