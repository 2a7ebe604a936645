"""`chat` and `demo`: a script without a terminal, and a person at one (a pseudo-terminal)."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select

import psutil
import pytest

from bot.commands.actions import ACTIONS, HELP
from bot.commands.demo import SCRIPT, TO_TYPE
from tests.commands.shell import Run

ROOT = Path(__file__).parents[2]


def environment(var_dir: Path) -> dict[str, str]:
    """A bare one."""
    return {"PATH": os.environ["PATH"], "VAR_DIR": str(var_dir), "TERM": "xterm", "COLUMNS": "80", "LANG": "C.UTF-8"}


def plain(output: str) -> str:
    """What is written, without colours."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", output)


def words(output: str) -> str:
    """What is written, without the bubbles around it."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", plain(output)).split())


HOST = """
from bot.messages.reply import Reply

async def answer(inbound, person):
    if "fault" in inbound.content.body:
        1 / 0
    return [Reply(body="The roses are on their way.")]
"""
"""A company's own bot."""


class Terminal:
    """A command at a pseudo-terminal."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self._master = master
        self.screen = ""
        self._seen = 0

    def see(self, text: str, seconds: float = 60.0) -> None:
        """Wait until something is on the screen, after what was seen before."""
        deadline = time.monotonic() + seconds
        while (found := words(self.screen).find(text, self._seen)) < 0:
            assert time.monotonic() < deadline, f"{text!r} is not in {words(self.screen)[self._seen :]!r}"
            if select([self._master], [], [], 0.1)[0]:
                self.screen += os.read(self._master, 65536).decode("utf-8", "replace")
        self._seen = found + len(text)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def type(self, line: str) -> None:
        self.press(line + "\n")

    def left(self) -> int:
        """The exit status, when it has ended; everything that it started has, too."""
        return self.process.wait(30)


@contextmanager
def at_a_terminal(var_dir: Path, *arguments: str) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", *arguments],
        cwd=ROOT,
        env=environment(var_dir),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=_take_the_terminal,
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.terminate()  # in order: an end by force leaves its engines running
        process.wait(30)
        os.close(master)


def _take_the_terminal() -> None:
    """Make the terminal the process's own, so that Ctrl-C reaches it, though we may run where nobody listens to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.close(os.open(os.ttyname(0), os.O_RDWR))


def engines_run(var_dir: Path) -> bool:
    home = str(var_dir / "simulation")
    for process in psutil.process_iter(["cmdline"]):
        if any(home in word for word in process.info["cmdline"] or ()) and "bot" not in process.info["cmdline"]:
            return True
    return False


