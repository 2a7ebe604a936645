"""Checks everything that must be in order, and says what to do where it is not. `/readyz` runs the quick checks."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import date, timedelta

from ..business import Business
from ..consent.requests import Request
from ..consent.retention import RuleName, policy
from ..conversation.lint import lint
from ..conversation.templates import TemplateBook
from ..conversation.world import World
from ..errors import Unavailable, problem_and_cure
from ..folders import Folders
from ..keys import Keyring, Undecipherable
from ..paths import COMMAND
from ..service.ports import Backlog, Check, TemplateState
from ..settings import Settings
from ..stores.postgres.connect import Database
from ..stores.postgres.erasures import Erasures
from ..stores.postgres.revision import of_another_version
from ..stores.redis.connect import Client
from ..translating.source_texts import overlong
from . import channels
from .company_checks import company_checks
from .functions import functions_of
from .stores import ShardStores

_OLDEST_REDIS = "7.2"
_NEARLY_FULL = 0.8
"""How full the inbox may be before an operator should act: at 1, webhooks get 503."""

_LONG_UNREAD = 60.0
"""Seconds after which an unread message means that no worker runs or keeps up."""

_LONG_UNTOLD = 300.0
"""Seconds after which an event that an endpoint has not got is worth a look."""

_LISTED = 8
"""Texts that are named of those that a language lacks."""

_SOON = timedelta(days=7)


OF_WHAT_IS_STORED = ("requests", "events", "approved templates")
"""Checks that need a working PostgreSQL, and all of the settings."""


# --- the quick part


def settings_checks(settings: Settings) -> Sequence[Check]:
    """Tell which settings are missing."""
    absent = [
        Check(setting.name, ok=False, detail="not set", cure=setting.cure) for setting in channels.missing(settings)
    ]
    return absent or [Check("settings", ok=True, detail="complete")]


async def redis_check(client: Client) -> Check:
    """Ask whether Redis answers."""
    try:
        await client.run("PING")
    except Unavailable as error:
        problem, cure = problem_and_cure(str(error))
        return Check("redis", ok=False, detail=problem, cure=f"{cure}; it goes on by itself when Redis is back")
    return Check("redis", ok=True, detail="answers")


async def inbox_checks(shards: Sequence[ShardStores]) -> Sequence[Check]:
    """Ask whether the inbox has room, and is being worked off."""
    try:
        filled = max([await shard.inbox.filled() for shard in shards])
        waits = max([await lane.unread_for() for shard in shards for lane in (shard.urgent, shard.events)])
    except Unavailable:
        return []  # reported by `redis_check`
    if filled > _NEARLY_FULL:
        cure = "start more workers; INBOX_LIMIT, INBOX_MEGABYTES and Redis itself set the room"
        return [Check("inbox", ok=False, detail=f"{filled:.0%} full", cure=cure)]
    if waits > _LONG_UNREAD:
        cure = f"start a worker (`{COMMAND} worker`), or see in its log what holds it up"
        return [Check("inbox", ok=False, detail=f"nothing was read for {waits:.0f} s", cure=cure)]
    return [Check("inbox", ok=True, detail="is being worked off")]


async def database_check(database: Database) -> Check:
    """Ask whether PostgreSQL answers, with the schema of this version."""
    try:
        revision = await database.revision()
    except Unavailable as error:
        problem, cure = problem_and_cure(str(error))
        return Check("database", ok=False, detail=problem, cure=cure)
    if wrong := of_another_version(revision):
        problem, cure = problem_and_cure(wrong)
        return Check("database", ok=False, detail=problem, cure=cure)
    return Check("database", ok=True, detail=f"schema {revision}")


def texts_check(world: World) -> Check:
    """Report which languages are offered, and which texts were left out."""
    problems, offered = world.texts.problems, ", ".join(world.texts.offered)
    if problems:
        cure = f"run `{COMMAND} i18n check`; the first: {problems[0]}"
        return Check("texts", ok=False, detail=f"offered: {offered}", cure=cure, required=False)
    return Check("texts", ok=True, detail=f"offered: {offered}")


def language_checks(world: World) -> Sequence[Check]:
    """List what each language lacks, beginning with those that should be offered but are not."""
    texts, found = world.texts, []
    cure = f"`{COMMAND} i18n update` brings them into the catalogs: translate them, or name in `languages` of "
    cure += "business.toml only the languages that you offer"
    for locale, lacking in texts.lacking.items():
        detail = f"not offered, as it lacks {_some(lacking)}"
        found.append(Check(f"language {locale}", ok=False, detail=detail, cure=cure))
    for locale in texts.offered:
        in_english = [
            text_id
            for text_id in (texts.missing(locale) if locale != texts.source_locale else ())
            if texts.locale_for((text_id,), locale) == texts.source_locale
        ]
        if in_english:
            detail = f"says in English: {_some(in_english)}"
            found.append(Check(f"language {locale}", ok=False, detail=detail, cure=cure, required=False))
    return [*found, *_reworded(world)]


def _reworded(world: World) -> Iterator[Check]:
    """Yield the company's texts whose translations are of an earlier English, with the languages."""
    spoken: dict[str, list[str]] = {}
    for locale, text_ids in world.texts.reworded.items():
        for text_id in text_ids:
            spoken.setdefault(text_id, []).append(locale)
    for text_id, locales in spoken.items():
        detail = f"{text_id}: reworded, and still said as before in {', '.join(locales)}"
        cure = (
            f"have them look at it (`{COMMAND} i18n update`), or run `{COMMAND} i18n confirm {text_id}` with "
            "--editorial if it still means the same, or --legal if people would now agree to something else"
        )
        yield Check("reworded text", ok=False, detail=detail, cure=cure, required=False)


