"""Each shape of a webhook that Meta documents or was seen to post, and what is read from it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from bot.channels.meta.webhooks import WhatsAppWebhooks
from bot.channels.whatsapp.payloads import parse
from bot.channels.whatsapp.recover import Repair
from bot.messages.inbound import (
    AddressChanged,
    Choice,
    Content,
    Correction,
    Delivery,
    Event,
    Inbound,
    Media,
    MessageId,
    Other,
    Overheard,
    Preference,
    Reaction,
    Sender,
    StaffMessage,
    Text,
)
from bot.service.ports import Malformed, NotAWebhook, Parsed

POSTS = Path(__file__).parents[2] / "data" / "webhooks"
NUMBER = "200000000000002"
AT = 1790416800
RECEIVED_AT = 1790416801.5

ANA = Sender("+34600000001", "ES.10000000000000000001")
ANA_BY_PHONE = Sender("+34600000001", None)
LUCIA = Sender(None, "ES.2")


@dataclass(frozen=True)
class Read:
    """What a webhook is read as: events, reasons of what is malformed, what is ignored, what was guessed."""

    events: list[Event] = field(default_factory=list)
    malformed: list[str] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    repaired: dict[str, int] = field(default_factory=dict)


def inbound(
    id: str,
    content: Content,
    sender: Sender = ANA,
    *,
    quoted: str | None = None,
    forwarded: bool = False,
    at: int = AT,
    overheard: Overheard = "",
) -> Inbound:
    id = id if "." in id else f"wamid.{id}"
    return Inbound(MessageId(id), sender, at, content, RECEIVED_AT, quoted, forwarded, overheard=overheard)


def one(
    id: str,
    content: Content,
    sender: Sender = ANA,
    *,
    quoted: str | None = None,
    forwarded: bool = False,
    at: int = AT,
    overheard: Overheard = "",
    repaired: Sequence[Repair] = (),
    ignored: str = "",
) -> Read:
    """One event; `repaired` is what had to be guessed, `ignored` what is counted beside it."""
    event = inbound(id, content, sender, quoted=quoted, forwarded=forwarded, at=at, overheard=overheard)
    return Read([event], [], {ignored: 1} if ignored else {}, dict.fromkeys(repaired, 1))


def overheard(id: str, *, ignored: str = "") -> Read:
    """A BAJA in a field that is not known."""
    baja = Text("BAJA")
    return one(f"field wamid.{id}", baja, overheard="field", repaired=[Repair.ENVELOPE], ignored=ignored)


def moved(id: str, before: Sender, after: Sender) -> Read:
    return one(id, AddressChanged(before), after)


def delivery(
    id: str, status: str, recipient: Sender = ANA, *, code: str | None = None, reference: str | None = None
) -> Delivery:
    return Delivery(MessageId(f"wamid.{id}"), status, AT, recipient, code, reference)  # type: ignore[arg-type]


def status(
    id: str, what: str, recipient: Sender = ANA, *, code: str | None = None, reference: str | None = None
) -> Read:
    return Read([delivery(id, what, recipient, code=code, reference=reference)])


def malformed(*reasons: str) -> Read:
    return Read(malformed=list(reasons))


def ignored(*reasons: str) -> Read:
    return Read(ignored=dict.fromkeys(reasons, 1))


QUOTED = "wamid.OUT1"

SWITCHED_OFF = one("preference.MADE", Preference("stop"), repaired=[Repair.CONTENT])

MARKETING_OFF = Read([delivery("OFF", "failed", ANA_BY_PHONE, code="131050")])

_TALK = "hola " * 900
LONG = f"{_TALK[:2047]}\n{(_TALK + chr(10) + 'BAJA')[-2048:]}"

SITUATIONS: dict[str, Read] = {
    # typed texts
    "text": one("TEXT", Text("BAJA")),
    "text_quoted": one("QUOTED", Text("sí"), quoted=QUOTED),
    "text_forwarded": one("FORWARDED", Text("Mira esto"), forwarded=True),
    "text_frequently_forwarded": one("FREQUENTLY", Text("Mira esto"), forwarded=True),
    "text_referral_from_ad": one("REFERRAL", Text("Hola")),
    "text_about_product": one("PRODUCT", Text("¿Lo tenéis?"), quoted=QUOTED),
    "text_empty": one("EMPTY", Text("")),
    "text_of_many_languages": one("EMOJI", Text("👍🏽 ναι نعم は い")),
    "text_without_body": malformed("messages: body"),
    "text_without_object": malformed("messages: text"),
    "text_without_timestamp": one("NOTIME", Text("stop"), at=0, repaired=[Repair.TIME]),
    "text_without_id": one("message.MADE", Text("stop"), repaired=[Repair.ID]),
    "text_without_type": one("NOTYPE", Text("stop"), repaired=[Repair.CONTENT]),
    # who sent it
    "text_without_username": one("NOUSER", Text("BAJA")),
    "text_bsuid_only": one("BSUID", Text("stop"), LUCIA),
    "text_bsuid_in_from_and_wa_id": one("INFROM", Text("stop"), LUCIA),
    "text_bsuid_only_in_contacts": one("CONTACT", Text("stop")),
    "text_phone_only_in_contacts": one("CONTACTPHONE", Text("stop")),
    "text_parent_bsuid": one("PARENT", Text("stop")),
    "text_parent_bsuid_in_from_user_id": one("PARENTFROM", Text("stop"), ANA_BY_PHONE),
    "text_contact_of_somebody_else": one("STRANGER", Text("stop"), Sender("+34600000002", None)),
    "text_contact_without_profile": one("NOPROFILE", Text("stop")),
    "text_contact_with_identity_hash": one("HASH", Text("stop")),
    "text_legacy_without_bsuid": one("LEGACY", Text("stop"), ANA_BY_PHONE),
    "text_from_with_plus": one("PLUS", Text("stop"), ANA_BY_PHONE),
    "text_from_unreadable_beside_bsuid": one("UNREADABLE", Text("stop"), LUCIA),
    "text_without_contacts": one("ALONE", Text("stop")),
    "text_without_address": malformed("messages: sender"),
    # answers
    "button_quick_reply": one("BUTTON", Choice("consent:mk:v3:no", "Unsubscribe"), quoted=QUOTED),
    "button_quick_reply_without_context": one("NOCONTEXT", Choice("consent:mk:v3:no", "Unsubscribe")),
    "button_quick_reply_without_payload": one("NOPAYLOAD", Choice("Unsubscribe", "Unsubscribe"), quoted=QUOTED),
    "interactive_button_reply": one("REPLY", Choice("c:mk:v3:yes", "I agree"), quoted=QUOTED),
    "interactive_list_reply": one("LIST", Choice("right:access", "My data"), quoted=QUOTED),
    "interactive_list_reply_without_description": one("LISTBARE", Choice("right:access", "My data"), quoted=QUOTED),
    "interactive_flow_reply": one("FLOW", Other("flow"), quoted=QUOTED),
    "interactive_flow_reply_not_an_object": one("FLOWTEXT", Other("flow", "yes"), quoted=QUOTED),
    "interactive_without_object": one("NOOBJECT", Other("interactive")),
    "call_permission_reply": one("CALLPERMISSION", Other("call_permission_reply"), quoted=QUOTED),
    "interactive_of_unknown_type": one("NEWKIND", Other("interactive"), quoted=QUOTED),
    "interactive_reply_without_id": one(
        "NOREPLYID", Choice("I agree", "I agree"), quoted=QUOTED, repaired=[Repair.CONTENT]
    ),
    "reaction_set": one("REACTION", Reaction("👍")),
    "reaction_removed": one("UNREACTION", Reaction(None)),
    "reaction_removed_legacy_empty": one("UNREACTIONOLD", Reaction(None)),
    # media: only the caption is read
    "image": one("IMAGEBARE", Media("image")),
    "image_with_caption": one("IMAGE", Media("image", "unsubscribe")),
    "video_with_caption": one("VIDEO", Media("video", "stop")),
    "document_with_caption": one("DOCUMENT", Media("document", "mis datos")),
    "audio_file": one("AUDIO", Media("audio")),
    "audio_voice_note": one("VOICE", Media("voice")),
    "sticker": one("STICKER", Media("sticker")),
    # what no dialogue reads
    "location": one("LOCATION", Other("location")),
    "contacts_shared": one("CONTACTS", Other("contacts")),
    "contacts_requested": one("OWNCONTACT", Other("contacts"), LUCIA),
    "order": one("ORDER", Other("order", "sin publicidad")),
    "unsupported": one("UNSUPPORTED", Other("unsupported")),
    "unsupported_edit": one("UNSUPPORTEDEDIT", Other("unsupported")),
    "unsupported_unavailable": one("UNAVAILABLE", Other("unsupported")),
    "unknown_legacy": one("UNKNOWN", Other("unknown")),
    "edit_of_text": one("EDIT", Correction("edit", MessageId("wamid.TEXT"), "BAJA")),
    "edit_of_caption": one("EDITCAPTION", Correction("edit", MessageId("wamid.IMAGE"), "stop")),
    "edit_without_message": one("EDITBARE", Correction("edit", MessageId("wamid.TEXT"))),
    "revoke": one("REVOKE", Correction("revoke", MessageId("wamid.TEXT"))),
    "type_of_tomorrow": one("TOMORROW", Other("hologram")),
    "type_that_is_no_word": one("NOWORD", Other("unknown")),
    "group_message": one("GROUP", Text("stop"), overheard="group"),
    # changes of address
    "system_number_changed": moved("A8", Sender("+34600000001", "ES.1"), Sender("+34600000009", "ES.9")),
    "system_number_changed_with_parents": moved("A8P", Sender("+34600000001", "ES.1"), Sender("+34600000009", "ES.9")),
    "system_number_changed_from_the_new_number": moved("A8N", Sender(None, "ES.1"), Sender("+34600000009", "ES.9")),
    "system_number_changed_without_new_address": malformed("messages: new address"),
    "system_user_id_changed": moved("A9", LUCIA, Sender(None, "ES.3")),
    "system_user_id_changed_with_phone": moved("A9P", LUCIA, Sender("+34600000001", "ES.3")),
    "system_user_id_changed_told_by_sender": moved("A9F", LUCIA, Sender(None, "ES.3")),
    "system_user_id_changed_told_by_sentence": moved("A9B", LUCIA, Sender(None, "ES.3")),
    "system_user_id_changed_told_by_phone": moved("A9T", ANA_BY_PHONE, Sender("+34600000001", "ES.3")),
    "system_number_changed_told_by_sentence": moved("A8B", ANA_BY_PHONE, Sender("+34600000009", None)),
    "system_user_id_changed_without_previous": malformed("messages: previous address"),
    "system_legacy_number_changed": moved("OLDNUMBER", ANA_BY_PHONE, Sender("+34600000009", None)),
    "system_legacy_number_changed_new_wa_id": moved("OLDERNUMBER", ANA_BY_PHONE, Sender("+34600000009", None)),
    "system_legacy_identity_changed": moved("IDENTITY", ANA_BY_PHONE, ANA_BY_PHONE),
    "system_of_unknown_type": one("SYSTEM", Other("system", "Something")),
    "system_without_object": malformed("messages: system"),
    "user_id_update": moved("user_id.MADE", Sender(None, "ES.1"), Sender(None, "ES.9")),
    "user_id_update_with_phone": moved("user_id.MADE", Sender(None, "ES.1"), Sender("+34600000001", "ES.9")),
    "user_id_update_without_previous": malformed("user_id_update: previous address"),
    "user_id_update_flat": moved("user_id.MADE", Sender(None, "ES.1"), Sender(None, "ES.9")),
    "user_id_update_old_and_new": moved("user_id.MADE", Sender(None, "ES.1"), Sender(None, "ES.9")),
    "user_id_update_without_timestamp": one(
        "user_id.MADE",
        AddressChanged(Sender(None, "ES.1")),
        Sender(None, "ES.9"),
        at=0,
        repaired=[Repair.TIME],
    ),
    "system_number_changed_from_the_new_in_the_sentence": moved(
        "A8FROMNEW", ANA_BY_PHONE, Sender("+34600000009", "ES.9")
    ),
    "system_number_changed_with_blanks": moved("A8BLANKS", Sender("+447400123456"), Sender("+447400654321")),
    "system_number_respelled": one("A8BRAZIL", Other("system"), Sender("+553187654321")),
    "system_user_id_changed_from_the_new_in_the_sentence": moved("A9FROMNEW", LUCIA, Sender("+34600000001", "ES.3")),
    "system_user_id_changed_nested": moved("A9NESTED", LUCIA, Sender(None, "ES.3")),
    "system_previous_wa_id": moved("A8PREVIOUS", ANA_BY_PHONE, Sender("+34600000009", None)),
    "system_number_changed_under_another_name": moved("A8NAMED", ANA_BY_PHONE, Sender("+34600000009", "ES.9")),
    "system_name_changed": one("NAMECHANGED", Other("system")),
    "system_name_in_a_sentence": one("NAMEJOINED", Other("system")),
    # the business itself, groups, and names
    "echo_to_recipient_id": one("ECHORECIPIENT", StaffMessage(), ANA_BY_PHONE),
    "echo_to_with_blanks": one("ECHOBLANKS", StaffMessage(), ANA_BY_PHONE),
    "echo_to_as_number": one("ECHONUMBER", StaffMessage(), ANA_BY_PHONE),
    "echo_in_messages": one("ECHOIN", StaffMessage(), ANA_BY_PHONE),
    "echo_in_messages_from_a_spelling": one("ECHOSPELT", StaffMessage(), ANA_BY_PHONE),
    "echo_in_messages_without_recipient": malformed("messages: recipient"),
    "echo_on_another_field": one("ECHOFIELD", StaffMessage(), ANA_BY_PHONE),
    "echo_list_in_messages": one("ECHOLIST", StaffMessage(), ANA_BY_PHONE),
    "echo_without_id": one("message.MADE", StaffMessage(), ANA_BY_PHONE),
    "echo_in_milliseconds": one("ECHOMS", StaffMessage(), ANA_BY_PHONE, at=0),
    "echo_to_only_contact": one("ECHOCONTACT", StaffMessage(), ANA_BY_PHONE),
    "own_number_in_new_field": ignored("field", "own"),
    "own_number_in_new_shape": ignored("field", "own"),
    "own_number_in_standby": ignored("agent"),
    "own_number_in_history_without_thread": ignored("own"),
    "own_number_id_as_sender": one("OWNID", StaffMessage(), ANA_BY_PHONE),
    "group_as_object": one("GROUPASOBJECT", Text("sí"), overheard="group"),
    "group_in_context": one("GROUPINCONTEXT", Text("sí"), overheard="group"),
    "group_by_recipient_type": one("GROUPBYRECIPIENTTYPE", Text("sí"), overheard="group"),
    "group_wrong_number": one("GROUPWRONG", Text("número equivocado"), overheard="group"),
    "sender_as_lid": malformed("messages: sender"),
    "sender_as_group": malformed("messages: sender"),
    "contacts_synced_in_a_new_field": ignored("field"),
    "contacts_synced_in_another_list": ignored("silent"),
    # what became of our messages
    "status_sent": status("OUT3", "sent", reference="job:41"),
    "status_delivered_to_bsuid": status("OUT4", "delivered", LUCIA, reference="job:42"),
    "status_read": status("OUT3", "read", reference="job:41"),
    "status_played": status("OUT3", "played"),
    "status_failed_marketing_stopped": status("OUT5", "failed", ANA_BY_PHONE, code="131050"),
    "status_failed_with_hash": status("OUT6", "failed", ANA_BY_PHONE, code="137000", reference="job:43"),
    "status_failed_without_errors": status("OUT7", "failed", ANA_BY_PHONE),
    "status_delivered_with_errors": status("OUT12", "delivered", ANA_BY_PHONE),
    "status_without_recipient": status("OUT8", "delivered", Sender(), reference="job:44"),
    "status_without_id": malformed("statuses: id"),
    "status_of_tomorrow": ignored("status"),
    "status_of_group": ignored("group"),
    # WhatsApp's own switch for marketing
    "preference_stop": one("preference.MADE", Preference("stop")),
    "preference_stop_bsuid_only": one("preference.MADE", Preference("stop"), LUCIA),
    "preference_stop_timestamp_as_text": one("preference.MADE", Preference("stop"), LUCIA),
    "preference_resume": one("preference.MADE", Preference("resume")),
    "preference_signup": ignored("preference"),
    "preference_of_another_category": one("preference.MADE", Preference("stop"), LUCIA, repaired=[Repair.CONTENT]),
    "preference_without_address": malformed("user_preferences: sender"),
    # what is about nobody, or not for us
    "errors_of_meta": ignored("errors"),
    "account_restriction": ignored("account"),
    "account_ban": ignored("account"),
    "account_number_quality": ignored("account"),
    "account_template_status": Read(),  # what they say of templates: see test_template_news.py
    "account_template_category": Read(),
    "field_of_tomorrow": one(
        "field message.MADE",
        Other("unknown", "stop"),
        ANA_BY_PHONE,
        at=0,
        overheard="field",
        repaired=[Repair.ENVELOPE],
        ignored="field",
    ),
    "other_number": ignored("number"),
    "other_object": ignored("object"),
    "without_entries": Read(),
    "without_metadata": one("field wamid.NOMETA", Text("stop"), overheard="field", repaired=[Repair.ENVELOPE]),
    "without_field": one("field wamid.NOFIELD", Text("stop"), overheard="field", repaired=[Repair.ENVELOPE]),
    # a sender in another form, or only among the contacts
    "sender_only_in_contacts": one("ONLYCONTACT", Text("BAJA"), repaired=[Repair.SENDER]),
    "sender_only_in_contacts_null": one("NULLFROM", Text("BAJA"), repaired=[Repair.SENDER]),
    "sender_with_blanks": one("BLANKS", Text("BAJA"), ANA_BY_PHONE, repaired=[Repair.SENDER]),
    "sender_with_double_zero": one("DOUBLEZERO", Text("BAJA"), ANA_BY_PHONE, repaired=[Repair.SENDER]),
    "sender_as_number": one("NUMBER", Text("BAJA"), ANA_BY_PHONE, repaired=[Repair.SENDER]),
    "sender_as_float": one("FLOAT", Text("BAJA"), ANA_BY_PHONE, repaired=[Repair.SENDER]),
    "sender_as_uri": one("URI", Text("BAJA"), ANA_BY_PHONE, repaired=[Repair.SENDER]),
    "sender_as_jid": one("JID", Text("BAJA"), ANA_BY_PHONE, repaired=[Repair.SENDER]),
    "sender_as_object": one("OBJECT", Text("BAJA"), ANA_BY_PHONE, repaired=[Repair.SENDER]),
    "sender_as_list": one("SENDERLIST", Text("BAJA"), ANA_BY_PHONE, repaired=[Repair.SENDER]),
    "sender_of_two_contacts": malformed("messages: sender"),
    "sender_in_contact_that_is_no_list": one("CONTACTOBJECT", Text("BAJA"), repaired=[Repair.SENDER]),
    # what a message answers
    "context_list": one("CONTEXTLIST", Text("BAJA"), repaired=[Repair.CONTEXT]),
    "context_text": one("CONTEXTTEXT", Text("BAJA"), repaired=[Repair.CONTEXT]),
    "context_id_number": one("CONTEXTIDNUMBER", Text("BAJA"), quoted="unreadable", repaired=[Repair.CONTEXT]),
    "context_id_null": one("CONTEXTIDNULL", Text("BAJA")),
    "context_number": one("CONTEXTNUMBER", Text("BAJA"), quoted="unreadable", repaired=[Repair.CONTEXT]),
    "context_list_of_something": one(
        "CONTEXTLISTOFSOMETHING", Text("BAJA"), quoted="unreadable", repaired=[Repair.CONTEXT]
    ),
    # ids
    "id_blank": one("message.MADE", Text("BAJA"), repaired=[Repair.ID]),
    "id_null": one("message.MADE", Text("BAJA"), repaired=[Repair.ID]),
    "id_number": one("message.MADE", Text("BAJA"), repaired=[Repair.ID]),
    "id_too_long": one("message.MADE", Text("BAJA"), repaired=[Repair.ID]),
    "id_with_blanks": one("message.MADE", Text("BAJA"), repaired=[Repair.ID]),
    # taps
    "reply_stop_without_id": one("TAPNOID", Choice("Baja", "Baja"), quoted=QUOTED, repaired=[Repair.CONTENT]),
    "reply_stop_with_blank_id": one("TAPBLANKID", Choice("Baja", "Baja"), quoted=QUOTED, repaired=[Repair.CONTENT]),
    "reply_stop_with_id_number": one("TAPNUMBERID", Choice("Baja", "Baja"), quoted=QUOTED, repaired=[Repair.CONTENT]),
    "list_reply_stop_without_id": one("ROWNOID", Choice("Baja", "Baja"), quoted=QUOTED, repaired=[Repair.CONTENT]),
    "interactive_stop_without_type": one("TAPNOTYPE", Other("interactive", "Baja")),
    "button_stop_payload_of_another_type": one("BUTTONPAYLOAD", Choice("Baja", "Baja"), repaired=[Repair.CONTENT]),
    # for which number
    "number_as_number": one("NUMBERID", Text("BAJA")),
    "number_null": one("field wamid.NUMBERNULL", Text("BAJA"), overheard="field", repaired=[Repair.ENVELOPE]),
    "metadata_as_list": one("field wamid.METALIST", Text("BAJA"), overheard="field", repaired=[Repair.ENVELOPE]),
    # types
    "type_missing_of_button": one("BUTTONNOTYPE", Choice("stop", "Baja"), repaired=[Repair.CONTENT]),
    "type_missing_of_image": one("IMAGENOTYPE", Media("image", "Baja"), repaired=[Repair.CONTENT]),
    "type_null": one("TYPENULL", Text("BAJA"), repaired=[Repair.CONTENT]),
    "type_of_another_kind": one("TYPEOTHER", Other("image", "BAJA")),
    "type_new_with_words": one("HOLOGRAM", Other("hologram", "Baja")),
    "type_unsupported_with_text": one("UNSUPPORTEDTEXT", Other("unsupported", "BAJA")),
    "text_as_text": one("BARETEXT", Other("unknown", "BAJA"), repaired=[Repair.CONTENT]),
    "text_under_another_name": one("CONTENT", Other("unknown", "BAJA"), repaired=[Repair.CONTENT]),
    "system_new_type_that_says_stop": one("SYSTEMSTOP", Preference("stop")),
    "system_new_type_with_words": one("SYSTEMWORDS", Other("system", "BAJA")),
    # groups
    "group_id_blank": one("GROUPBLANK", Text("BAJA")),
    "group_id_null": one("GROUPNULL", Text("BAJA")),
    "group_stop": one("GROUPSTOP", Text("BAJA"), overheard="group"),
    "group_talk": one("GROUPTALK", Text("¿A qué hora?"), overheard="group"),
    "group_yes": one("GROUPYES", Text("sí"), overheard="group"),
    # more of WhatsApp's own switch
    "preference_without_category": SWITCHED_OFF,
    "preference_opt_out": SWITCHED_OFF,
    "preference_unsubscribe": SWITCHED_OFF,
    "preference_blocked": SWITCHED_OFF,
    "preference_stop_in_capitals": SWITCHED_OFF,
    "preference_opted_out": SWITCHED_OFF,
    "preference_disable": SWITCHED_OFF,
    "preference_value_missing": SWITCHED_OFF,
    "preference_false": SWITCHED_OFF,
    "preference_opt_in": ignored("preference"),
    "preference_sender_only_in_contacts": one("preference.MADE", Preference("stop"), repaired=[Repair.SENDER]),
    "preference_without_timestamp": one("preference.MADE", Preference("stop"), at=0, repaired=[Repair.TIME]),
    "preference_timestamp_iso": one("preference.MADE", Preference("stop"), LUCIA, at=0, repaired=[Repair.TIME]),
    # longer than can be kept: both ends are
    "text_too_long_with_stop_at_the_end": one("LONGEND", Text(LONG)),
    "caption_too_long_with_stop_at_the_end": one("LONGCAPTION", Media("image", LONG)),
    # times
    "time_missing": one("TIMEMISSING", Text("BAJA"), at=0, repaired=[Repair.TIME]),
    "time_null": one("TIMENULL", Text("BAJA"), at=0, repaired=[Repair.TIME]),
    "time_milliseconds": one("TIMEMILLISECONDS", Text("BAJA"), at=0, repaired=[Repair.TIME]),
    "time_milliseconds_number": one("TIMEMILLISECONDSNUMBER", Text("BAJA"), at=0, repaired=[Repair.TIME]),
    "time_iso": one("TIMEISO", Text("BAJA"), at=0, repaired=[Repair.TIME]),
    "time_float": one("TIMEFLOAT", Text("BAJA"), at=0, repaired=[Repair.TIME]),
    "time_float_text": one("TIMEFLOATTEXT", Text("BAJA"), at=0, repaired=[Repair.TIME]),
    "time_zero": one("TIMEZERO", Text("BAJA"), at=0, repaired=[Repair.TIME]),
    "time_1970": one("TIME1970", Text("BAJA"), at=86400),
    "time_negative": one("TIMENEGATIVE", Text("BAJA"), at=0, repaired=[Repair.TIME]),
    "time_far_future": one("TIMEFARFUTURE", Text("BAJA"), at=0, repaired=[Repair.TIME]),
    "time_in_ten_years": one("TIMEINTENYEARS", Text("BAJA"), at=2105776800),
    "time_list": one("TIMELIST", Text("BAJA"), at=0, repaired=[Repair.TIME]),
    # chats that Meta's agent holds
    "standby_stop": one("STANDBYSTOP", Text("BAJA"), overheard="standby"),
    "standby_talk": one("STANDBYTALK", Text("hola"), overheard="standby"),
    "standby_yes": one("STANDBYYES", Text("sí"), overheard="standby"),
    "standby_echo_of_the_agent": ignored("agent"),
    "standby_status": status("OUTAGENT", "delivered", ANA_BY_PHONE),
    "standby_not_nested": one("STANDBYFLAT", Text("BAJA"), overheard="standby"),
    "standby_as_list": one(
        "message.MADE",
        Other("unknown", "BAJA"),
        ANA_BY_PHONE,
        overheard="standby",
        repaired=[Repair.SENDER, Repair.ID, Repair.CONTENT],
    ),
    "handover": ignored("silent"),
    # fields and envelopes that are not known
    "field_new_with_messages": one(
        "field wamid.NEWFIELD", Text("BAJA"), overheard="field", repaired=[Repair.ENVELOPE], ignored="field"
    ),
    "field_new_with_talk": one(
        "field wamid.NEWTALK", Text("hola"), overheard="field", repaired=[Repair.ENVELOPE], ignored="field"
    ),
    "field_new_with_words": one(
        "field message.MADE",
        Other("unknown", "BAJA"),
        at=0,
        overheard="field",
        repaired=[Repair.ENVELOPE],
        ignored="field",
    ),
    "field_new_of_the_account": ignored("field"),
    "field_null": one("field wamid.FIELDNULL", Text("BAJA"), overheard="field", repaired=[Repair.ENVELOPE]),
    "value_nested": one("field wamid.NESTED", Text("BAJA"), overheard="field", repaired=[Repair.ENVELOPE]),
    "value_as_list": one("field wamid.VALUELIST", Text("BAJA"), overheard="field", repaired=[Repair.ENVELOPE]),
    "changes_as_object": one("field wamid.CHANGESOBJECT", Text("BAJA"), overheard="field", repaired=[Repair.ENVELOPE]),
    "messages_nested": one("MESSAGESNESTED", Text("BAJA")),
    "object_missing": one("NOOBJECTNAME", Text("BAJA")),
    # numbers that staff use on a phone, too
    "echo_of_staff": one("ECHO", StaffMessage(), ANA_BY_PHONE),
    "echo_of_staff_to_bsuid": one("ECHOBSUID", StaffMessage()),
    "echo_under_messages": one("ECHOMESSAGES", StaffMessage(), ANA_BY_PHONE),
    "echo_of_the_customer": one(
        "field wamid.ECHOCUSTOMER", Text("BAJA"), overheard="field", repaired=[Repair.ENVELOPE]
    ),
    "history_stop": one(
        "history wamid.HIST", Text("BAJA"), ANA_BY_PHONE, at=1785232800, overheard="history", ignored="history"
    ),
    "history_talk": one(
        "history wamid.HISTTALK", Text("hola"), ANA_BY_PHONE, at=1785232800, overheard="history", ignored="history"
    ),
    "history_yes": one("history wamid.HISTYES", Text("sí"), ANA_BY_PHONE, at=1785232800, overheard="history"),
    "history_media": ignored("history"),
    "history_declined": Read(),
    "contacts_synced": ignored("silent"),
    # a failure that says that the person opted out
    "status_failed_marketing_stopped_without_id": Read(
        [Delivery(MessageId("message.MADE"), "failed", AT, ANA_BY_PHONE, "131050")],
        repaired={Repair.ID: 1},
    ),
    "status_failed_marketing_stopped_without_timestamp": Read(
        [Delivery(MessageId("wamid.OUT5"), "failed", 0, ANA_BY_PHONE, "131050")], repaired={Repair.TIME: 1}
    ),
    # what a parser of chats of before, of a switch or of a status must read, in any form that was seen
    "history_sender_of_two_addresses": one("history wamid.H1", Text("BAJA"), overheard="history"),
    "history_thread_by_bsuid": one("history wamid.H2", Text("BAJA"), overheard="history"),
    "history_thread_in_another_spelling": one(
        "history wamid.H3", Text("PARAR"), Sender("+551187654321"), overheard="history"
    ),
    "history_thread_with_context": one("history wamid.H4", Text("BAJA"), overheard="history", repaired=[Repair.SENDER]),
    "history_to_the_business": one("history wamid.H5", Text("BAJA"), overheard="history"),
    "history_to_blank": one("history wamid.H6", Text("BAJA"), overheard="history"),
    "history_caption": one("history wamid.H7", Media("image", "BAJA"), overheard="history"),
    "history_button_with_payload_alone": one("history wamid.H8", Choice("STOP"), overheard="history"),
    "history_messages_without_threads": one("history wamid.H9", Text("BAJA"), overheard="history"),
    "history_threads_without_chunks": one("history wamid.H10", Text("BAJA"), overheard="history"),
    "history_of_the_business": ignored("own"),
    # words under another key of a field that is known
    "preferences_with_messages": overheard("P1"),
    "account_alerts_with_messages": overheard("P2", ignored="account"),
    "user_id_update_with_messages": overheard("P3"),
    "preferences_under_another_name": one("preference.MADE", Preference("stop")),
    "preferences_in_standby": one("preference.MADE", Preference("stop")),
    "standby_message": one("P4", Text("BAJA"), overheard="standby"),
    "message_beside_messages": Read(
        [inbound("P5", Reaction("👍")), inbound("field wamid.P6", Text("BAJA"), overheard="field")],
        repaired={Repair.ENVELOPE: 1},
    ),
    # no entry
    "entry_missing": overheard("E1"),
    "entry_missing_with_changes": one("E2", Text("BAJA")),
    "entry_under_another_name": overheard("E3"),
    "entry_of_twilio": one(
        "field message.MADE",
        Other("unknown", "STOP\n0"),
        ANA_BY_PHONE,
        at=0,
        overheard="field",
        repaired=[Repair.ENVELOPE],
    ),
    "entry_with_standby_beside_changes": overheard("E4"),
    "entry_missing_without_words": malformed("entry"),
    # WhatsApp's own switch in other words
    "preference_stop_in_list": SWITCHED_OFF,
    "preference_stop_in_object": SWITCHED_OFF,
    "preference_zero_with_action": SWITCHED_OFF,
    "preference_false_with_action": SWITCHED_OFF,
    "preference_action_alone": SWITCHED_OFF,
    "preference_detail_denies": SWITCHED_OFF,
    "preference_opted_in": ignored("preference"),
    "preference_resubscribed": ignored("preference"),
    "preference_unstop": ignored("preference"),
    "preference_resume_marketing": one("preference.MADE", Preference("resume"), repaired=[Repair.CONTENT]),
    "preference_allow_marketing": ignored("preference"),
    "preference_active": ignored("preference"),
    "system_user_unblocked": one("SUSERUNBLOCKED", Other("system")),
    "system_user_stopped_typing": one("SUSERSTOPPEDTYPING", Other("system")),
    "system_live_location_stopped": one("SLIVELOCATIONSTOPPED", Other("system")),
    "system_call_stopped": one("SCALLSTOPPED", Other("system")),
    "system_user_blocked": one("SBLOCKED", Preference("stop")),
    # a failure that says that the person opted out, in other forms
    "status_off_code_as_text": MARKETING_OFF,
    "status_off_as_second_error": MARKETING_OFF,
    "status_off_errors_as_object": MARKETING_OFF,
    "status_off_undelivered": MARKETING_OFF,
    "status_off_failed": MARKETING_OFF,
    "status_off_rejected": MARKETING_OFF,
    "status_off_blocked": MARKETING_OFF,
    "status_off_recipient_in_contacts": Read(
        [delivery("OFF", "failed", ANA, code="131050")], repaired={Repair.SENDER: 1}
    ),
    "status_off_recipient_with_blanks": Read(MARKETING_OFF.events, repaired={Repair.SENDER: 1}),
    "status_off_recipient_as_uri": Read(MARKETING_OFF.events, repaired={Repair.SENDER: 1}),
    "status_off_recipient_as_number": Read(MARKETING_OFF.events, repaired={Repair.SENDER: 1}),
    # words in fields where people type, too
    "flow_with_a_comment": one("C1", Other("flow", "STOP")),
    "audio_with_caption": one("C2", Media("audio", "BAJA")),
    "list_reply_with_description_alone": one("C3", Choice("row:1", "BAJA")),
    "edit_without_inner_type": one("C4", Correction("edit", MessageId("wamid.TEXT"), "BAJA")),
    "edit_with_body": one("C5", Correction("edit", MessageId("wamid.TEXT"), "BAJA")),
    "caption_beside_the_image": one("C6", Media("image", "BAJA")),
    "order_with_note": one("C7", Other("order", "BAJA")),
    # several in one POST
    "batch_of_messages": Read(
        [
            inbound("B1", Text("hola")),
            inbound("B2", Text("stop"), LUCIA),
            inbound("B3", Media("image")),
        ]
    ),
    "batch_of_messages_and_statuses": Read([inbound("B4", Text("hola")), delivery("OUT3", "read")]),
    "batch_of_entries_and_changes": Read(
        [
            inbound("B5", Text("uno")),
            delivery("OUT3", "delivered"),
            inbound("preference.MADE", Preference("stop"), LUCIA),
        ],
        ignored={"account": 1},
    ),
    "batch_with_duplicate": Read([inbound("B9", Text("dos veces"))] * 2),
    "batch_with_other_number": Read([inbound("B5", Text("uno"))], ignored={"number": 1}),
    "batch_with_malformed_neighbour": Read(
        [inbound("B6", Text("antes")), inbound("B8", Text("después")), delivery("OUT3", "read")],
        malformed=["messages: body", "messages: update", "statuses: id"],
    ),
    "batch_with_malformed_entry_and_change": Read(
        [inbound("B5", Text("uno"))], malformed=["entry", "entry", "change", "value"]
    ),
}


def post(situation: str) -> bytes:
    return (POSTS / f"{situation}.json").read_bytes()


def parsed(body: bytes) -> Parsed:
    return WhatsAppWebhooks("secret", NUMBER).parse(body, RECEIVED_AT)


def without_digest(id: str) -> MessageId:
    """An id of WhatsApp's as it is, and of one that is made only the kind."""
    return MessageId(re.sub(r"[.][0-9a-f]{32}$", ".MADE", id))


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_webhook_is_read(situation: str) -> None:
    result = parsed(post(situation))
    reasons = [one.reason for one in result.malformed]
    events = [msgspec.structs.replace(event, id=without_digest(event.id)) for event in result.events]
    assert Read(events, reasons, result.ignored, result.repaired) == SITUATIONS[situation]


