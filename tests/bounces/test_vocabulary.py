"""Every reason has a word in every vocabulary, and it is always the same one."""

from __future__ import annotations

import pytest

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.reply import parse_reply
from deliverkit.bounces.vocabulary import names, word, word_for
from deliverkit.errors import InputError
from deliverkit.knowledge import load

EIGHT = {"sparkpost", "kumomta", "powermta", "ses", "sendgrid", "postmark", "sisimai", "zonemta"}


def test_there_are_eight() -> None:
    assert set(names()) == EIGHT


@pytest.mark.parametrize("vocabulary", sorted(EIGHT))
def test_every_reason_has_a_word_for_both_ends_of_a_message(vocabulary: str) -> None:
    for reason in load().reasons:
        for retried in (True, False):
            found = word_for(vocabulary, reason, retried=retried)
            assert found
            assert found == found.strip()


@pytest.mark.parametrize("vocabulary", sorted(EIGHT))
def test_the_chosen_words_are_among_the_nearest_words_of_the_reason(vocabulary: str) -> None:
    spec = load().vocabularies[vocabulary]
    assert set(spec.words) <= set(load().reasons)
    for reason, words in spec.words.items():
        assert 1 <= len(words) <= 2, reason
        assert set(words) <= set(load().reasons[reason].vocabularies[vocabulary]), reason
    for reason, entry in load().reasons.items():
        assert (vocabulary in entry.vocabularies) == (reason in spec.words), reason


def test_the_classes_of_kumomta_are_reasons_of_ours() -> None:
    spec = load().vocabularies["kumomta"]
    assert set(spec.classes.values()) <= set(load().reasons)
    log_types = {"Feedback", "Delivery"}
    assert {word for words in spec.words.values() for word in words} - log_types <= set(spec.classes)


@pytest.mark.parametrize(
    ("vocabulary", "reply", "expected"),
    [
        ("sparkpost", "550 5.1.1 User unknown", "10"),
        ("sparkpost", "452 4.2.2 Mailbox full", "22"),
        ("kumomta", "550 5.1.1 User unknown", "InvalidRecipient"),
        ("kumomta", "421 Too many messages from your IP", "TransientFailure"),
        ("powermta", "550 5.1.1 User unknown", "bad-mailbox"),
        ("ses", "552 5.2.2 Mailbox full", "Transient/MailboxFull"),
        ("sendgrid", "550 5.1.1 User unknown", "Invalid Address"),
        ("postmark", "550 5.1.1 User unknown", "HardBounce"),
        ("sisimai", "552 5.2.2 Mailbox full", "mailboxfull"),
        ("zonemta", "451 4.7.1 Greylisted", "greylist"),
        ("ses", "xyzzy", "Undetermined/Undetermined"),
    ],
)
def test_the_word_of_a_verdict(vocabulary: str, reply: str, expected: str) -> None:
    verdict = default_classifier().classify(parse_reply(reply))
    assert word(vocabulary, verdict) == expected


def test_a_vocabulary_that_there_is_not_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        word_for("sparkpots", "dmarc.policy")
    assert "sparkpost" in caught.value.advice
