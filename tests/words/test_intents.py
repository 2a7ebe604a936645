"""What customers of thirty languages type, and what it means with the words that are shipped."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words.intents import Intent, Keywords
from bot.words.keywords import ANSWERS, GLOBAL, UNIVERSAL, Stop, Vocabulary, WordList
from bot.words.normalise import exact, loose
from tests.words.vocabulary import KEYWORDS, LANGUAGES, VOCABULARIES, heard, matched

OPT_OUT = {
    "en": "STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPT-OUT OPTOUT REMOVE|leave me alone|no more|opt me out|opt out",
    "fr": "ARRET ARRETE ARRETT ARRÊTER DÉSABONNER DÉSINSCRIRE DÉSINSCRIPTION ANNULER RÉSILIER|se désabonner",
    "de": "Abmelden STOPP ABBESTELLEN AUSTRAGEN BEENDEN KÜNDIGEN KUENDIGEN kundigen WIDERRUF WIDERRUFEN",
    "es": "BAJA ALTO PARAR CANCELAR DETENER ANULAR|no más|no mas|darse de baja",
    "it": "CANCELLA CANCELLAMI ANNULLA DISISCRIVI DISDICI BASTA REVOCA|cancella iscrizione",
    "pt": "PARAR SAIR CANCELAR REMOVER DESCADASTRAR ANULAR|cancelar subscrição",
    "nl": "Uitschrijven AFMELDEN STOPPEN OPZEGGEN ANNULEREN",
    "da": "Afmeld FRAMELD AFMELDING STOPPE",
    "sv": "Avprenumerera Avsluta STOPPA SLUTA AVREGISTRERA AVBRYT",
    "fi": "Eroa Poistu LOPETA PERUUTA PERU SEIS POISTA|eroa postituslistalta|poistu postituslistalta",
    "et": "LÕPETA LOOBU LOOBUN TÜHISTA PEATA",
    "lv": "BEIGT PĀRTRAUKT ATTEIKTIES ATCELT",
    "lt": "STABDYTI ATSISAKYTI ATSISAKAU NUTRAUKTI ATŠAUKTI",
    "pl": "Odsubskrybuj REZYGNUJĘ REZYGNACJA ANULUJ KONIEC ZATRZYMAJ|wypisz się",
    "cs": "ODHLÁSIT UKONČIT ZRUŠIT KONEC|zrušit odběr",
    "sk": "ODHLÁSIŤ UKONČIŤ ZRUŠIŤ KONIEC|zrušiť odber",
    "sl": "Odjava ODJAVI USTAVI PREKLIČI KONEC",
    "hr": "ODJAVA ODJAVI PREKINI ZAUSTAVI OTKAŽI KRAJ",
    "hu": "Leiratkozás LEIRATKOZOM LEÁLLÍT ÁLLJ VÉGE",
    "ro": "Dezabonare DEZABONEAZĂ OPREȘTE OPREŞTE OPRIRE ANULARE RENUNȚ RENUNŢ RENUNT",
    "bg": "Отписване ОТПИШИ СПРИ СТОП ОТКАЗ КРАЙ otkaz stop",
    "el": "Διαγραφή ΣΤΟΠ ΔΙΑΚΟΠΗ ΤΕΛΟΣ τέλος τελοσ ΑΚΥΡΩΣΗ diakopi",
    "ga": "STAD SCOIR CEALAIGH DÍLIOSTÁIL",
    "mt": "WAQQAF IEQAF IKKANĊELLA NEĦĦINI ikkancella nehhini",
    "ar": "إيقاف ايقاف ايقـاف إِيقَاف \u200fإيقاف توقف قف الغاء ستوب|إلغاء الاشتراك|الغاء الاشتراك",
    "tr": "DUR DURDUR İPTAL ıptal IPTAL iptal AYRIL RET|üyelikten ayrıl|Üyeliği sonlandır|UYELIKTEN AYRIL",
    "uk": "Відписатися СТОП ВІДПИСКА ВІДМОВА ЗУПИНИТИ ПРИПИНИТИ",
    "ru": "Отписаться СТОП ОТПИСКА ОТКАЗ ПРЕКРАТИТЬ ХВАТИТ otpiska",
    "he": "הסר הסירו עצור די",
    "ca": "BAIXA ATURAR|cancel·lar|donar-me de baixa",
}
"""Words of withdrawal that must work, by language; `|` parts phrases."""

CONSENT = {
    "en": "YES NO", "fr": "oui non", "de": "ja nein", "es": "sí no", "it": "sì no", "pt": "sim não", "nl": "ja nee",
    "da": "ja nej", "sv": "ja nej", "fi": "kyllä ei", "et": "jah ei", "lv": "jā nē", "lt": "taip ne", "pl": "tak nie",
    "cs": "ano ne", "sk": "áno nie", "sl": "da ne", "hr": "da ne", "hu": "igen nem", "ro": "da nu", "bg": "да не",
    "el": "ναι όχι", "ga": "tá níl", "mt": "iva le", "ar": "نعم لا", "tr": "evet hayır", "uk": "так ні", "ru": "да нет",
    "he": "כן לא", "ca": "sí no",
}  # fmt: skip


def opt_out_words() -> list[str]:
    words = []
    for entry in OPT_OUT.values():
        single, *phrases = entry.split("|")
        words += [*single.split(), *phrases]
    return words


def withdrawals() -> list[str]:
    """Return all words that withdraw as a whole message, as they stand in the files."""
    return [word for vocabulary in VOCABULARIES.values() for word in vocabulary.stop.every()]


class TestStop:
    @pytest.mark.parametrize("word", ["STOP", *opt_out_words()])
    def test_the_well_known_opt_out_words_withdraw(self, word: str) -> None:
        assert heard(word) == "stop"

    @pytest.mark.parametrize("asked_in", [None, *LANGUAGES])
    def test_every_stop_word_works_in_any_conversation_however_it_is_written(self, asked_in: str | None) -> None:
        missed = [
            typed
            for word in withdrawals()
            for typed in (word, word.lower(), word.upper(), word.title(), f"*{word}*!", f"\u200f{word} 🛑")
            if heard(typed, asked_in) != "stop"
        ]
        assert missed == []

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_printed_stop_words_work_beside_courtesies_and_a_yes(self, language: str) -> None:
        vocabulary = VOCABULARIES[language]
        show = vocabulary.stop.show
        for word in (*vocabulary.polite, *vocabulary.word_list(Intent.YES).every()):
            for typed in (f"{word} {show}", f"{show} {word}", f"{word}, {show}", f"{show}. {word}"):
                assert heard(typed, language) == "stop", typed

    @pytest.mark.parametrize(
        "text",
        [
            "Stop.", "*STOP*", "STOP 🛑", "S\u200bTOP", "ST\u00adOP", "ＳＴＯＰ", "\u200fSTOP", "𝗦𝗧𝗢𝗣", "S T O P",
            "s.t.o.p", "stoooop", "СТОР", "ctop", "please stop", "stop thanks", "STOP ads",
            "Stop it!", "sotp", "UNSUBSCRIB", "unsubcribe", "abmeldn", "odhlasit", "leiratkozas", "dezabonre",
            "отписатся", "cnjg", "ыещз",
        ],
    )  # fmt: skip
    def test_typos_fonts_and_courtesies_do_not_hide_a_stop_word(self, text: str) -> None:
        assert heard(text) == "stop"

    @pytest.mark.parametrize(
        "text",
        [
            "Leave me alone!", "how do I unsubscribe from this??", "please don't text me again",
            "I don't want your messages", "take me off your list", "I would like you to stop", "Lass mich in Ruhe",
            "Schreiben Sie mir nicht mehr!", "ich möchte keine Werbung mehr von euch", "ne m'écrivez plus",
            "Ne m’ecrivez plus svp", "nem'écrivez plus, merci", "je ne souhaite plus recevoir vos messages",
            "no me escriban más por favor", "quiero darme de baja", "déjenme en paz", "lasciatemi in pace",
            "non scrivetemi più", "me deixem em paz", "não me mandem mais mensagens", "laat me met rust",
            "lad mig være i fred", "lämna mig ifred", "jättäkää minut rauhaan", "jätke mind rahule",
            "lieciet mani mierā", "palikite mane ramybėje", "dajcie mi święty spokój",
            "proszę nie pisać do mnie więcej", "nechte mě být", "nechajte ma na pokoji", "pustite me pri miru",
            "ostavite me na miru", "hagyjanak békén", "lăsați-mă în pace", "оставете ме на мира", "αφήστε με ήσυχο",
            "afiste me isixo", "fág i mo aonar mé", "ħalluni bi kwieti", "اتركوني وشأني", "beni rahat bırakın",
            "дайте мені спокій", "оставьте меня в покое", "תעזבו אותי בשקט", "deixeu-me en pau",
            "больше не пишите мне", "widerrufe meine Einwilligung hiermit",
        ],
    )  # fmt: skip
    def test_a_clear_refusal_in_a_sentence_counts_at_once(self, text: str) -> None:
        text = text.replace("nem'", "ne m'")
        assert heard(text) == "stop"
        assert heard(f"Hallo Team 4711 {text} verstanden?!") in ("stop", "maybe_stop")

    @pytest.mark.parametrize(
        "text",
        [
            "yes but STOP",
            "ok STOP",
            "yes stop",
            "STOP, yes",
            "oui mais stop",
            "ja, aber STOPP",
            "да стоп",
            "yes, cancel",
        ],
    )
    @pytest.mark.parametrize("asked_in", ["en", "fr", "de", "ru"])
    def test_a_stop_word_beats_a_yes_in_the_same_message(self, text: str, asked_in: str) -> None:
        assert heard(text, asked_in) == "stop"


class TestMaybeStop:
    @pytest.mark.parametrize(
        "text",
        [
            "don't stop", "please do not stop", "STOP 12345", "cancel my order 1234", "cancel order",
            "stop, o Zé não vem", "can I cancel the second parcel?", "bitte nicht stoppen", "n'arrêtez pas",
            "wie kann ich die Bestellung stornieren?", "ya no quiero el rojo", "quiero cancelar el pedido",
            "je ne veux plus la rouge", "nie chcę już tej paczki", "siparişimi iptal eder misiniz",
            "отмените заказ 55", "does it stop raining today?", "🛑", "⛔️", "🛑🛑", "👍🛑",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("asked_in", [None, "en"])
    def test_an_ambiguous_stop_is_asked_about(self, text: str, asked_in: str | None) -> None:
        assert heard(text, asked_in) == "maybe_stop"

    @pytest.mark.parametrize(
        "text",
        [
            "bus stop", "Where is the next bus stop?", "can you stop by tomorrow", "in the end we took it",
            "at the end of the week", "para mañana", "es para mí", "slut", "är rosorna slut?", "lemon",
            "remote", "C'est dur", "la planta baja", "temporada baja", "Bästa hälsningar", "hela året", "autostop",
            "pagar", "Haltestelle", "arrêt de bus", "staat er nog?", "in de stad", "👍", "❤️", "😀", "✅", "...", "?",
            "", "12345", "1️⃣", "ok", "Guten Tag, wann kommt mein Paket?",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("asked_in", [None, "en", "es"])
    def test_ordinary_speech_has_no_intent(self, text: str, asked_in: str | None) -> None:
        assert heard(text, asked_in) is None


class TestYesAndNo:
    @pytest.mark.parametrize("language", CONSENT)
    def test_yes_and_no_are_understood_in_each_language(self, language: str) -> None:
        yes, no = CONSENT[language].split()
        for typed in (yes, yes.upper(), f"{yes}!", loose(exact(yes))):
            assert heard(typed, language) == "yes", typed
        for typed in (no, no.upper(), f"{no}.", loose(exact(no))):
            assert heard(typed, language) == "no", typed

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_all_words_of_the_asked_language_answer_and_no_other_is_a_yes(self, language: str) -> None:
        own = {
            intent: {
                loose(form)
                for source in (UNIVERSAL, language)
                for form in VOCABULARIES[source].forms(*VOCABULARIES[source].word_list(intent).every())
            }
            for intent in ANSWERS
        }
        ambiguous = set(
            map(loose, VOCABULARIES[language].forms(*VOCABULARIES[language].word_list(Intent.NO).ambiguous))
        )
        for intent in ANSWERS:
            for vocabulary in VOCABULARIES.values():
                for word in vocabulary.word_list(intent).every():
                    meant = heard(word, language)
                    if loose(exact(word)) in own[intent] - ambiguous:
                        assert meant == intent, word
                    else:
                        assert meant != "yes" or loose(exact(word)) in own[Intent.YES], word

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_english_yes_is_understood_everywhere(self, language: str) -> None:
        assert heard("YES", language) == "yes"

    @pytest.mark.parametrize("locale", ["pt-BR", "pt-PT", "pt_BR", "pt"])
    def test_a_regional_locale_accepts_the_yes_of_its_language(self, locale: str) -> None:
        assert heard("Sim", locale) == "yes"

    def test_a_language_without_keywords_accepts_only_the_universal_answers(self) -> None:
        assert [heard(word, "is") for word in ("yes", "no", "já", "ja")] == ["yes", "no", None, None]

    @pytest.mark.parametrize(
        ("text", "meanings"),
        [
            ("no", {"en": "no", "es": "no", "it": "no", "pt": "no", "pl": None, "cs": None, "sk": None, "et": None}),
            ("ne", {"el": "yes", "cs": "no", "hr": "no", "sl": "no", "lt": "no", "bg": "no", "pl": None, "en": None}),
            ("nai", {"el": "yes", "en": None, "cs": None}),
            ("ei", {"fi": "no", "et": "no", "de": "hello", "nl": "hello"}),
            ("tak", {"pl": "yes", "uk": "yes", "da": "thanks", "sv": "thanks", "cs": None}),
            ("igen", {"hu": "yes", "sv": None, "da": None}),
            ("le", {"mt": "no", "fr": None, "it": None}),
            ("si", {"es": "yes", "it": "yes", "ca": "yes", "fr": None, "pt": None}),
            (
                "da",
                {"ro": "yes", "hr": "yes", "sl": "yes", "ru": "yes", "bg": "yes", "de": None, "da": None, "it": None},
            ),
            (
                "ja",
                {"de": "yes", "nl": "yes", "da": "yes", "sv": "yes", "lv": "yes", "fi": None, "pl": None, "es": None},
            ),
            ("ano", {"cs": "yes", "sk": "yes", "es": None, "pt": None}),
            ("nu", {"ro": "no", "nl": None, "da": None, "sv": None}),
            ("nie", {"pl": "no", "sk": "no", "de": None}),
            ("non", {"fr": "no", "it": None}),
            ("ni", {"uk": "no", "es": None}),
            ("evet", {"tr": "yes", "en": None}),
            ("HAYIR", {"tr": "no"}),
            ("hayir", {"tr": "no"}),
            ("aontaím", {"ga": "yes", "en": None}),
        ],
    )
    def test_a_word_shared_by_languages_means_what_it_means_in_the_asked_one(
        self, text: str, meanings: dict[str, str | None]
    ) -> None:
        assert {language: heard(text, language) for language in meanings} == meanings

    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("yes please", "en"), ("Yes, I agree.", "en"), ("ja bitte", "de"), ("Ja, gerne!", "de"),
            ("oui merci", "fr"), ("D'accord", "fr"), ("sí, por favor", "es"), ("sì grazie", "it"),
            ("sim, aceito", "pt"), ("tak, zgadzam się", "pl"), ("да, согласна", "ru"), ("نعم من فضلك", "ar"),
            ("*EVET*", "tr"), ("YES 👍", "en"),
        ],
    )  # fmt: skip
    def test_a_polite_yes_counts(self, text: str, language: str) -> None:
        assert heard(text, language) == "yes"

    @pytest.mark.parametrize(
        "text",
        [
            "👍", "✅", "💯", "ok", "okay", "yes?no", "yes or no", "yes but what does it cost", "yse",
            "yesterday", "ye s", "maybe yes", "yes and no", "not yes", "who says yes", "yes to the first one only",
            "да", "oui", "1", "y e s",
        ],
    )  # fmt: skip
    def test_anything_but_a_plain_yes_has_no_intent(self, text: str) -> None:
        assert heard(text, "en") is None

    def test_an_unasked_yes_has_its_own_rule(self) -> None:
        match = matched("oui", asked_in=None)
        assert match is not None
        assert (match.intent, match.rule, match.languages) == (Intent.YES, "yes:unasked", frozenset({"fr"}))

    def test_an_unasked_no_in_an_unknown_language_means_nothing(self) -> None:
        assert heard("nein") is None


class TestCommands:
    @pytest.mark.parametrize("language", [UNIVERSAL, *LANGUAGES])
    def test_each_command_works_in_any_conversation(self, language: str) -> None:
        vocabulary = VOCABULARIES[language]
        for intent in GLOBAL:
            for word in vocabulary.word_list(intent).every():
                for typed in (word, word.upper(), f"{word}?"):
                    for asked_in in (None, "en", language):
                        assert heard(typed, asked_in) == intent, typed

    @pytest.mark.parametrize(
        ("text", "intent"),
        [
            ("What do you know about me?", "my_data"),
            ("Hello, which data do you have about me please", "my_data"),
            ("Was wissen Sie über mich?", "my_data"),
            ("que savez-vous sur moi ?", "my_data"),
            ("¿Qué saben de mí?", "my_data"),
            ("cosa sapete di me", "my_data"),
            ("co o mnie wiecie?", "my_data"),
            ("Что вы знаете обо мне?", "my_data"),
            ("ماذا تعرفون عني؟", "my_data"),
            ("please delete my data", "delete"),
            ("Bitte löschen Sie meine Daten, danke", "delete"),
            ("LOESCHEN", "delete"),
            ("verilerimi sil", "delete"),
            ("Talk to a human", "human"),
            ("Mitarbeiter bitte", "human"),
            ("who are you?", "who"),
            ("where did you get my number", "source"),
            ("HELP!!", "help"),
            ("Hjælp", "help"),
            ("hjaelp", "help"),
            ("άλλη γλώσσα", "language"),
            ("start", "start"),
            ("UNSTOP", "start"),
            ("my choices", "my_choices"),
        ],
    )
    def test_commands_are_understood_in_whole_sentences(self, text: str, intent: str) -> None:
        assert heard(text) == intent

    @pytest.mark.parametrize(
        "text", ["I need data for my report", "the start of the week", "yes help", "help the bees"]
    )
    def test_a_sentence_that_merely_contains_a_command_word_is_not_a_command(self, text: str) -> None:
        assert heard(text, "en") is None

    def test_a_word_listed_as_both_command_and_stop_withdraws(self) -> None:
        two = Keywords(
            {UNIVERSAL: Vocabulary(stop=Stop(weak=("DELETE",))), "en": Vocabulary(delete=WordList(show="DELETE"))}
        )
        match = two.classify("delete", asked_in=None)
        assert match is not None
        assert match.intent is Intent.STOP


class TestMatch:
    @pytest.mark.parametrize(
        ("text", "rule", "languages"),
        [
            ("STOP", "stop:any:exact", set()),
            ("cancelar", "stop:es+pt:exact", {"es", "pt"}),
            ("arret", "stop:fr:loose", {"fr"}),
            ("🛑", "maybe_stop:any:emoji", set()),
            ("meine daten", "my_data:de:exact", {"de"}),
            ("help", "help:any:exact", set()),
        ],
    )
    def test_a_match_names_its_rule_and_languages_but_not_the_person_s_words(
        self, text: str, rule: str, languages: set[str]
    ) -> None:
        match = matched(text)
        assert match is not None
        assert match.rule == rule
        assert match.languages == languages

    def test_the_rule_of_an_answer_names_the_list_it_was_found_in(self) -> None:
        rules = [matched(text, "fr") for text in ("OUI", "YES", "d'accord", "Daccord")]
        assert [match.rule for match in rules if match] == [
            "yes:fr:exact",
            "yes:any:exact",
            "yes:fr:exact",
            "yes:fr:exact",
        ]


class TestShown:
    @pytest.mark.parametrize(
        ("locale", "word"),
        [("en", "STOP"), ("de-AT", "STOPP"), ("es", "BAJA"), ("ar", "إيقاف"), ("ru", "СТОП"), ("is", "STOP")],
    )
    def test_the_printed_word_is_in_the_locale_s_language_or_else_english(self, locale: str, word: str) -> None:
        assert KEYWORDS.shown(Intent.STOP, locale) == word

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_each_printed_word_is_understood_when_it_is_typed(self, language: str) -> None:
        for intent in (Intent.STOP, *GLOBAL, *ANSWERS):
            if KEYWORDS.prints(intent, language):
                assert heard(KEYWORDS.shown(intent, language), language) == intent

    def test_an_intent_without_a_printed_word_is_an_error(self) -> None:
        with pytest.raises(KeyError, match=r"no keywords\.toml shows a word for help"):
            Keywords({UNIVERSAL: Vocabulary()}).shown(Intent.HELP, "en")


YES = sorted({word for vocabulary in VOCABULARIES.values() for word in vocabulary.word_list(Intent.YES).every()})
STRONG = sorted({word for vocabulary in VOCABULARIES.values() for word in vocabulary.stop.strong} | {"STOP"})
FRAGMENTS = st.sampled_from(
    sorted(
        {
            word
            for vocabulary in VOCABULARIES.values()
            for words in (
                vocabulary.polite,
                vocabulary.stop.every(),
                vocabulary.stop.never,
                vocabulary.stop.not_after,
                *(vocabulary.word_list(intent).every() for intent in (*GLOBAL, *ANSWERS)),
            )
            for word in words
        }
    )
)
SPEECH = st.lists(FRAGMENTS | st.text(max_size=8), max_size=8).map(" ".join)
LANGUAGE = st.sampled_from(LANGUAGES)
SIGNS = st.sampled_from("!.,;:*_~-()\"'🛑👍\u200b\u00ad\ufe0f \n")
ASKED = st.none() | LANGUAGE


class TestPromises:
    @given(st.text() | SPEECH, ASKED)
    def test_classifying_any_text_does_not_fail(self, text: str, asked_in: str | None) -> None:
        heard(text, asked_in)

    @given(st.text(alphabet="stop STOP.\u200d\u0301\U0001f6d1\ufdfa\u0430\u0440 ", max_size=4096), ASKED)
    def test_classifying_hostile_text_does_not_fail(self, text: str, asked_in: str | None) -> None:
        heard(text, asked_in)

    @given(FRAGMENTS, SIGNS, ASKED)
    def test_a_known_message_means_the_same_in_its_exact_form(self, word: str, sign: str, asked_in: str | None) -> None:
        text = f"{sign}{word}{sign}"
        assert matched(exact(text), asked_in) == matched(text, asked_in)

    @given(st.sampled_from(STRONG), SPEECH, SPEECH, ASKED)
    def test_no_message_with_a_strong_stop_word_is_a_yes(
        self, word: str, before: str, after: str, asked_in: str | None
    ) -> None:
        assert heard(f"{before} {word} {after}", asked_in) != "yes"

    @given(SPEECH | st.sampled_from(YES) | st.tuples(st.sampled_from(YES), FRAGMENTS).map(" ".join), LANGUAGE)
    def test_only_the_words_of_the_questions_language_are_a_yes(self, text: str, asked_in: str) -> None:
        files = [VOCABULARIES[source] for source in (UNIVERSAL, asked_in)]
        own = {loose(form) for file in files for form in file.forms(*file.word_list(Intent.YES).every())}
        assert heard(text, asked_in) != "yes" or loose(exact(text)) in own

    @given(st.sampled_from(STRONG), SIGNS, ASKED)
    def test_signs_around_a_stop_word_do_not_hide_it(self, word: str, sign: str, asked_in: str | None) -> None:
        assert heard(f"{sign}{word}{sign}{sign}", asked_in) == "stop"


def test_the_rule_of_a_match_contains_no_digits_or_spaces() -> None:
    rules = [match.rule for word in withdrawals() if (match := matched(word))]
    assert [rule for rule in rules if not re.fullmatch(r"stop:[a-z+]+:[a-z_]+", rule)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("typed", ["{0} {0}", "{0}! {0}!", "please {0}", "{0} please", "{0}{1}{1}{1}"])
def test_the_printed_stop_word_works_when_repeated_drawn_out_or_polite(language: str, typed: str) -> None:
    word = KEYWORDS.shown(Intent.STOP, language)
    for asked_in in (None, language):
        assert heard(typed.format(word, word[-1]), asked_in) == "stop"


@pytest.mark.parametrize(
    ("text", "spoken"),
    [("no", ("en",)), ("Nein!", ("de",)), ("non", ("fr",)), ("NO", ()), ("❌", ()), ("👎", ("fr",)), ("🔕", ())],
)
def test_an_unasked_no_is_recognised(text: str, spoken: tuple[str, ...]) -> None:
    match = KEYWORDS.classify(text, asked_in=None, spoken=spoken)
    assert match is not None
    assert (match.intent, match.rule) == (Intent.NO, "no:unasked")


@pytest.mark.parametrize(("text", "spoken"), [("no", ("pl",)), ("nein", ("fr",)), ("👍", ("en",))])
def test_a_message_that_is_not_a_no_in_the_person_s_language_is_ignored(text: str, spoken: tuple[str, ...]) -> None:
    assert KEYWORDS.classify(text, asked_in=None, spoken=spoken) is None


@pytest.mark.parametrize("sign", ["❌", "👎", "🔕"])
def test_an_emoji_does_not_answer_a_question(sign: str) -> None:
    assert KEYWORDS.classify(sign, asked_in="en") is None