def test_every_payload_has_its_expectation() -> None:
    assert {path.stem for path in POSTS.glob("*.json")} == SITUATIONS.keys()


def test_without_a_configured_number_webhooks_for_all_numbers_are_read() -> None:
    assert [event.id for event in parse(post("other_number")).events] == ["wamid.OTHER"]


def test_two_preferences_of_one_person_have_their_own_ids() -> None:
    ids = {parsed(post(name)).events[0].id for name in ("preference_stop", "preference_resume")}
    assert len(ids) == 2


def test_a_redelivered_preference_keeps_its_id() -> None:
    first, again = (parsed(post("preference_stop")).events[0].id for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("at", "read"),
    [
        ('"1"', 1),
        ('"4102444800"', 4102444800),
        ("1790416811", 1790416811),
        ('"4102444801"', 0),
        ('"0"', 0),
        ('"-5"', 0),
        ("0", 0),
        ("1790416811.5", 0),
        ("1790416811000", 0),
        ('"2026-09-26T09:20:11Z"', 0),
        ("true", 0),
        ('""', 0),
        ('"99999999999999999999"', 0),
        ('"١٢٣٤"', 0),
        ("null", 0),
        ("[]", 0),
    ],
)
def test_a_timestamp_is_a_positive_integer_up_to_2100_or_ignored(at: str, read: int) -> None:
    result = parsed(post("text").replace(b'"1790416800"', at.encode()))
    assert [event.at for event in result.events] == [read]


