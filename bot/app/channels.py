"""The channels: a new one is a folder in `bot.channels`, and a line in `PROVIDERS`."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from typing import Any

from pydantic_settings import BaseSettings

from ..channels.meta.provider import META
from ..channels.senders import Senders
from ..environment import Missing
from ..messages.inbound import Sender
from ..service.ports import Check, Provider, TemplateApi, Webhooks
from ..settings import ChannelSettings, Settings

PROVIDERS: list[Provider[Any]] = [META]
"""Every channel that is set up is used; if none is begun, deployers are asked to set up the first."""


def used(settings: Settings) -> Iterator[tuple[Provider[Any], ChannelSettings]]:
    """Yield the channels that are fully set up, with their settings. Raises `SettingsError`."""
    for provider in PROVIDERS:
        own = settings.of(provider.settings)
        if not own.missing():
            yield provider, own


def missing(settings: Settings) -> Sequence[Missing]:
    """Return the settings still missing before webhooks can be answered: for stores, or for a first channel.

    Raises `SettingsError`.
    """
    if any(used(settings)):
        return settings.missing()
    begun = [lacks for _, lacks in unfinished(settings)]
    return [*(begun[0] if begun else settings.of(PROVIDERS[0].settings).missing()), *settings.missing()]


def unfinished(settings: Settings) -> Iterator[tuple[Provider[Any], Sequence[Missing]]]:
    """Yield the channels that are set up only in part, with what each still needs. Raises `SettingsError`."""
    for provider in PROVIDERS:
        own = settings.of(provider.settings)
        if own.begun and (lacks := own.missing()):
            yield provider, lacks


def models() -> Sequence[type[ChannelSettings]]:
    """Return what each channel reads from the environment."""
    return [provider.settings for provider in PROVIDERS]


def variables() -> Mapping[str, str]:
    """Return all environment variables, in lower case, with what each is and where to find it."""
    read: Sequence[type[BaseSettings]] = (Settings, *models())
    return {name: field.description or "" for model in read for name, field in model.model_fields.items()}


def webhooks(settings: Settings) -> Mapping[str, Webhooks]:
    """Return the webhooks of the channels in use, by name."""
    return {provider.name: provider.webhooks(own) for provider, own in used(settings)}


def senders(settings: Settings) -> Senders | None:
    """Return the senders of the channels in use; None while something is missing."""
    found = {provider.name: provider.sender(own) for provider, own in used(settings)}
    return Senders(found) if found and not settings.missing() else None


def templates(settings: Settings) -> TemplateApi:
    """Return the message templates at the first channel that has such. Raises `SettingsError` for what is not set."""
    makers = ((provider, provider.templates) for provider in PROVIDERS if provider.templates)
    provider, make = next(makers)
    return make(settings.of(provider.settings))


def address(text: str) -> Sender | None:
    """Read an address of any channel; None if the text is not an address."""
    return next((found for provider in PROVIDERS if (found := provider.address(text))), None)


def ways() -> str:
    """Return which addresses an operator may type beside phone numbers, e.g. `a BSUID such as DE.123`."""
    return ", ".join(provider.ways for provider in PROVIDERS if provider.ways)


async def checks(settings: Settings, wrong: Collection[str] = ()) -> AsyncIterator[Check]:
    """Run the checks of the channels in use, or of the first if none is; report channels set up only in part.

    A channel is not asked while one of its variables is `wrong`: a token must not go to an address that nobody gave.
    """
    in_use = list(used(settings))
    for provider, own in in_use or [(PROVIDERS[0], settings.of(PROVIDERS[0].settings))]:
        if faulty := [name for name in wrong if name.lower() in provider.settings.model_fields]:
            cure = f"put right {', '.join(faulty)}, and run it again"
            yield Check(provider.name, ok=False, detail="not asked", cure=cure, required=False)
            continue
        async for check in provider.checks(own):
            yield check
    for provider, lacks in unfinished(settings) if in_use else ():
        names = ", ".join(lack.name for lack in lacks)
        cure = "; ".join(f"{lack.name}: {lack.cure}" for lack in lacks)
        yield Check(provider.name, ok=False, detail=f"not used: {names} not set", cure=cure, required=False)
