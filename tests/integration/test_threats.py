"""The threats to the server, row by row: each test is named after its threat, or says who holds it.

`docs/security.md` has the same rows. A row whose defence is tested elsewhere names those tests, and
fails if one of them is gone.
"""

import asyncio
import importlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from sync.shells.clock import now_ms
from sync.wire.hocuspocus import encode_address
from tests.integration.accounts_app import ORIGIN
from tests.integration.asgi_socket import AsgiSocket
from tests.integration.cast import Cast
from tests.integration.http_app import application
from tests.integration.server import ROOT
from tests.integration.test_hocuspocus_busy import token_frame

pytestmark = pytest.mark.anyio

PAGE: Final = (ROOT / "docs" / "security.md").read_text()
UNKNOWN: Final = "There is no such document."


def held_by(*tests: str) -> None:
    """Assert that each test is there: `module:name`, below `tests`."""
    for test in tests:
        module, _, name = test.partition(":")
        assert callable(getattr(importlib.import_module(f"tests.{module}"), name, None)), test


@asynccontextmanager
async def cast(folder: Path, **settings: Any) -> AsyncIterator[tuple[Cast, httpx.AsyncClient]]:
    """An application with accounts, and a client that keeps no cookies."""
    chosen: dict[str, Any] = {"auth": "accounts", "default_access": "private", **settings}
    async with application(folder, **chosen) as quire:
        yield Cast(quire), quire.http


async def test_threat_cswsh(tmp_path: Path) -> None:
    """A foreign page opens a socket, and the browser adds the cookie."""
    async with cast(tmp_path) as (here, _):
        user = await here.user()
        record = await here.document((f"user:{user.id}", "editor"))
        cookie = (await here.session(user))["Cookie"]
        for address in ("/ws", f"/yjs/{record.name}", "/hocuspocus"):
            for origin in (
                "https://evil.example",
                "null",
                "http://quire.test.evil.example",
                "http://evil.example#quire.test",
                "http://quire.test@evil.example",
                "http://quire.test:81",
                "",
            ):
                headers = {"Cookie": cookie, "Origin": origin}
                async with AsgiSocket(here.quire.app, address, headers) as socket:
                    assert await socket.closed_with() == 4403, (address, origin)
        own = {"Cookie": cookie, "Origin": ORIGIN}
        async with AsgiSocket(here.quire.app, "/ws", own) as socket:
            await socket.say("auth")
            assert (await socket.hear("auth_ok", "error"))["type"] == "auth_ok"


def test_threat_token_in_url() -> None:
    held_by(
        "integration.test_secrets:test_no_secret_reaches_a_log_at_any_level",
        "integration.test_token_doors:test_page_puts_no_json_web_token_into_an_address",
        "integration.test_token_doors:test_secrets_are_in_no_log_and_no_answer",
        "integration.test_security_headers:test_every_route_answers_with_the_headers",
        "integration.test_audit_sharing:test_roles_and_links_are_noted_without_secrets",
        "integration.test_logs:test_every_line_is_a_record_in_json_without_secrets",
        "integration.test_oidc:test_secrets_are_in_no_log",
    )


def test_threat_ticket_replay() -> None:
    held_by(
        "integration.test_ticket:test_of_many_who_use_a_ticket_at_once_one_gets_in",
        "integration.test_ticket:test_ticket_ends_after_its_time",
        "integration.test_ticket:test_ticket_is_for_the_page_that_asked",
        "integration.test_ticket:test_ticket_for_a_document_opens_no_other",
        "integration.test_ticket:test_ticket_of_a_session_that_has_ended_proves_nothing",
        "integration.test_ticket:test_ticket_is_stored_as_a_hash",
    )


def test_threat_jwt_algorithm_confusion() -> None:
    held_by(
        "integration.test_door_matrix:test_documents_of_an_application",
        "integration.test_token_doors:test_request_with_a_bad_token_is_refused_in_words",
        "integration.test_oidc_faults:test_id_token_that_anybody_could_have_made_is_refused",
        "unit.app.identity.tokens.test_json_web_token:test_algorithm_outside_the_settings_is_refused",
        "unit.app.identity.tokens.test_json_web_token:test_public_key_is_not_taken_for_a_secret",
        "unit.app.identity.tokens.test_json_web_token:test_any_unsigned_token_is_refused",
        "unit.app.identity.tokens.test_jwt_key:test_algorithm_that_is_not_the_keys_is_refused",
    )


