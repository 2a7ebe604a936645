"""Records that other programs read: linked data checked by an independent reader, and a table."""

import json

import pytest
from rdflib import DCTERMS, RDF, Graph, Literal, Namespace, URIRef

from bot.consent.evidence import EVERY, Clock, Kind, Method, Seen
from bot.consent.export import COLUMNS, ExportedFact, Party, Processing, as_json_ld, as_rows
from bot.consent.lifecycle import fold

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")  # rdflib's own reader uses it

DPV = Namespace("https://w3id.org/dpv#")
SCHEMA = Namespace("https://schema.org/")
GDPR = Namespace("https://w3id.org/dpv/legal/eu/gdpr#")
PERSON = "019a0000-0000-7000-8000-000000000001"
RECORD = URIRef(f"urn:uuid:{PERSON}#offers")

PROCESSING = Processing(
    controller=Party("Blumen Haas", "controller", "Marktplatz 1, Freiburg", "privacy@blumen-haas.example", "DE"),
    recipients=[
        Party("Meta Platforms Ireland Ltd. (WhatsApp)", "processor", country="IE"),
        Party("A shop", "controller", country="IE"),
    ],
    storage=["European Union"],
    titles={"offers": ("offers and news", "Now and then a message about offers.")},
    categories={"offers": "marketing"},
    proof_days=1095,
)

TERMS = {
    "ConsentRecord", "DataSubject", "Marketing", "Collect", "Store", "Use", "DataController", "DataProcessor",
    "StorageLocation", "WithdrawConsent", "ConsentRequested", "ConsentGiven", "ConsentWithdrawn", "PrivacyNotice",
    "ExpressedConsent", "hasDataSubject", "hasPurpose", "hasLegalBasis", "hasPersonalData", "hasProcessing",
    "hasDataController", "hasRecipient", "hasStorageCondition", "hasJurisdiction", "hasConsentControl", "hasRight",
    "hasConsentStatus", "hasNotice", "hasIndicationMethod", "hasName", "hasAddress", "ConsentRefused",
    "ConsentRequestDeferred", "ConsentUnknown", "ConsentExpired", "ConsentInvalidated", "RightExerciseActivity",
    "ThirdParty", "StorageDuration", "hasDuration", "isIndicatedBy", "hasDataSource", "DataProcessingRecord",
    "LegalBasis",
}  # fmt: skip
"""Terms of DPV 2 that a record may use."""


def fact(kind: Kind, at: int, **details: object) -> ExportedFact:
    common = {
        "purpose": "offers",
        "question": "q1",
        "locale": "fr",
        "notice": "2026-10",
        "notice_url": "https://blumen-haas.example/fr/confidentialite",
        "recorded_at": at + 0.5,
        "method": Method.CHAT,
        "rule": "yes:fr:exact",
        "legal_basis": "consent",
        "actor": "person",
        "app_version": "1",
        "entry_hash": b"\x02" * 32,
    }
    return ExportedFact(kind=kind, at=at, **{**common, **details})  # type: ignore[arg-type]


FACTS = [
    fact(Kind.REQUESTED, 1_790_000_000, expires_at=1_790_172_800, wording=b"\x01" * 32),
    fact(Kind.GIVEN, 1_790_000_060, expires_at=1_850_000_000, wording=b"\x01" * 32),
    fact(Kind.WITHDRAWN, 1_790_000_120),
]


@pytest.fixture
def graph() -> Graph:
    """What an independent reader makes of the document."""
    document = as_json_ld(PERSON, fold(FACTS).consents, FACTS, PROCESSING)
    return Graph().parse(data=json.dumps(document), format="json-ld")


def test_a_record_says_who_agreed_to_what_on_which_basis(graph: Graph) -> None:
    assert (RECORD, RDF.type, DPV.ConsentRecord) in graph
    assert (RECORD, DPV.hasDataSubject, URIRef(f"urn:uuid:{PERSON}")) in graph
    assert (RECORD, DPV.hasLegalBasis, GDPR["A6-1-a"]) in graph
    purpose = graph.value(RECORD, DPV.hasPurpose)
    assert (purpose, RDF.type, DPV.Marketing) in graph
    assert (purpose, DCTERMS.title, Literal("offers and news")) in graph