def _some(text_ids: Sequence[str]) -> str:
    return ", ".join(text_ids[:_LISTED]) + (f" and {len(text_ids) - _LISTED} more" if len(text_ids) > _LISTED else "")


# --- the thorough part


def link_check(settings: Settings) -> Check:
    """Report whether links to this app can be sent."""
    if settings.base_url:
        return Check("BASE_URL", ok=True, detail="set")
    cure = "set it to the public https:// address of this app"
    return Check("BASE_URL", ok=False, detail="not set: MY DATA sends no link", cure=cure, required=False)


def metrics_check(settings: Settings) -> Check:
    """Report whether strangers can read how much is going on."""
    if settings.metrics_port == settings.port:
        cure = f"set METRICS_PORT to a port other than PORT, which is {settings.port}"
        return Check("METRICS_PORT", ok=False, detail="is the port of the web server", cure=cure)
    if settings.metrics_port is not None:
        return Check("metrics", ok=True, detail="on a port of their own")
    if settings.metrics_token is not None:
        return Check("metrics", ok=True, detail="behind a token")
    cure = "set METRICS_TOKEN, or METRICS_PORT to a port that only your own network reaches"
    return Check("metrics", ok=False, detail="anybody can read /metrics", cure=cure, required=False)


def engines_checks(settings: Settings) -> Sequence[Check]:
    """Report what the program keeps in engines of its own."""
    if not settings.own_engines:
        return []
    detail = f"{' and '.join(settings.own_engines)} not set: the program starts its own, with the data in "
    cure = "set them in production; for a try-out nothing is to be done"
    return [Check("engines", ok=False, detail=detail + str(settings.var_dir), cure=cure, required=False)]


def flows_checks(settings: Settings) -> Sequence[Check]:
    """Lint the dialogues, the company's own among them."""
    problems = [
        Check("flows", ok=False, detail=f"{problem.where}: {problem.what}", cure=problem.cure)
        for problem in lint(own=Folders(own=settings.app_dir).own_flows, functions=functions_of(settings))
    ]
    return problems or [Check("flows", ok=True, detail="no problem found")]


def business_check(world: World) -> Check:
    """Report texts that exceed WhatsApp's limits with the names and contacts of `business.toml`."""
    found = list(overlong(world))
    if found:
        cure = "shorten what business.toml puts into them: names, third parties, contacts, purposes"
        return Check("business texts", ok=False, detail="; ".join(found[:5]), cure=cure)
    return Check("business texts", ok=True, detail="every text fits, in every language")


def template_checks(book: TemplateBook) -> Sequence[Check]:
    """Report what Meta or the law would object to in message templates."""
    faults = [Check("templates", ok=False, detail=problem, cure=cure) for problem, cure in book.faults()]
    return faults or [Check("templates", ok=True, detail=f"{len(book.texts)}, well in every language")]


def not_asked(name: str) -> Check:
    """Report a check that could not be made, because of another one that failed."""
    cure = "put right what is marked ✗, and run it again"
    return Check(name, ok=False, detail="not asked", cure=cure, required=False)


def file_checks(world: World, book: TemplateBook, settings: Settings, today: date, *, release: bool) -> Iterator[Check]:
    """Yield the checks of the files that the program reads: texts, `business.toml`, templates, retention.

    What is left of the sample may stay for a first `release`.
    """
    source = str(Folders(own=settings.app_dir).business_file(settings.business_file))
    yield texts_check(world)
    yield from language_checks(world)
    yield from company_checks(world.business, world.texts.offered, today, source=source, required=not release)
    yield business_check(world)
    yield from template_checks(book)
    yield from retention_checks(world.business)


def approval_check(book: TemplateBook, states: Sequence[TemplateState]) -> Check:
    """Report which message templates can't be sent, as far as is known without asking Meta."""
    approved = {(state.name, state.language) for state in states if state.approved}
    lacking = [template for template in book if (template.name, template.language) not in approved]
    if lacking:
        detail = f"{len(lacking)} are not approved, such as {lacking[0].text_id} [{lacking[0].locale}]"
        cure = f"run `{COMMAND} templates push`, and later `{COMMAND} templates status`"
        return Check("approved templates", ok=False, detail=detail, cure=cure, required=False)
    return Check("approved templates", ok=True, detail="all can be sent")