def test_threat_expiry_and_revocation() -> None:
    held_by(
        "integration.test_door_matrix:test_documents_with_accounts",
        "integration.test_live_roles:test_native_role_rises_falls_and_ends",
        "integration.test_live_roles:test_hocuspocus_role_rises_falls_and_ends",
        "integration.test_live_roles:test_event_stream_ends_with_the_role",
        "integration.test_role_processes:"
        "test_role_reaches_sockets_of_every_process_with_and_without_redis",
        "integration.test_signed_out_sockets:"
        "test_sign_out_everywhere_ends_the_sockets_of_all_browsers",
        "integration.test_token_doors:test_revoked_token_ends_an_open_socket_within_a_second",
        "integration.test_reviews:test_role_that_changes_between_admission_and_join_holds_after_it",
    )


async def test_threat_room_id_spoofing(tmp_path: Path) -> None:
    """Who is in one document names another: on the same socket, and by other spellings of it."""
    held_by(
        "integration.test_document_addresses:test_native_socket_cannot_write_where_it_has_not_joined",
        "integration.test_document_addresses:"
        "test_hocuspocus_cannot_name_it_beside_a_document_that_it_is_in",
        "integration.test_document_addresses:test_y_websocket_cannot_name_it",
    )
    async with cast(tmp_path) as (here, http):
        secret, _ = await here.api_token(("doc-1", "owner"))
        mine, theirs = await here.document(), await here.document()
        assert mine.name == "doc-1"
        async with AsgiSocket(here.quire.app, "/ws") as socket:
            await socket.say("auth", token=secret)
            await socket.say("join", doc=mine.name)
            assert (await socket.hear("joined", "error"))["role"] == "owner"
            for name in (theirs.name, f"{mine.name}/../{theirs.name}", theirs.name.upper()):
                await socket.say("text_insert", doc=name, id="x", base=None, pos=0, text="x")
                refused = await socket.hear("ack", "error")
                assert refused["code"] in ("not_joined", "invalid_message")
        for path in (f"doc-1%2F..%2F{theirs.name}", f"doc-1/../{theirs.name}", "%64oc-2%00"):
            answer = await http.put(
                f"/api/documents/{path}/text",
                content="x",
                headers={"If-Match": "*", "Authorization": f"Bearer {secret}"},
            )
            assert answer.status_code == 404, path
        found = await here.state.log.find(theirs.name)
        assert found is not None
        assert found.version == 1


def test_threat_awareness_spoofing() -> None:
    held_by(
        "integration.test_ws_hostile_updates:"
        "test_awareness_shows_the_user_of_the_session_whatever_it_claims",
        "integration.test_ws_hostile_updates:"
        "test_awareness_of_a_taken_client_id_is_forbidden_until_its_owner_leaves",
        "integration.test_yjs_hostile:test_y_websocket_awareness_of_somebody_else_is_denied",
        "integration.test_yjs_hostile:test_y_websocket_awareness_bombs_close_for_good",
    )


def test_threat_forged_author() -> None:
    held_by(
        "integration.test_ws_hostile_updates:"
        "test_update_under_the_client_id_of_another_user_is_forbidden",
        "integration.test_ws_hostile_updates:"
        "test_update_that_mixes_own_and_foreign_content_is_forbidden_as_a_whole",
        "integration.test_ws_hostile_updates:test_others_content_may_be_sent_again_by_anyone",
    )


def test_threat_client_id_takeover() -> None:
    held_by(
        "integration.test_ws_hostile_updates:"
        "test_client_id_stays_bound_to_its_user_after_a_restart",
        "integration.test_ws_hostile_updates:"
        "test_update_under_the_client_id_of_the_server_is_forbidden",
    )


def test_threat_read_only_writer() -> None:
    held_by(
        "integration.test_door_matrix:test_documents_with_accounts",
        "integration.test_permission_http:test_viewer_reads_over_http_and_changes_nothing",
        "integration.test_npm_roles:"
        "test_reader_that_types_is_refused_stays_and_loses_nothing_once_it_may_write",
        "property.test_roles:test_roles_hold_in_every_order_of_facts",
    )


