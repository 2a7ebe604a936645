"""The content of the documents, section by section, in the order in which a person would ask for it."""

from collections.abc import Mapping
from datetime import datetime
from itertools import takewhile
from typing import Any
from urllib.parse import quote

from ..consent.answers import Because
from ..consent.requests import State
from ..i18n.bidi import isolated
from ..service.rights.my_data import Happened, MessageSent, MyData, RequestMade
from .paper import Paper
from .words import NOTICE, STATES, DocumentWords


class Draft:
    """A document being written."""

    def __init__(self, data: MyData, say: DocumentWords, title: str) -> None:
        self._data = data
        self._say = say
        controller = data.controller
        self.paper = Paper(say(title), say.locale, data.made_at, rtl=say.rtl, author=controller.name)
        self.paper.small(say.time(data.made_at))
        self.paper.small(f"{say('zone')}: {self._whole(say.zone())}")
        contact = dict.fromkeys((controller.email, controller.data_protection_officer or ""))
        self.paper.small("\n".join([controller.address, *filter(None, contact)]))
        self.paper.gap()

    def finished(self) -> bytes:
        """Return the PDF."""
        say = self._say
        return self.paper.finished(lambda number, last: say("page", page=str(number), pages=str(last)))

    def about(self) -> None:
        """Write who the person is."""
        person, say = self._data.person, self._say
        if person.phone:
            self._labelled("WhatsApp", person.phone)
        if person.whatsapp_id:
            self._labelled("WhatsApp ID", person.whatsapp_id)
        self._labelled(say("language"), say.language(person.language))
        self._labelled(say("since"), say.time(person.since))
        if person.last_contact:
            self._labelled(say("last_contact"), say.time(person.last_contact))
        for id in (person.id, *(record.id for record in person.earlier_records)):
            self.paper.small(f"{say('reference')}: {self._whole(id)}")

    def choices(self) -> None:
        """Write the status of each consent."""
        say = self._say
        if self._data.consents:
            self.paper.heading(say("choices"))
        for consent in self._data.consents:
            days = [say.day(day) for day in (consent.since, consent.valid_until) if day]
            paused = say("paused") if consent.paused else ""
            status = say.in_a_row([say.happened(consent.status), " – ".join(days), paused])
            self._labelled(say.purpose(consent.purpose, consent.title), status)

    def history(self, *, proving: bool) -> None:
        """Write every question and answer, with their proof."""
        if self._data.history:
            self.paper.heading(self._say("history"))
        shown = ""
        for event in self._data.history:
            with self.paper.together():
                self._happened(event, again=bool(event.wording) and event.wording == shown)
                if proving:
                    self._small(self._say("fingerprint"), event.entry_hash)
            shown = event.wording or shown

    def _happened(self, event: Happened, *, again: bool) -> None:
        say, paper = self._say, self.paper
        paper.strong(f"{self._whole(say.purpose(event.purpose, event.title))}: {say.happened(event.kind)}")
        if event.wording and not again:
            paper.text(f"{say('shown')} ({say.language(event.locale)}):")
            paper.box(event.wording)
        if event.answer:
            paper.text(f"{say('answer')}:")
            paper.box(event.answer)
        paper.small(say("times", at=say.time(event.at), recorded=say.time(event.recorded_at)))
        self._small(say("channel"), say.how(event))
        self._small(say("basis"), say.basis(event))
        if event.notice_version:
            paper.small(say("notice", version=event.notice_version, url=event.notice_url))

    def requests(self) -> None:
        """Write what the person asked for."""
        if self._data.requests:
            self.paper.heading(self._say("requests"))
        for request in self._data.requests:
            self.paper.gap()
            with self.paper.together():
                self._asked(request)

    def _asked(self, request: RequestMade) -> None:
        say, state = self._say, State(request.state)
        stands = [say(STATES[state])] if state in STATES else []
        if state.is_open:
            stands.append(say("due", date=say.day(request.due)))
        else:
            stands.append(say.day(_answered_at(request)))
        told = f"{self._whole(say.right(request.right))}: {say.day(request.received_at)} – {say.in_a_row(stands)}"
        self.paper.text(told)
        for step in request.steps:
            told = say(f"answered.{step.because}") if step.because in set(Because) else ""
            words = step.reason if step.by != "program" else ""  # those are for the company's people
            if told or words:
                self.paper.small(f"{self._whole(say.day(step.at))}: {told}".rstrip())
            if words:
                self.paper.box(words)

    def waiting(self) -> None:
        """Write what waits in queues, and who looked at the data.

        The state of the dialogue has names for machines only and is in the machine-readable file; the question that
        waits for an answer is in the history. So is the command by which somebody looked.
        """
        say, data = self._say, self._data
        if data.waiting or data.looks or data.messages:
            self.paper.heading(say("waiting"))
        for queued in data.waiting:
            self._stored(queued.since, *say.stored(queued))
        for message in data.messages:
            self._stored(message.at, self._sent(message), say.purpose(message.purpose, message.purpose))
        for look in data.looks:
            self._stored(look.at, say("looked"), look.why)

    def _sent(self, message: MessageSent) -> str:
        return self._say("held_back" if message.withheld else "sent_to_you")

    def _stored(self, at: datetime | None, what: str, said: str) -> None:
        with self.paper.together():
            self._labelled(self._say.time(at), what)
            if said:
                self.paper.box(said)

    def processing(self) -> None:
        """Write what the business does with the data."""
        say = self._say
        self.paper.heading(say("common.privacy"))
        self.paper.text(say(NOTICE))
        for recipient in self._data.recipients:
            self._small(recipient.name, say.country(recipient.country))
        self.paper.gap()
        self.paper.text(say("source"))

    def check(self, evidence: Mapping[str, Any] | None, page: str) -> None:
        """Write how the receipt can be checked without asking anybody.

        `evidence` is None as long as no checkpoint covers the newest record; `page`: where the check is, if anywhere.
        """
        if evidence is None:
            return
        say, note = self._say, str(evidence["checkpoint"])
        self.paper.gap()
        with self.paper.together():
            self.paper.text(say("verify", link=page) if page else say("verify_alone"))
            self.paper.small(f"{say('signed')}:")
            self.paper.box(note.strip())
            self._small(say("public_key"), str(evidence["public_key"]))
        if page:
            self.paper.code(f"{page}#{quote(note)}")

    def _labelled(self, label: str, value: str) -> None:
        self.paper.text(f"{self._whole(label)}: {self._whole(value)}")

    def _small(self, label: str, value: str) -> None:
        if value:
            self.paper.small(f"{self._whole(label)}: {self._whole(value)}")

    def _whole(self, value: str) -> str:
        return isolated(value, rtl=self._say.rtl)


def _answered_at(request: RequestMade) -> datetime:
    """Return when a request came into its present state; steps after that tell what became of the answer."""
    latest = takewhile(lambda step: step.state == request.state, reversed(request.steps))
    return min((step.at for step in latest), default=request.received_at)
