"""Signatures, against the example of the Standard Webhooks specification."""

from base64 import b64decode

from app.webhook.signature import shown_secret, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_signature_is_that_of_the_specification() -> None:
    body = b'{"test": 2432232314}'
    secret = b64decode(SECRET.removeprefix("whsec_"))
    headers = signed_headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_secrets_give_two_signatures_that_each_receiver_finds() -> None:
    body, old, new = b"{}", b"the old one", b"the new one"
    both = signed_headers(new, "msg_1", 7, body, old_secret=old)["webhook-signature"].split(" ")
    alone = [signed_headers(key, "msg_1", 7, body)["webhook-signature"] for key in (new, old)]
    assert both == alone


def test_secret_is_shown_as_libraries_take_it() -> None:
    assert shown_secret(b64decode(SECRET.removeprefix("whsec_"))) == SECRET