def test_threat_hostile_update() -> None:
    held_by(
        "integration.test_mutated_frames:test_mutated_frames_hurt_nobody_but_their_senders",
        "integration.test_ws_hostile_updates:"
        "test_malformed_updates_are_refused_and_the_process_lives",
    )


def test_threat_oversized_message() -> None:
    held_by(
        "integration.test_http_refusals:test_body_over_the_limit_is_refused_announced_or_not",
        "integration.test_http_refusals:"
        "test_text_over_the_limit_is_refused_before_anything_is_created",
        "property.test_websocket_frames:test_a_message_that_is_read_alone_is_held_to_the_limit",
    )


def test_threat_decompression_bomb() -> None:
    held_by(
        "integration.test_compression:test_limit_counts_inflated_bytes",
        "integration.test_compression:test_compression_is_not_agreed_on_by_default",
    )


def test_threat_state_vector_bomb() -> None:
    held_by(
        "integration.test_socket_limits:test_state_vector_is_bounded_in_clients_and_bytes",
        "integration.test_socket_limits:"
        "test_sync_steps_are_bounded_because_each_brings_a_whole_state",
    )


def test_threat_tombstones_and_clients() -> None:
    held_by(
        "unit.sync.document.test_document:test_structs_are_bounded_however_little_they_hold",
        "unit.sync.document.test_document:test_update_may_not_bring_too_much_or_too_many_clients",
    )


def test_threat_floods() -> None:
    held_by(
        "integration.test_socket_limits:test_user_with_too_many_sockets_is_told_when_to_come_again",
        "integration.test_socket_limits:test_address_with_too_many_sockets_is_told_to_come_again",
        "integration.test_socket_limits:test_frames_before_authentication_are_bounded",
        "integration.test_http_events:test_streams_are_bounded_for_each_user_and_each_address",
        "integration.test_requests:test_edits_past_a_users_rate_get_429_and_the_time_to_wait",
    )


def test_threat_slow_consumer() -> None:
    held_by(
        "integration.test_slow_reader:test_reader_that_takes_nothing_for_too_long_is_dropped",
        "integration.test_dead_peers:test_socket_that_reads_nothing_is_gone_from_the_kernel_too",
        "integration.test_dead_peers:"
        "test_member_whose_process_is_stopped_is_gone_after_the_ping_timeout",
    )


def test_threat_log_injection() -> None:
    held_by(
        "unit.app.logs.test_log_line:test_no_text_of_a_stranger_makes_a_second_record",
        "unit.app.logs.test_safe_text:test_any_text_becomes_one_bounded_line_that_can_be_encoded",
        "integration.test_logs:test_every_line_is_a_record_in_json_without_secrets",
    )


def test_threat_xss() -> None:
    held_by(
        "integration.test_http_page:test_page_has_a_fresh_nonce_that_its_policy_names",
        "integration.test_security_headers:test_every_route_answers_with_the_headers",
    )


def test_threat_stored_html() -> None:
    held_by(
        "integration.test_security_headers:"
        "test_content_that_somebody_wrote_is_never_a_page_of_this_site",
    )


def test_threat_sql_injection() -> None:
    held_by(
        "integration.test_openapi:test_request_is_answered_as_described",
        "contract.test_identity:test_hostile_texts_are_refused_or_find_nothing",
        "contract.test_access:test_hostile_texts_are_refused_clearly",
    )


def test_threat_path_traversal() -> None:
    held_by(
        "integration.test_http_page:test_assets_are_kept_for_ever_and_nothing_else_is_served",
        "integration.test_http_refusals:test_name_that_no_document_can_have_is_not_found",
        "integration.test_document_addresses:test_address_that_is_refused_is_closed_for_good",
    )


def test_threat_timing() -> None:
    held_by(
        "integration.test_accounts:test_unknown_login_takes_as_long_as_a_wrong_password",
        "integration.test_accounts:test_wrong_login_password_and_disabled_account_look_the_same",
    )


def test_threat_history_and_diff() -> None:
    held_by(
        "integration.test_http_refusals:test_page_of_history_and_diff_are_bounded",
        "integration.test_http_history:test_page_of_large_events_is_cut_and_continued",
    )


def test_threat_unicode() -> None:
    held_by(
        "integration.test_guests:test_hostile_name_is_refused",
        "integration.test_guests:test_name_that_misleads_is_shown_without_what_does",
        "integration.test_ws_refusals:test_lone_surrogates_and_nul_written_as_escapes_are_refused",
        "integration.test_openapi:test_request_about_a_document_is_answered_as_described",
    )