@pytest.mark.parametrize(
    ("sender", "read"),
    [
        ("34600", Sender("+34600")),
        ("123456789012345", Sender("+123456789012345")),
        ("1234567890123456", None),
        ("3460", None),
        ("034600000001", None),
        ("34 600 000 001", Sender("+34600000001")),
        ("US." + "a1" * 64, Sender(None, "US." + "a1" * 64)),
        ("US." + "a1" * 64 + "b", None),
        ("us.12", None),
        ("US.ENT.12", None),
    ],
)
def test_an_address_is_a_number_with_country_code_or_a_bsuid(sender: str, read: Sender | None) -> None:
    result = parsed(post("text_from_with_plus").replace(b"+34600000001", sender.encode()))
    assert [event.sender for event in result.events if isinstance(event, Inbound)] == ([read] if read else [])


@pytest.mark.parametrize(
    "id", ["", "null", "0", "undefined", "wamid.", "wamid. x", "wamid.\\u0000", "wamid.é", "wamid." + "x" * 507]
)
def test_an_invalid_message_id_is_replaced_by_one_made_for_the_arrival(id: str) -> None:
    body = post("text").replace(b"wamid.TEXT", id.encode())
    first, replayed, later = (parse(body, received_at=at).events[0].id for at in (1.5, 1.5, 1.75))
    assert first == replayed != later
    assert first.startswith("message.")