def retention_checks(business: Business) -> Sequence[Check]:
    """Compare how long consents last and data is kept with the sources of these figures."""
    rules = policy(business)
    found = [
        Check(
            f"retention {rule.name}",
            ok=False,
            detail=f"{rule.after.days} days, {rule.beyond} than {rule.figure.after.days}: {rule.figure.source}",
            cure=f"change {rule.name} in [retention] of business.toml, or be ready to say why",
            required=False,
        )
        for rule in rules.values()
        if rule.beyond
    ]
    longest = rules.get(RuleName.MAX_AGE)
    found += [
        Check(
            f"validity of {purpose.id}",
            ok=False,
            detail=f"{purpose.valid_for.days} days, longer than max_age, {longest.after.days}: its consents end then",
            cure="shorten its valid_for in business.toml",
            required=False,
        )
        for purpose in business.purposes
        if longest and purpose.valid_for > longest.after
    ]
    country = business.controller.country
    return found or [Check("retention", ok=True, detail=f"{country}; see `retention --dry-run`")]


async def redis_checks(client: Client) -> AsyncIterator[Check]:
    """Check Redis: version, eviction policy, memory, persistence."""
    try:
        info = _info(await client.run("INFO"))
    except Unavailable:
        return  # reported by `redis_check`
    version = info.get("valkey_version") or info.get("redis_version", "0")
    if _older(version, _OLDEST_REDIS):
        yield Check("redis version", ok=False, detail=version, cure=f"{_OLDEST_REDIS} or newer is needed")
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        cure = "set maxmemory-policy to noeviction (Heroku: heroku redis:maxmemory --policy noeviction)"
        yield Check("redis eviction", ok=False, detail=f"{policy}: unanswered messages may vanish", cure=cure)
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    if most and used > 0.8 * most:
        cure = "a larger plan; see `deadletter list` and the length of the queues in /metrics"
        yield Check("redis memory", ok=False, detail=f"{used / most:.0%} used", cure=cure, required=False)
    if info.get("aof_enabled") == "0":
        cure = "choose a plan with persistence: a restart loses messages acknowledged but not yet answered"
        yield Check("redis persistence", ok=False, detail="no append-only file", cure=cure, required=False)


async def database_checks(database: Database, keys: Keyring) -> AsyncIterator[Check]:
    """Check whether the keys open the data of a working PostgreSQL."""
    for row in await database.fetch("SELECT key FROM persons WHERE key IS NOT NULL ORDER BY created_at LIMIT 1"):
        try:
            keys.person(row["key"])
        except Undecipherable as error:
            yield Check("SECRET_KEY", ok=False, detail="does not open the database's data", cure=str(error))
    lost = await Erasures(database, keys).lost()
    if lost.any:
        detail = f"{lost.suppressions} suppressions and {lost.proofs} proofs of erased persons can't be found"
        yield Check("SECRET_KEY", ok=False, detail=detail, cure="put the older keys back at the end of the list")


def requests_check(waiting: Sequence[Request], today: date) -> Check:
    """Report requests about personal data that must be answered soon (GDPR Art. 12(3))."""
    urgent = [request for request in waiting if request.due <= today + _SOON]
    if not urgent:
        return Check("requests", ok=True, detail=f"{len(waiting)} wait, none is due within {_SOON.days} days")
    latest = max(request.due for request in urgent)
    detail = f"{len(urgent)} of {len(waiting)} are due by {latest}, the first on {urgent[0].due}"
    return Check("requests", ok=False, detail=detail, cure="see `requests list`, answer, then close", required=False)


def events_check(backlogs: Sequence[Backlog]) -> Check:
    """Report endpoints that do not get their events."""
    behind = [
        f"endpoint {backlog.endpoint}: {backlog.waiting} wait, the oldest for {backlog.oldest:.0f} s, "
        f"{backlog.dead} given up ({backlog.status or 'never tried'})"
        for backlog in backlogs
        if backlog.oldest > _LONG_UNTOLD or backlog.dead
    ]
    if behind:
        cure = "see that it answers (`webhooks test`) and that a worker runs; then `webhooks replay` what was given up"
        return Check("events", ok=False, detail="; ".join(behind), cure=cure, required=False)
    return Check("events", ok=True, detail=f"{len(backlogs)} endpoints, none is behind")


def _info(reply: bytes | str) -> Mapping[str, str]:
    text = reply.decode() if isinstance(reply, bytes) else reply
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def _older(version: str, oldest: str) -> bool:
    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(" ")[0].split(".") if part.isdigit()]

    return numbers(version) < numbers(oldest)
