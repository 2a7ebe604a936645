from pathlib import Path

import pytest

from bot.app.load import load_world
from bot.errors import FileError
from bot.testing import find_transcripts, load_transcript, run_transcript, update_transcript

WORLD = load_world()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "opt_in" / "a_yes.toml"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def play(path: Path) -> None:
    for transcript in load_transcript(path):
        run_transcript(transcript, *WORLD)


A_YES = """\
locales = ["en", "fr"]

[[turn]]
person = "xyzzy"
bot = { text_id = "opt_in.ask", choices = ["yes", "no"] }
ledger = ["requested order_updates {locale}"]

[[turn]]
person = "{yes_word}"
status = { order_updates = "given" }
"""


def test_a_transcript_is_played_in_each_of_its_languages(path: Path) -> None:
    play(write(path, A_YES))
    assert [str(one) for one in find_transcripts(path.parent.parent)] == ["opt_in/a_yes[en]", "opt_in/a_yes[fr]"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            'text_id = "opt_in.ask"',
            'text_id = "opt_in.welcome"',
            r"turn 1: expected \['opt_in.welcome'\], the bot said",
        ),
        ('choices = ["yes", "no"]', 'choices = ["yes"]', r"expected the choices \['yes'\], there are \['yes', 'no'\]"),
        ('choices = ["yes", "no"]', 'says = "Good morning"', "expected opt_in.ask to say 'Good morning'"),
        ('bot = { text_id = "opt_in.ask", choices = ["yes", "no"] }', "bot = []", r"expected \[\], the bot said"),
        ("requested order_updates", "given order_updates", r"expected in the ledger \['given order_updates en'\]"),
        ('"given" }', '"refused" }', "turn 2: expected order_updates to be refused, it is given"),
        ('"given" }', '"given" }\nhanded_over = true', "the host's bot did not get it"),
        ('locales = ["en", "fr"]', 'locale = "fr"\nhost = "order_updates"', ""),
    ],
)
def test_a_difference_from_the_transcript_is_reported(path: Path, old: str, new: str, complaint: str) -> None:
    write(path, A_YES.replace(old, new))
    if not complaint:
        return play(path)
    with pytest.raises(AssertionError, match=complaint):
        play(path)


def test_a_failure_shows_the_chat_so_far(path: Path) -> None:
    write(path, A_YES.replace('"given" }', '"refused" }'))
    with pytest.raises(AssertionError, match=r"(?s)a_yes\.toml: turn 2: .*» xyzzy.*« opt_in\.ask: .*» YES.*◆ given"):
        play(path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[turn]", "a_yes.toml: not valid TOML"),
        ('local = "fr"', "a_yes.toml: local: unknown key; use one of: as, ask_first, conveys, host, locale"),
        ('[[turn]]\nperson = "x"\nsays = "y"', "a_yes.toml: turn.0.says: unknown key; use one of: again, at, back"),
        (
            "[[turn]]\nbot = []",
            "a_yes.toml: turn.0: not one thing happens; write exactly one of: again, business",
        ),
        ('[[turn]]\nperson = "x"\ntap = "yes"', "turn.0: not one thing happens; write exactly one of"),
    ],
)
def test_an_invalid_transcript_is_refused_with_the_reason(path: Path, text: str, complaint: str) -> None:
    with pytest.raises(FileError, match=complaint):
        load_transcript(write(path, text))


EVERYTHING = """\
as = "+41791234567"

[[turn]]
person = "hm"
[[turn]]
tap = "Deutsch"
[[turn]]
react = "👍"
[[turn]]
voice = true
[[turn]]
picture = "look"
[[turn]]
edit = "look!"
[[turn]]
payload = "promo"
label = "Buy"
[[turn]]
tap = "yes"
[[turn]]
preference = "stop"
status = { offers = "withdrawn", order_updates = "given" }
[[turn]]
number_changed = "+41791234000"
status = { order_updates = "stale" }
[[turn]]
wait = "2d"
"""


def test_a_transcript_can_contain_every_action_of_a_person(path: Path) -> None:
    play(write(path, EVERYTHING))


def test_an_update_writes_what_happens_and_keeps_the_rest(path: Path) -> None:
    head = '# Who says yes.\nlocales = ["en", "fr"]\n\n'
    write(
        path,
        head
        + '[[turn]]\nperson = "xyzzy"  # anything\nbot = [\n    { text_id = "old" },\n    { text_id = "older" },\n]\n\n'
        '# Now the answer.\n[[turn]]\nperson = "{yes_word}"\nstatus = { order_updates = "refused" }\n',
    )
    assert update_transcript(path, *WORLD)
    assert path.read_text("utf-8") == (
        head + '[[turn]]\nperson = "xyzzy"  # anything\n'
        'bot = { text_id = "opt_in.ask", choices = ["yes", "no"] }\nledger = ["requested order_updates {locale}"]\n\n'
        '# Now the answer.\n[[turn]]\nperson = "{yes_word}"\n'
        'bot = { text_id = "opt_in.ask", choices = ["yes", "no"] }\n'
        'ledger = ["given order_updates {locale}", "requested offers {locale}"]\nstatus = { order_updates = "given" }\n'
    )
    play(path)
    assert not update_transcript(path, *WORLD)


def test_an_update_keeps_an_expected_excerpt_of_a_reply(path: Path) -> None:
    write(path, 'locale = "en"\n[[turn]]\nperson = "hi"\nbot = { text_id = "opt_in.ask", says = "order updates" }\n')
    update_transcript(path, *WORLD)
    assert 'says = "order updates"' in path.read_text("utf-8")


def test_an_update_keeps_expected_leads_up_to_date(path: Path) -> None:
    write(path, 'locale = "en"\n[[turn]]\nperson = "hi"\nbot = { text_id = "opt_in.ask", leads = ["old"] }\n')
    update_transcript(path, *WORLD)
    assert 'leads = ["common.hello"]' in path.read_text("utf-8")
    play(path)