def test_threat_redis_poisoning() -> None:
    held_by("contract.test_bus:test_redis_bus_is_not_harmed_by_what_strangers_publish")


# --- classes of attacks on editors (access control, cross-site requests and OAuth) ----------------


def test_threat_csrf() -> None:
    held_by(
        "integration.test_csrf:test_every_unsafe_door_refuses_a_cookie_without_proof",
        "integration.test_csrf:test_foreign_page_cannot_sign_a_browser_in_under_its_own_account",
    )


async def test_threat_cookies_across_origins(tmp_path: Path) -> None:
    """An origin that may ask is never given an answer to a request with somebody's cookie."""
    other = "https://wiki.example.org"
    async with cast(tmp_path, allowed_origins=(other,)) as (_, http):
        for origin in (other, "https://evil.example"):
            asked = await http.get("/api/session", headers={"Origin": origin})
            assert "access-control-allow-credentials" not in asked.headers
            preflight = await http.options(
                "/api/documents",
                headers={"Origin": origin, "Access-Control-Request-Method": "DELETE"},
            )
            allowed = preflight.headers.get("access-control-allow-origin")
            assert (allowed == origin) is (origin == other)
            assert "access-control-allow-credentials" not in preflight.headers


def test_threat_oauth() -> None:
    held_by(
        "integration.test_oidc:test_answer_without_or_with_another_state_is_refused",
        "integration.test_oidc:test_answer_for_another_browser_is_refused",
        "integration.test_oidc:test_nobody_is_led_away_after_signing_in",
        "integration.test_oidc_faults:test_id_token_with_an_unacceptable_claim_is_refused",
    )


def test_threat_brute_force() -> None:
    held_by(
        "integration.test_accounts:test_attempts_with_one_login_are_bounded_whoever_makes_them",
        "integration.test_accounts:test_attempts_from_one_address_are_bounded_whatever_the_login",
        "unit.app.server.test_proxy:test_header_of_an_unnamed_peer_is_passed_over",
    )


def test_threat_invitation_twice() -> None:
    held_by(
        "integration.test_invitations:test_of_many_who_use_one_invitation_at_once_one_joins",
        "integration.test_invitations:test_of_two_who_choose_one_login_at_once_one_gets_it",
    )


async def test_threat_role_lost_during_a_request(tmp_path: Path) -> None:
    """A body that comes slowly is written by the role that its sender has when it is there."""
    async with cast(tmp_path) as (here, _):
        user = await here.user()
        subject = f"user:{user.id}"
        record = await here.document((subject, "editor"))
        headers = {"If-Match": "*", "Host": "quire.test", **await here.session(user)}
        sent: asyncio.Queue[Any] = asyncio.Queue()

        async def receive() -> dict[str, Any]:
            await here.grant(record, subject, "viewer")
            return {"type": "http.request", "body": b"Mine now", "more_body": False}

        path = f"/api/documents/{record.name}/text"
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "PUT",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("quire.test", 80),
        }
        await here.quire.app(scope, receive, sent.put)
        assert (await sent.get())["status"] == 403
        found = await here.state.log.find(record.name)
        assert found is not None
        assert found.version == 1


async def test_threat_trash(tmp_path: Path) -> None:
    """Whoever does not own a document finds it in the trash no more than anywhere."""
    async with cast(tmp_path) as (here, http):
        owner, editor = await here.user(), await here.user()
        record = await here.document((f"user:{editor.id}", "editor"), owner=owner.id)
        await here.state.log.update_document(
            record.name, deleted_at_ms=now_ms(), updated_at_ms=now_ms()
        )
        shown = await here.session(editor)
        for method, path in (("POST", "/restore"), ("DELETE", "")):
            answers = [
                await http.request(method, f"/api/trash/{name}{path}", headers=shown)
                for name in (record.name, "never-there")
            ]
            assert {(each.status_code, each.text) for each in answers} == {(404, answers[0].text)}
        listed = await http.get("/api/documents?show=trash", headers=shown)
        assert listed.json()["documents"] == []
        mine = await http.get("/api/documents?show=trash", headers=await here.session(owner))
        assert [each["name"] for each in mine.json()["documents"]] == [record.name]