@pytest.mark.parametrize("situation", ["preference_without_timestamp", "text_without_id", "id_null", "time_missing"])
def test_a_redelivery_is_recognised_only_by_an_id_from_whatsapp(situation: str) -> None:
    first, later = (parse(post(situation), received_at=at).events[0].id for at in (1.5, 1.75))
    assert (first == later) == (situation == "time_missing")


def test_a_long_text_is_shortened_in_the_middle() -> None:
    (event,) = parsed(post("text").replace(b"BAJA", b"x" * 5000)).events
    assert isinstance(event, Inbound)
    assert event.content == Text("x" * 2047 + "\n" + "x" * 2048)


def test_characters_that_postgresql_cannot_store_are_removed_from_a_text() -> None:
    (event,) = parsed(post("text").replace(b"BAJA", rb"ST\u0000OP")).events
    assert isinstance(event, Inbound)
    assert event.content == Text("STOP")


class TestBrokenJson:
    """One character that is none must not stop the other updates of a POST."""

    @pytest.mark.parametrize(
        ("broken", "read"),
        [
            (b"\xff\xfe", "��"),
            (rb"\ud83d", "�"),
            (rb"\udc4d\ud83d", "��"),
            (b"\t", "\t"),
        ],
    )
    def test_an_invalid_character_is_replaced(self, broken: bytes, read: str) -> None:
        (event,) = parsed(post("text").replace(b"BAJA", b"stop " + broken)).events
        assert isinstance(event, Inbound)
        assert event.content == Text(f"stop {read}")

    @pytest.mark.parametrize("beside", [b"antes", rb"antes \ud83d"], ids=["whole", "a broken character"])
    @pytest.mark.parametrize(
        "number", [b"1e999", b"NaN", b"-Infinity", b"9" * 20, b"9" * 30, b"9" * 5000, b"-" + b"9" * 19]
    )
    def test_a_number_out_of_range_harms_only_its_own_message(self, number: bytes, beside: bytes) -> None:
        before, after = post("batch_with_malformed_neighbour").replace(b"antes", beside).split(b'"body": 12')
        result = parsed(before + b'"body": ' + number + after)
        assert [event.id for event in result.events] == ["wamid.B6", "wamid.B8", "wamid.OUT3"]
        assert can_be_replayed(result.malformed[0])

    @pytest.mark.parametrize("depth", [200, 900])
    def test_deep_nesting_harms_only_its_own_message(self, depth: int) -> None:
        before, after = post("batch_with_malformed_neighbour").split(b'"body": 12')
        result = parsed(before + b'"body": ' + b"[" * depth + b"]" * depth + after)
        assert [event.id for event in result.events] == ["wamid.B6", "wamid.B8", "wamid.OUT3"]
        assert result.malformed[0].reason == "messages: body"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"null",
            b"[]",
            b'"whatsapp_business_account"',
            b"{",
            b"\xff",
            b"\xef\xbb\xbf{}",
            b"[" * 3_000_000,
            b'{"a":' * 500_000,
        ],
        ids=lambda body: repr(body[:8]),
    )
    def test_a_body_that_is_not_a_json_object_is_not_a_webhook(self, body: bytes) -> None:
        with pytest.raises(NotAWebhook, match=r"^the body is not a JSON object$"):
            parsed(body)


def can_be_replayed(malformed: Malformed) -> bool:
    """Whether it can be replayed: read again, it fails for the same reason."""
    return [one.reason for one in parsed(malformed.raw).malformed] == [malformed.reason]


@pytest.mark.parametrize("situation", [name for name, read in SITUATIONS.items() if read.malformed])
def test_a_malformed_update_can_be_replayed(situation: str) -> None:
    assert all(can_be_replayed(one) for one in parsed(post(situation)).malformed)


def test_a_malformed_update_is_kept_without_its_neighbours() -> None:
    raw = parsed(post("batch_with_malformed_neighbour")).malformed[0].raw
    assert b"wamid.B7" in raw
    assert b"wamid.B6" not in raw
    assert b"Ana" not in raw


def test_the_repr_of_a_malformed_update_hides_its_content() -> None:
    shown = repr(parsed(post("batch_with_malformed_neighbour")).malformed)
    assert "34600000001" not in shown
    assert "messages: body" in shown


def test_a_malformed_staff_message_is_put_aside_without_its_words() -> None:
    (aside,) = parsed(post("echo_in_messages_without_recipient")).malformed
    assert b"BAJA" not in aside.raw