class TestScript:
    def test_a_person_without_a_number_chats_in_the_chosen_locale(self, run: Run, tmp_path: Path) -> None:
        script = tmp_path / "script.txt"
        script.write_text("# a comment\n\nHallo\nJA\n", "utf-8")
        code, output = run("chat", "--script", str(script), "--as", "DE.123", "--locale", "de")
        assert code == 0, output
        assert "Darf Blumen Haas Ihnen" in words(output)
        assert "comment" not in output

    def test_every_chat_command_shows_in_the_transcript(self, run: Run, tmp_path: Path) -> None:
        script = tmp_path / "script.txt"
        script.write_text("/who\nHi\n/voice\n/react ❤️\n/picture look\n/1\n/setting stop\n/help\n/quit\nSTOP\n", "utf-8")
        code, output = run("chat", "--script", str(script), "--as", "GB.123", "--locale", "en")
        assert code == 0, output
        for shown in (
            "GB.123",
            "(voice note)",
            "(❤️ on the last message)",
            "(picture) look",
            "[Yes, I agree]",
            "switch",
        ):
            assert shown in output
        assert "(no answer)" in output, "to a reaction"
        assert "STOP │" not in output, "it has left before"

    def test_everything_that_a_phone_sends_can_be_sent(self, run: Run, tmp_path: Path) -> None:
        script = tmp_path / "script.txt"
        script.write_text("Hi\n/reply YES\n/reply #1 YES\n/sticker\n/location\n/forward STOP\n//STOP\n", "utf-8")
        code, output = run("chat", "--script", str(script), "--as", "GB.141", "--locale", "en")
        assert code == 0, output
        for shown in ("↩ YES", "(sticker)", "(location)", "(forwarded) STOP", "│ /STOP │"):
            assert shown in output, shown
        assert "Thank you" in words(output), "the quoted question is answered"

    def test_what_was_typed_last_can_be_edited_and_deleted(self, run: Run, tmp_path: Path) -> None:
        script = tmp_path / "script.txt"
        script.write_text("Hi\nYES\nhello\n/edit STOP\n/unsend\n", "utf-8")
        code, output = run("chat", "--script", str(script), "--as", "GB.142", "--locale", "en")
        assert code == 0, output
        assert "You won't get any more messages" in words(output).partition("(edited) STOP")[2]
        assert "(deleted)" in output

    def test_time_can_be_let_pass_and_never_runs_back(self, run: Run, tmp_path: Path) -> None:
        script = tmp_path / "script.txt"
        script.write_text("Hi\n/wait 49h\n/1\n", "utf-8")
        code, output = run("chat", "--script", str(script), "--as", "GB.143", "--locale", "en")
        assert code == 0, output
        late = words(output).partition("(49h later)")[2]
        assert "Thank you, noted" not in late, "the question has lapsed"
        script.write_text("START\nYES\n", "utf-8")
        code, output = run("chat", "--script", str(script), "--as", "GB.143", "--locale", "en")
        assert code == 0, output
        assert "Thank you, noted" in words(output), "what was recorded is not in the future"

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("/qiut", "There is no command /qiut. Did you mean /quit?"),
            ("/stickr", "Did you mean /sticker"),
            ("/STOP", "//STOP types it as a message"),
            ("/3", "There is no button 3: there is nothing to tap yet."),
            ("/reply", "Type what you reply: /reply yes"),
            ("/reply yes", "There is no message to reply to"),
            ("/edit x", "You have typed nothing yet."),
            ("/wait long", "Type how long, ten years at most: /wait 30m"),
            ("/wait 99999999999d", "Type how long"),
            ("/setting off", "Type /setting stop or /setting resume."),
        ],
    )
    def test_a_line_that_is_not_understood_is_answered_with_its_cure(
        self, run: Run, tmp_path: Path, line: str, told: str
    ) -> None:
        script = tmp_path / "script.txt"
        script.write_text(line, "utf-8")
        code, output = run("chat", "--script", str(script))
        assert code == 1
        assert told in words(output)

    def test_the_list_of_commands_names_every_command(self) -> None:
        for command in (*ACTIONS, "/code", "/wait", "/who", "/help", "/quit", "//TEXT"):
            assert f"\n  {command}" in HELP

    def test_a_company_s_own_bot_answers_behind_the_chat(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "florist.py").write_text(HOST, "utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        script = tmp_path / "script.txt"
        script.write_text("Hi\nYES\nNO\nwhere are my roses?\n", "utf-8")
        arguments = ["chat", "--host", "florist:answer", "--script", str(script), "--as", "GB.144"]
        code, output = run(*arguments)
        assert code == 0, output
        assert "(handed to florist:answer)" in output
        assert "The roses are on their way." in words(output)
        script.write_text("where is the fault?\n", "utf-8")
        code, output = run(*arguments)
        assert "ZeroDivisionError" in output
        assert "Your bot raised" in words(output)

    @pytest.mark.parametrize(
        ("host", "told"),
        [
            ("florist", "not module:name; write the module as an import does"),
            ("./florist:answer", "not module:name"),
            ("florist.py:answer", "there is no module florist.py"),
            (".florist:answer", "not module:name"),
            ("florist:", "not module:name"),
            ("wilted:answer", "wilted can't be imported: ZeroDivisionError: division by zero (wilted.py:2); mend it"),
            ("unread:answer", "unread can't be imported: SyntaxError: invalid syntax (unread.py:1); mend it"),
            ("gone:answer", "gone can't be imported: SystemExit: 3 (gone.py:1); mend it"),
            ("nowhere:answer", "there is no module nowhere"),
            ("florist:other", "florist has no async function other; it has answer"),
        ],
    )
    def test_a_host_that_cannot_be_used_is_reported_with_its_cure(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, told: str
    ) -> None:
        (tmp_path / "florist.py").write_text(HOST, "utf-8")
        (tmp_path / "wilted.py").write_text("petals = 0\n1 / petals\n", "utf-8")
        (tmp_path / "unread.py").write_text("def (:\n", "utf-8")
        (tmp_path / "gone.py").write_text("raise SystemExit(3)\n", "utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        code, output = run("chat", "--host", host)
        assert code == 1
        assert told in output
        assert "Traceback" not in output

    @pytest.mark.parametrize(
        ("answer", "told"), [('"on its way"', "returned a str"), ('["on its way"]', "returned a list with a str")]
    )
    def test_a_host_that_returns_no_replies_is_told_so(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, told: str
    ) -> None:
        name = f"careless_{len(answer)}"
        (tmp_path / f"{name}.py").write_text(f"async def answer(inbound, person):\n    return {answer}\n", "utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        script = tmp_path / "script.txt"
        script.write_text("where are my roses?\n", "utf-8")
        _, output = run("chat", "--host", f"{name}:answer", "--script", str(script), "--as", "GB.146")
        assert f"Your bot {told}: return a list of Reply, or None." in words(output)

    def test_documents_are_saved_and_long_links_printed_on_one_line(
        self, run: Run, tmp_path: Path, var_dir: Path
    ) -> None:
        script = tmp_path / "script.txt"
        script.write_text("Hi\n/1\n/2\nMY DATA\nPROOF\n", "utf-8")
        code, output = run(
            "chat", "--script", str(script), "--as", "GB.125", COLUMNS="60", BASE_URL="https://far.example"
        )
        assert code == 0, output
        lines = output.splitlines()
        saved = [Path(line) for line in lines if line.startswith(str(var_dir))]
        assert [path.read_bytes()[:5] for path in saved] == [b"%PDF-"] * 2
        assert len({path.name for path in saved} & {line[2:].strip("│ ").removeprefix("📄 ") for line in lines}) == 2
        (link,) = (line for line in lines if "/my-data/" in line and not line.startswith("│"))
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/my-data/[\w-]{43}", link), "it leads to the server that runs here"

    def test_a_script_can_confirm_an_erasure_with_the_code_command(self, run: Run, tmp_path: Path) -> None:
        script = tmp_path / "script.txt"
        script.write_text("Hi\nYES\nDELETE\n/code\n", "utf-8")
        code, output = run("chat", "--script", str(script), "--as", "GB.126")
        assert code == 0, output
        assert "Done: Blumen Haas has deleted your data" in words(output)

    def test_a_yes_right_after_a_stop_counts_in_a_fast_script(self, run: Run, tmp_path: Path) -> None:
        script = tmp_path / "script.txt"
        script.write_text("Hi\nYES\nNO\nOBJECT\nSTART\nYES\nSTOP\nSTART\nYES\nNO\n", "utf-8")
        code, output = run("chat", "--script", str(script), "--as", "GB.127")
        assert code == 0, output
        assert words(output).count("Thank you, noted: order updates.") == 3

    def test_a_returning_person_can_choose_another_language(self, run: Run, tmp_path: Path) -> None:
        script = tmp_path / "script.txt"
        script.write_text("??\n", "utf-8")
        for locale, told in (("de", "Darf Blumen Haas Ihnen"), ("fr", "que Blumen Haas vous")):
            code, output = run("chat", "--script", str(script), "--as", "DE.124", "--locale", locale)
            assert code == 0, output
            assert told in words(output)

    @pytest.mark.parametrize("line", ["/1", "/code", "/react 👍", "/nonsense"])
    def test_a_line_that_can_t_be_carried_out_fails_the_script(self, run: Run, tmp_path: Path, line: str) -> None:
        script = tmp_path / "script.txt"
        script.write_text(line, "utf-8")
        assert run("chat", "--script", str(script))[0] == 1

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["--as", "0151"], "+4915112345678"),
            (["--locale", "xx"], "i18n init xx"),
            (["--script", "/no"], "can't be read"),
        ],
    )
    def test_a_wrong_argument_is_reported_with_its_cure(self, run: Run, arguments: list[str], told: str) -> None:
        code, output = run("chat", *arguments)
        assert code == 1
        assert told in output