def test_threat_name_of_a_version() -> None:
    held_by(
        "integration.test_version_names:test_name_that_is_none_is_refused",
        "integration.test_version_names:test_hostile_name_is_found_again_and_removed",
        "integration.test_version_names:test_bidirectional_overrides_do_not_get_into_a_name",
        "integration.test_version_names:test_editor_changes_its_own_and_owner_all",
    )


def test_threat_image_that_is_more() -> None:
    held_by(
        "integration.test_images:test_image_comes_back_as_what_it_is_and_can_do_nothing",
        "integration.test_images:test_what_is_no_image_is_refused_and_leaves_nothing",
        "unit.app.image.test_image_reader:test_what_follows_an_image_is_left_out",
    )


def test_threat_image_that_tells() -> None:
    held_by(
        "unit.app.image.test_image_reader:test_picture_stays_bit_by_bit_and_metadata_goes",
        "unit.app.image.test_image_reader:test_photograph_keeps_which_way_is_up",
    )


def test_threat_image_of_a_hidden_document() -> None:
    held_by(
        "integration.test_door_matrix:test_documents_with_accounts",
        "integration.test_images:test_image_is_of_its_document_alone",
        "integration.test_images:test_image_is_not_shown_from_the_cache_of_whoever_signed_out",
        "integration.test_images:test_role_that_ends_during_an_upload_counts",
    )


def test_threat_images_that_fill() -> None:
    held_by(
        "integration.test_images:test_bounds_of_images",
        "contract.test_images:test_image_without_a_reference_goes_after_its_grace",
        "integration.test_images:test_images_of_a_user_and_of_all_are_bounded",
        "unit.app.image.test_image_reader:"
        "test_image_that_needs_more_memory_than_is_allowed_is_refused",
    )


def test_threat_search() -> None:
    held_by(
        "contract.test_search:test_only_what_the_reader_may_read",
        "contract.test_search:test_deleted_document_vanishes_at_once_and_comes_back_at_once",
        "contract.test_search:test_hostile_queries_find_nothing_and_break_nothing",
        "integration.test_shelf:test_role_that_is_taken_away_ends_what_is_found",
        "integration.test_search_bounds:test_searches_of_a_user_are_counted",
        "integration.test_search_bounds:test_search_that_takes_too_long_is_refused_and_others_go_on",
        "integration.test_search_bounds:test_text_of_lookalikes_costs_little",
        "contract.test_time_bound:test_endless_statement_is_stopped_and_the_next_one_is_not",
    )


def test_threat_webhook_to_the_inside() -> None:
    held_by(
        "unit.app.webhook.test_address_guard:test_address_that_is_not_public_is_refused",
        "unit.app.webhook.test_address_guard:test_address_of_no_use_is_refused",
        "integration.test_webhook_http:test_address_of_the_inside_is_never_connected_to",
        "integration.test_webhook_http:test_name_is_resolved_once_and_the_checked_address_is_used",
        "integration.test_webhooks:test_redirects_are_not_followed",
        "integration.test_webhooks:"
        "test_receiver_with_a_certificate_of_another_name_is_told_nothing",
    )


def test_threat_webhook_that_hangs() -> None:
    held_by(
        "integration.test_webhook_http:test_answer_is_bounded_in_time",
        "integration.test_webhook_http:test_answer_is_bounded_in_bytes_and_its_text_is_not_told",
        "integration.test_webhooks:test_delivery_that_fails_or_hangs_holds_back_its_document_alone",
    )


def test_threat_forged_webhook() -> None:
    held_by(
        "unit.app.webhook.test_signature:test_signature_is_that_of_the_specification",
        "integration.test_docs_webhooks:test_sample_takes_what_is_signed_and_refuses_the_rest",
    )


def test_threat_webhook_of_a_stranger() -> None:
    held_by(
        "integration.test_door_matrix:test_people_with_accounts",
        "integration.test_webhook_command:test_secret_is_shown_once",
    )


def test_threat_restored_backup() -> None:
    held_by(
        "contract.test_backup:test_what_had_ended_does_not_begin_anew",
        "contract.test_backup:test_database_that_is_replaced_says_what_has_ended",
        "contract.test_backup:test_file_that_is_damaged_is_refused_whole",
    )


