"""The folders that dialogues, texts and words are read from: the program's, and over them the company's own.

The company's folder (`APP_DIR`) has the same shape as ours: `business.toml`, `flows/*.toml`, `locales/<language>/…`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .paths import FLOWS, LOCALES

BUSINESS = "business.toml"


@dataclass(frozen=True, slots=True)
class Folders:
    """Where everything is that a company may write itself."""

    flows: Path = FLOWS
    locales: Path = LOCALES
    own: Path | None = None
    """The company's folder; None: everything is in ours, as in a checkout of your own."""

    @property
    def own_flows(self) -> Path | None:
        """Where the company's own dialogues are."""
        return self.own / "flows" if self.own else None

    @property
    def own_locales(self) -> Path | None:
        """Where the company's own catalogs and words are."""
        return self.own / "locales" if self.own else None

    @property
    def written_locales(self) -> Path:
        """Where the company's translations are written: never into ours where it has a folder of its own."""
        return self.own_locales or self.locales

    def business_file(self, named: Path | None = None) -> Path:
        """Return the company's `business.toml`: the one that is named, else its folder's, else the sample."""
        return named or (self.own or self.flows) / BUSINESS

    def files(self) -> Iterator[Path]:
        """Yield every file that is read from them."""
        yield from sorted(self.flows.glob("*"))
        yield from sorted(self.locales.rglob("*"))
        for folder in (self.own_flows, self.own_locales):
            yield from sorted(folder.rglob("*")) if folder else ()