@pytest.mark.slow
class TestTerminal:
    def test_a_user_can_type_tap_and_leave(self, var_dir: Path) -> None:
        with at_a_terminal(var_dir, "chat", "--locale", "en") as terminal:
            terminal.see("/quit")
            terminal.type("Hi")
            terminal.see("/2 No")
            terminal.type("/2")
            terminal.see("One more question:")
            terminal.see("about offers and news")
            terminal.type("[bold]shout[/bold]\n\nPRIVACY")
            terminal.see("How Blumen Haas uses your data")
            terminal.press("\x04")
            assert terminal.left() == 0
        assert "Traceback" not in terminal.screen
        assert not engines_run(var_dir)

    def test_the_link_to_the_person_s_data_opens_during_the_chat(self, var_dir: Path) -> None:
        with at_a_terminal(var_dir, "chat", "--locale", "en") as terminal:
            terminal.see("/quit")
            terminal.type("Hi")
            terminal.see("/2 No")
            terminal.type("MY DATA")
            terminal.see("/my-data/")  # in the bubble
            terminal.see("/my-data/")  # and in one line below it
            terminal.see(">")
            link = re.search(r"^\S*(http://127\.0\.0\.1:\d+/my-data/[\w-]{43})", plain(terminal.screen), re.MULTILINE)
            assert link, terminal.screen
            with urllib.request.urlopen(link[1]) as page:
                assert "Your data at Blumen Haas" in page.read().decode()
            terminal.type("/quit")
            assert terminal.left() == 0

    @pytest.mark.parametrize(("keys", "status"), [("\x03", 130), ("half a line\x03", 130)])
    def test_ctrl_c_exits_at_once_and_stops_the_engines(self, var_dir: Path, keys: str, status: int) -> None:
        with at_a_terminal(var_dir, "chat") as terminal:
            terminal.see("/quit")
            terminal.press(keys)
            assert terminal.left() == status
        assert not engines_run(var_dir)

    def test_sigterm_exits_and_stops_the_engines(self, var_dir: Path) -> None:
        with at_a_terminal(var_dir, "chat") as terminal:
            terminal.see("/quit")
            terminal.process.send_signal(signal.SIGTERM)
            assert terminal.left() == 128 + signal.SIGTERM
        assert not engines_run(var_dir)

    def test_a_second_chat_or_demo_at_the_same_time_is_refused(self, var_dir: Path, run: Run) -> None:
        with at_a_terminal(var_dir, "chat") as terminal:
            terminal.see("/quit")
            code, output = run("demo", "--once", VAR_DIR=str(var_dir))
            assert code == 1
            assert "error: another chat or demo runs" in output
            assert "Traceback" not in output

    def test_after_the_demo_the_user_can_chat_until_ctrl_c(self, var_dir: Path) -> None:
        with at_a_terminal(var_dir, "demo") as terminal:
            terminal.see("Now it is your turn")
            for line in TO_TYPE:
                terminal.type(line)
                terminal.see("Blumen Haas #")
            assert "I didn't understand" not in words(terminal.screen)
            terminal.press("\x03")
            assert terminal.left() == 0
        assert "Traceback" not in terminal.screen
        assert not engines_run(var_dir)


