"""The content of the documents, section by section, in the order in which a person would ask for it."""

from ..consent.requests import State
from ..consent.rights import Right
from ..i18n.bidi import isolated
from ..service.rights.my_data import Happened, MyData
from .paper import Paper
from .words import NOTICE, DocumentWords


class Draft:
    """A document being written."""

    def __init__(self, data: MyData, say: DocumentWords, title: str) -> None:
        self._data = data
        self._say = say
        self.paper = Paper(say(title), say.locale, data.made_at, rtl=say.rtl)
        self.paper.small(say.time(data.made_at))
        controller = data.controller
        contact = dict.fromkeys((controller.email, controller.data_protection_officer or ""))
        self.paper.small("\n".join([controller.address, *filter(None, contact)]))
        self.paper.gap()

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
            self.paper.small(id)

    def choices(self) -> None:
        """Write the status of each consent."""
        say = self._say
        self.paper.heading(say("choices"))
        for consent in self._data.consents:
            days = [say.day(day) for day in (consent.since, consent.valid_until) if day]
            words = [say.happened(consent.status), " – ".join(days), say("paused") if consent.paused else ""]
            status = ", ".join(filter(None, words))
            self._labelled(say.purpose(consent.purpose, consent.title), status)

    def history(self, *, proving: bool) -> None:
        """Write every question and answer, with their proof."""
        if self._data.history:
            self.paper.heading(self._say("history"))
        shown = ""
        for event in self._data.history:
            self._happened(event, again=bool(event.wording) and event.wording == shown)
            shown = event.wording or shown
            if proving:
                self.paper.small(" · ".join(filter(None, [event.method, event.rule, event.legal_basis])))
                self.paper.small(f"SHA-256 {event.entry_hash}")
            self.paper.gap()

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
        if event.notice_version:
            paper.small(say("notice", version=event.notice_version, url=event.notice_url))

    def requests(self) -> None:
        """Write what the person asked for."""
        say = self._say
        if self._data.requests:
            self.paper.heading(say("requests"))
        for request in self._data.requests:
            if State(request.state).is_open:
                end = f" ({say('due', date=say.day(request.due))})"
            else:
                end = f" – {say.day(max([request.received_at, *(step.at for step in request.steps)]))}"
            article = self._whole(f"GDPR Art. {Right(request.right).article}")
            self.paper.text(f"{article}, {say.day(request.received_at)}{end}")
            for step in request.steps:
                if step.reason:
                    self.paper.small(f"{say.day(step.at)}:")
                    self.paper.box(step.reason)

    def waiting(self) -> None:
        """Write what waits in queues, and who looked at the data.

        The state of the dialogue has names for machines only and is in the machine-readable file; the question that
        waits for an answer is in the history.
        """
        say = self._say
        if self._data.waiting or self._data.looks:
            self.paper.heading(say("waiting"))
        for queued in self._data.waiting:
            self.paper.text(f"{say.time(queued.since)}: {self._whole(queued.text or queued.what)}")
        for look in self._data.looks:
            told = f"{look.how} ({look.why})" if look.why else look.how
            self.paper.text(f"{say.time(look.at)}: {self._whole(told)}")

    def processing(self) -> None:
        """Write what the business does with the data."""
        say = self._say
        self.paper.heading(say("common.privacy"))
        self.paper.prose(say(NOTICE))
        for recipient in self._data.recipients:
            self.paper.small(f"{self._whole(recipient.name)}: {say.country(recipient.country)}")
        self.paper.gap()
        self.paper.text(say("source"))

    def check(self) -> None:
        """Write how the receipt can be checked."""
        self.paper.gap()
        self.paper.prose(self._say("verify"))

    def _labelled(self, label: str, value: str) -> None:
        self.paper.text(f"{self._whole(label)}: {self._whole(value)}")

    def _whole(self, value: str) -> str:
        return isolated(value, rtl=self._say.rtl)
