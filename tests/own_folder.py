"""A company's own folder, as `APP_DIR` names it: with a dialogue, words, and a reworded purpose."""

from pathlib import Path

from bot.paths import FLOWS

HOURS = """
flow = "hours"
intents = ["hours"]
initial = "idle"
interlude = true

[[states]]
name = "idle"

[[states]]
name = "told"
say = "told"
choices = ["human"]
final = true

[[transitions]]
trigger = "start"
source = "idle"
dest = "told"

[texts.told]
kind = "body"
en = "We are open Monday to Saturday, 9:00 to 18:00."
"""

LANGUAGES = ("en", "de", "fr")


def shop(folder: Path, *replaced: tuple[str, str], dialogue: str = HOURS, words: str = "opening hours") -> Path:
    """Make the folder of a shop that speaks `LANGUAGES`; in its business.toml the texts are `replaced`."""
    business = (FLOWS / "business.toml").read_text("utf-8")
    business = business.replace('"en"   ', f'"en"\nlanguages = {list(LANGUAGES)}', 1)
    for old, new in replaced:
        assert old in business
        business = business.replace(old, new)
    files = {"business.toml": business, "flows/hours.toml": dialogue, "locales/en/keywords.toml": ""}
    if words:
        files["locales/en/keywords.toml"] = f'[hours]\nwords = ["{words}"]\n'
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return folder