@pytest.mark.slow
class TestDemo:
    def test_without_a_terminal_the_demo_plays_shows_its_evidence_and_exits(self, var_dir: Path) -> None:
        demo = subprocess.run(
            [sys.executable, "-m", "bot", "demo", "--once"],
            cwd=ROOT,
            env=environment(var_dir),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert (demo.returncode, demo.stderr) == (0, "")
        assert "May Blumen Haas write to you here" in words(demo.stdout)
        assert "📄 Your data at Blumen Haas " in demo.stdout
        evidence = demo.stdout.partition("What the ledger keeps of it")[2]
        assert "…" not in evidence
        for kind in ("requested", "given", "refused", "withdrawn"):
            assert kind in evidence
        assert not engines_run(var_dir)

    def test_every_line_of_the_demo_is_understood_and_explained(self, run: Run, tmp_path: Path) -> None:
        assert all(told for told, _ in SCRIPT)
        for number, lines in enumerate(([line for _, line in SCRIPT], TO_TYPE, [line.lower() for line in TO_TYPE])):
            script = tmp_path / "script.txt"
            script.write_text("\n".join(lines), "utf-8")
            code, output = run("chat", "--script", str(script), "--as", f"GB.15{number}", "--locale", "en")
            assert code == 0, output
            assert "understand" not in words(output)
            assert "(no answer)" not in output

    def test_without_the_once_option_the_demo_serves_until_sigterm(self, var_dir: Path) -> None:
        command = [sys.executable, "-m", "bot", "demo"]
        with subprocess.Popen(
            command, cwd=ROOT, env=environment(var_dir), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        ) as demo:
            assert demo.stdout is not None
            python = ""
            for line in demo.stdout:
                if line.startswith("The exact words, from another terminal: "):
                    python = line.split()[-6]
                if line.startswith("Serving until"):
                    break
            assert demo.poll() is None
            assert os.access(ROOT / python, os.X_OK), "it is typed where no environment is activated"
            demo.terminate()
            assert demo.wait(30) == 0
        assert not engines_run(var_dir)