async def test_threat_deleted_document_is_told_from_none(tmp_path: Path) -> None:
    """Who might not know of a document is not told that there was one."""
    async with cast(tmp_path) as (here, _):
        guest = here.guest()[1]
        record = await here.document()
        await here.state.log.update_document(
            record.name, deleted_at_ms=now_ms(), updated_at_ms=now_ms()
        )
        words = []
        async with AsgiSocket(here.quire.app, "/ws", guest) as socket:
            await socket.say("auth")
            for name in (record.name, "never-there"):
                await socket.say("join", doc=name)
                words.append((await socket.hear("joined", "error"))["message"])
        async with AsgiSocket(here.quire.app, "/hocuspocus", guest) as socket:
            for name in (record.name, "never-there"):
                await socket.send(token_frame(name))
                frame = await socket.receive()
                assert isinstance(frame, bytes)
                words.append(frame[len(encode_address(name)) + 3 :].decode())
        assert words == [UNKNOWN] * 2 + [f"unknown_document: {UNKNOWN}"] * 2


async def test_threat_name_beside_a_session(tmp_path: Path) -> None:
    """A name in a header makes nobody another author."""
    async with cast(tmp_path) as (here, http):
        user = await here.user()
        record = await here.document((f"user:{user.id}", "editor"))
        headers = {**await here.session(user), "X-Quire-Name": "Olga"}
        base = f"/api/documents/{record.name}"
        ops = {"base": None, "ops": [{"insert": "x"}]}
        assert (await http.post(f"{base}/edits", json=ops, headers=headers)).status_code == 200
        events = (await http.get(f"{base}/history", headers=headers)).json()["events"]
        assert events[-1]["actor"]["id"] == user.id


async def test_threat_owner_is_pushed_out(tmp_path: Path) -> None:
    """A co-owner cannot take the document from who made it, nor can that one lose it by mistake."""
    async with cast(tmp_path) as (here, http):
        maker, other = await here.user(), await here.user()
        record = await here.document((f"user:{other.id}", "owner"), owner=maker.id)
        base = f"/api/documents/{record.name}"
        for user in (other, maker):
            headers = await here.session(user)
            for role in ("viewer", None):
                path = f"{base}/access/user:{maker.id}"
                if role is None:
                    await http.delete(path, headers=headers)
                else:
                    await http.put(path, json={"role": role}, headers=headers)
                kept = await http.get(base, headers=await here.session(maker))
                assert kept.json()["role"] == "owner"


# --- the questions --------------------------------------------------------------------------------


async def test_nobody_joins_or_writes_before_authentication(tmp_path: Path) -> None:
    held_by(
        "integration.test_ws_refusals:test_messages_before_auth_are_refused",
        "integration.test_yjs_hostile:test_hocuspocus_updates_before_the_token_are_not_merged",
        "integration.test_door_matrix:test_documents_with_accounts",
    )
    async with cast(tmp_path) as (here, _):
        record = await here.document(("signed-in", "editor"))
        async with AsgiSocket(here.quire.app, "/ws") as socket:
            await socket.say("join", doc=record.name)
            await socket.say("text_insert", doc=record.name, id="x", base=None, pos=0, text="x")
            codes = [(await socket.hear("error", "joined", "ack")).get("code") for _ in range(2)]
            assert codes == ["auth_required"] * 2
        found = await here.state.log.find(record.name)
        assert found is not None
        assert found.version == 1
        room = here.state.rooms.find(record.name)
        assert room is None or not room.members


def test_no_secret_reaches_an_address_a_log_a_referrer_or_an_error() -> None:
    test_threat_token_in_url()


async def test_nobody_writes_to_a_document_by_naming_it(tmp_path: Path) -> None:
    await test_threat_room_id_spoofing(tmp_path)
    held_by("integration.test_door_matrix:test_documents_with_accounts")


def test_there_is_an_audit_trail_outside_delivery() -> None:
    held_by(
        "integration.test_audit:test_joins_and_refused_edits_of_quire_v1_are_noted",
        "integration.test_audit:test_joins_and_refused_edits_of_the_yjs_dialects_are_noted",
        "integration.test_audit:test_refused_requests_are_noted_with_their_route",
        "contract.test_audit_trail:test_a_record_is_written_without_anybody_waiting_for_it",
    )


def test_the_page_has_every_threat_and_no_other() -> None:
    told = set(re.findall(r"`(test_threat_\w+)`", PAGE))
    assert told == {name for name in globals() if name.startswith("test_threat_")}