def test_a_record_has_the_consent_status_and_its_events(graph: Graph) -> None:
    assert (RECORD, DPV.hasConsentStatus, DPV.ConsentWithdrawn) in graph
    events = [graph.value(event, RDF.type) for event in graph.objects(RECORD, DCTERMS.hasPart)]
    assert set(events) == {DPV.ConsentRequested, DPV.ConsentGiven, DPV.ConsentWithdrawn}
    assert graph.value(RECORD, DCTERMS.valid) is None


def test_a_given_consent_has_an_end_of_validity() -> None:
    document = as_json_ld(PERSON, fold(FACTS[:2]).consents, FACTS[:2], PROCESSING)
    graph = Graph().parse(data=json.dumps(document), format="json-ld")
    valid = graph.value(RECORD, DCTERMS.valid)
    assert isinstance(valid, Literal)
    assert valid.toPython().timestamp() == 1_850_000_000


def test_an_answer_says_whose_clock_dated_it_and_how_the_question_was_seen() -> None:
    facts = [FACTS[0], fact(Kind.GIVEN, 1_790_000_060, clock=Clock.ARRIVAL, seen=Seen.BUTTON)]
    document = as_json_ld(PERSON, fold(facts).consents, facts, PROCESSING)
    graph = Graph().parse(data=json.dumps(document), format="json-ld")
    event = graph.value(None, RDF.type, DPV.ConsentGiven)
    assert {str(told) for told in graph.objects(event, DCTERMS.provenance)} == {
        "dct:date by the controller's clock, at the arrival",
        "question seen: button",
    }


@pytest.mark.parametrize(
    "field",
    ["hasNotice", "hasDataController", "hasRecipient", "hasStorageCondition", "hasConsentControl", "hasRight",
     "hasPersonalData", "hasProcessing", "hasJurisdiction"],
)  # fmt: skip
def test_the_mandatory_fields_of_the_standard_are_there(graph: Graph, field: str) -> None:
    assert graph.value(RECORD, DPV[field]) is not None


def test_a_record_says_how_long_and_where_data_is_kept(graph: Graph) -> None:
    kinds = {graph.value(one, RDF.type): one for one in graph.objects(RECORD, DPV.hasStorageCondition)}
    assert kinds.keys() == {DPV.StorageLocation, DPV.StorageDuration}
    assert str(graph.value(kinds[DPV.StorageDuration], DPV.hasDuration)) == "P1095D"


def test_the_notice_is_that_of_the_language_shown(graph: Graph) -> None:
    notice = graph.value(RECORD, DPV.hasNotice)
    assert str(graph.value(notice, SCHEMA.url)) == "https://blumen-haas.example/fr/confidentialite"


def test_an_independent_recipient_is_a_third_party_not_a_processor(graph: Graph) -> None:
    kinds = {
        str(graph.value(one, DPV.hasName)): graph.value(one, RDF.type)
        for one in graph.objects(RECORD, DPV.hasRecipient)
    }
    assert kinds["A shop"] == DPV.ThirdParty
    assert DPV.DataProcessor in kinds.values()


def test_each_event_says_by_whom_and_how_it_came_about(graph: Graph) -> None:
    for event in graph.objects(RECORD, DCTERMS.hasPart):
        assert graph.value(event, DPV.isIndicatedBy) == URIRef(f"urn:uuid:{PERSON}")
        assert str(graph.value(graph.value(event, DPV.hasDataSource), DCTERMS.title)) == "chat"


def test_a_consent_under_renewal_keeps_the_notice_that_was_agreed_to() -> None:
    again = fact(Kind.REQUESTED, 1_830_000_000, question="q2", notice="2027-01", locale="en", expires_at=1_830_172_800)
    facts = [*FACTS[:2], again]
    (record,) = as_json_ld(PERSON, fold(facts).consents, facts, PROCESSING)["@graph"]
    assert record["dpv:hasConsentStatus"] == {"@id": "dpv:ConsentGiven"}
    assert (record["dpv:hasNotice"]["dct:hasVersion"], record["dct:language"]) == ("2026-10", "fr")


def terms(graph: Graph) -> set[str]:
    return {
        str(node).removeprefix(str(DPV))
        for triple in graph
        for node in triple
        if isinstance(node, URIRef) and str(node).startswith(str(DPV))
    }


