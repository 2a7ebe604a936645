import pytest

from bot.i18n.slot import LIMITS, Slot, TextError, TextKind, TextTemplate, length


def test_placeholders_are_filled() -> None:
    template = TextTemplate.parse("Hello {name}, {{braces}} and 100 % stay. {name}!")
    assert template.names == {"name"}
    assert template.fill({"name": "Anna"}) == "Hello Anna, {braces} and 100 % stay. Anna!"


@pytest.mark.parametrize("text", ["", "plain", "100% sure %s %(x)s", "*bold* _it_ ~no~", "{{}}"])
def test_a_text_without_placeholders_needs_no_values(text: str) -> None:
    assert TextTemplate.parse(text).fill({}) == text.replace("{{", "{").replace("}}", "}")


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{0}",
        "{name.__class__}",
        "{name[0]}",
        "{name!r}",
        "{name:>9999999}",
        "{name:{width}}",
        "{ name }",
        "{first name}",
        "{name",
        "name}",
        "{na{me}}",
        "{{name}",
    ],
)
def test_anything_but_a_plain_placeholder_is_refused(text: str) -> None:
    with pytest.raises(TextError):
        TextTemplate.parse(text)


def test_a_missing_value_is_named() -> None:
    with pytest.raises(TextError, match=r"no value for placeholder \{name\}"):
        TextTemplate.parse("Hello {name}").fill({"nom": "Anna"})


def test_placeholders_inside_a_value_are_not_filled() -> None:
    assert TextTemplate.parse("Hello {name}").fill({"name": "{business}"}) == "Hello {business}"


@pytest.mark.parametrize(
    ("text", "size"),
    [("abc", 3), ("Ärger", 5), ("👍", 2), ("a\u0308", 2), ("你好", 2), ("👩‍🌾", 5), ("\ud800", 1)],
)
def test_length_counts_utf_16_code_units(text: str, size: int) -> None:
    assert length(text) == size


def test_every_kind_has_a_limit() -> None:
    assert LIMITS.keys() == set(TextKind)


@pytest.mark.parametrize(("kind", "single"), [(TextKind.BUTTON, True), (TextKind.FOOTER, True), (TextKind.BODY, False)])
def test_buttons_and_footers_are_single_line(kind: TextKind, single: bool) -> None:
    assert Slot("a.b", kind, "x").single_line is single
