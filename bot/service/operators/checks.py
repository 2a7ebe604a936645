"""What is well and what is not, told to an operator."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str = ""
    """What was found."""
    cure: str = ""
    """What to do, when it is not well."""
    required: bool = True
    """Whether the program can't do its work without it; else it is a warning."""

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail, "cure": self.cure, "required": self.required}