def test_every_term_belongs_to_the_vocabulary(graph: Graph) -> None:
    assert terms(graph) <= TERMS
    assert terms(graph) >= {"ConsentRecord", "hasPurpose", "ConsentWithdrawn"}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_fact_is_exported(kind: Kind) -> None:
    facts = [*FACTS[:2], fact(kind, 1_790_000_180)]
    document = as_json_ld(PERSON, fold(facts).consents, facts, PROCESSING)
    assert kind in [record["dct:hasPart"][-1]["dct:description"] for record in document["@graph"]]
    assert terms(Graph().parse(data=json.dumps(document), format="json-ld")) <= TERMS


def test_a_sale_is_exported_with_its_own_legal_basis_and_never_as_a_consent() -> None:
    sale = fact(Kind.RELATIONSHIP, 1_790_000_000, expires_at=1_850_000_000, legal_basis="soft_opt_in", method="sale")
    facts = [sale, fact(Kind.WITHDRAWN, 1_790_000_120)]
    document = as_json_ld(PERSON, fold(facts).consents, facts, PROCESSING)
    (record,) = document["@graph"]
    assert record["dpv:hasLegalBasis"]["dct:title"] == "soft_opt_in"
    assert [event["dct:description"] for event in record["dct:hasPart"]] == ["relationship", "withdrawn"]
    said = json.dumps(record)
    assert "A6-1-a" not in said
    assert "ConsentRecord" not in said
    assert "ConsentGiven" not in said
    (first, _) = as_rows(PERSON, fold(facts).consents, facts)
    assert (first[COLUMNS.index("event")], first[COLUMNS.index("legal_basis")]) == ("relationship", "soft_opt_in")


def test_a_consent_beside_a_sale_keeps_its_record() -> None:
    sale = fact(Kind.RELATIONSHIP, 1_780_000_000, expires_at=1_850_000_000, legal_basis="soft_opt_in", method="sale")
    facts = [sale, *FACTS]
    sold, agreed = as_json_ld(PERSON, fold(facts).consents, facts, PROCESSING)["@graph"]
    assert [event["dct:description"] for event in sold["dct:hasPart"]] == ["relationship", "withdrawn"]
    assert [event["dct:description"] for event in agreed["dct:hasPart"]] == ["requested", "given", "withdrawn"]
    assert sold["@id"] != agreed["@id"]


def test_a_restriction_does_not_change_the_consent() -> None:
    facts = [*FACTS[:2], fact(Kind.RESTRICTED, 1_790_000_180)]
    (record,) = as_json_ld(PERSON, fold(facts).consents, facts, PROCESSING)["@graph"]
    assert record["dct:hasPart"][-1]["dpv:hasRight"] == {"@id": "eu-gdpr:A18"}
    assert record["dpv:hasConsentStatus"] == {"@id": "dpv:ConsentGiven"}


def test_every_property_resolves_to_an_iri(graph: Graph) -> None:
    assert all(":" in str(predicate) for _, predicate, _ in graph)
    assert len(graph) > 50


def test_the_table_has_a_row_for_each_event() -> None:
    rows = list(as_rows(PERSON, fold(FACTS).consents, FACTS))
    assert [row[COLUMNS.index("event")] for row in rows] == ["requested", "given", "withdrawn"]
    assert {row[COLUMNS.index("status")] for row in rows} == {"withdrawn"}
    assert all(len(row) == len(COLUMNS) for row in rows)
    assert {row[COLUMNS.index("rule")] for row in rows} == {"yes:fr:exact"}
    assert rows[0][-1] == "02" * 32


def test_an_erasure_is_an_event_of_every_record() -> None:
    facts = [*FACTS[:2], fact(Kind.ERASED, 1_790_000_180, purpose=EVERY)]
    consents = fold(facts).consents
    (record,) = as_json_ld(PERSON, consents, facts, PROCESSING)["@graph"]
    assert record["dpv:hasConsentStatus"] == {"@id": "dpv:ConsentWithdrawn"}
    assert [event["@type"] for event in record["dct:hasPart"]][-1] == "dpv:ConsentWithdrawn"
    *_, erased = as_rows(PERSON, consents, facts)
    assert erased[1:4] == ("*", "", "erased")
