"""What SECRET_KEY gives: tokens for one use each, sealed data, and a way to change the key."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.keys import TOKEN_BYTES, Keyring, Undecipherable

OLD, NEW = "o" * 32, "n" * 32
PHONE = "+4915123456789"


@pytest.fixture
def keys() -> Keyring:
    return Keyring([NEW])


class TestTokens:
    def test_the_same_address_has_the_same_token_everywhere(self, keys: Keyring) -> None:
        assert keys.address(PHONE) == Keyring([NEW]).address(PHONE)
        assert len(keys.address(PHONE)) == TOKEN_BYTES

    def test_another_address_has_another_token(self, keys: Keyring) -> None:
        assert keys.address(PHONE) != keys.address(PHONE + "0")

    def test_another_installation_has_other_tokens(self, keys: Keyring) -> None:
        assert Keyring([OLD]).address(PHONE) != keys.address(PHONE)

    def test_tokens_of_one_address_differ_between_uses(self, keys: Keyring) -> None:
        """Nobody can look up in one place what was seen in another."""
        tokens = {keys.address(PHONE), keys.message(PHONE), keys.person(keys.new_person_key()).commit(PHONE)[:16]}
        assert len(tokens) == 3

    def test_a_name_in_logs_is_stable_and_part_of_no_token(self, keys: Keyring) -> None:
        name = keys.log_name(PHONE)
        assert name == Keyring([NEW, OLD]).log_name(PHONE) != Keyring([OLD]).log_name(PHONE)
        assert len(name) == 12
        assert name not in {keys.address(PHONE).hex()[:12], keys.message(PHONE).hex()[:12]}

    def test_the_ids_of_questions_have_a_key_of_their_own(self, keys: Keyring) -> None:
        assert keys.questions == Keyring([NEW, OLD]).questions != Keyring([OLD]).questions

    def test_half_a_surrogate_pair_has_a_token_too(self, keys: Keyring) -> None:
        assert keys.message("\ud83d") != keys.message("\udc00")


class TestRotation:
    def test_tokens_of_an_address_under_all_keys_are_newest_first(self) -> None:
        rotated = Keyring([NEW, OLD])
        assert rotated.addresses(PHONE) == [Keyring([NEW]).address(PHONE), Keyring([OLD]).address(PHONE)]
        assert rotated.address(PHONE) == rotated.addresses(PHONE)[0]

    def test_tokens_of_an_older_key_can_be_computed_again(self) -> None:
        (older,) = Keyring([NEW, OLD]).older
        assert older.message("wamid.1") == Keyring([OLD]).message("wamid.1")
        assert older.older == Keyring([NEW]).older == []

    def test_data_sealed_with_an_older_key_can_still_be_opened(self) -> None:
        assert Keyring([NEW, OLD]).decrypt(Keyring([OLD]).encrypt(b"text")) == b"text"

    def test_new_data_is_sealed_with_the_newest_key(self) -> None:
        assert Keyring([NEW]).decrypt(Keyring([NEW, OLD]).encrypt(b"text")) == b"text"

    def test_data_sealed_with_a_removed_key_cannot_be_opened(self) -> None:
        with pytest.raises(Undecipherable, match="SECRET_KEY"):
            Keyring([NEW]).decrypt(Keyring([OLD]).encrypt(b"text"))

    def test_a_personal_key_survives_a_rotation(self) -> None:
        wrapped = Keyring([OLD]).new_person_key()
        sealed = Keyring([OLD]).person(wrapped).seal("yes")
        assert Keyring([NEW, OLD]).person(wrapped).open(sealed) == "yes"

    def test_the_key_id_identifies_the_newest_key(self) -> None:
        assert Keyring([NEW, OLD]).key_id == Keyring([NEW]).key_id != Keyring([OLD]).key_id


class TestSealing:
    @given(st.binary(max_size=200))
    def test_sealed_data_is_opened_unchanged(self, plain: bytes) -> None:
        keys = Keyring([NEW])
        assert keys.decrypt(keys.encrypt(plain)) == plain

    @given(st.text(st.characters(exclude_categories=()), max_size=100))
    def test_any_sealed_answer_is_opened_unchanged(self, answer: str) -> None:
        keys = Keyring([NEW])
        person = keys.person(keys.new_person_key())
        assert person.open(person.seal(answer)) == answer

    def test_sealing_the_same_text_twice_gives_different_bytes(self, keys: Keyring) -> None:
        assert keys.encrypt(b"text") != keys.encrypt(b"text")

    @given(st.integers(0, 31), st.integers(1, 255))
    def test_altered_data_is_not_opened(self, index: int, change: int) -> None:
        keys = Keyring([NEW])
        sealed = bytearray(keys.encrypt(b"text"))
        sealed[index] ^= change
        with pytest.raises(Undecipherable):
            keys.decrypt(bytes(sealed))

    @pytest.mark.parametrize("length", [0, 1, 7, 8, 11, 12, 27, 200])
    def test_data_that_was_never_sealed_cannot_be_opened(self, keys: Keyring, length: int) -> None:
        with pytest.raises(Undecipherable):
            keys.decrypt(os.urandom(length))
        with pytest.raises(Undecipherable):
            keys.person(keys.new_person_key()).open(os.urandom(length))

    def test_one_person_s_key_does_not_open_another_s_answer(self, keys: Keyring) -> None:
        mine, theirs = keys.person(keys.new_person_key()), keys.person(keys.new_person_key())
        with pytest.raises(Undecipherable):
            theirs.open(mine.seal("yes"))
        assert mine.commit("yes") != theirs.commit("yes")


class TestSecrecy:
    def test_the_repr_of_keys_hides_their_secrets(self, keys: Keyring) -> None:
        person = keys.person(keys.new_person_key())
        assert repr(keys) == "Keyring(1 keys)"
        assert NEW not in repr(person)
        assert set(repr(person)) <= set("<bot.keys.PersonKey object at 0x0123456789abcdef>")

    def test_no_secret_and_no_data_is_in_an_error(self, keys: Keyring) -> None:
        sealed = Keyring([OLD]).encrypt(b"text")
        with pytest.raises(Undecipherable) as caught:
            keys.decrypt(sealed)
        assert NEW not in str(caught.value)
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)

    def test_a_keyring_without_a_secret_is_refused(self) -> None:
        with pytest.raises(ValueError, match="SECRET_KEY"):
            Keyring([])
