"""Images of documents over HTTP: who may, what is refused, and what a kill leaves."""

import asyncio
import hashlib
import socket
import tempfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from moto.server import ThreadedMotoServer

from app.service.image_collection import ImageCollector
from storage.blobs.file_blobs import FileBlobs
from tests.images import SECRET, make_image, pixels
from tests.integration.http_app import Application, application
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

FILES = "/api/documents/notes/files"
PNG = make_image("png")


def kept(folder: Path) -> list[Path]:
    """Return the files of blobs below a folder, finished or not."""
    return [path for path in folder.glob("**/*.images/**/*") if path.is_file()]


async def upload(quire: Application, content: bytes = PNG, **options: Any) -> dict[str, Any]:
    return await quire.ok("POST", FILES, content=content, **options)


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp", "avif"])
async def test_image_comes_back_as_what_it_is_and_can_do_nothing(tmp_path: Path, kind: str) -> None:
    sent = make_image(kind)
    async with application(tmp_path) as quire:
        await quire.create()
        wrong = {"Content-Type": "text/html"}
        stored = await upload(quire, sent, headers=wrong)
        assert (stored["type"], stored["width"], stored["height"]) == (f"image/{kind}", 64, 48)
        answer = await quire.http.get(stored["url"])
        assert pixels(answer.content) == pixels(sent)
        assert SECRET.encode() not in answer.content
        assert stored["url"].split("/")[-1].split(".")[0] == (
            hashlib.sha256(answer.content).hexdigest()
        )
        headers = answer.headers
        assert headers["content-type"] == f"image/{kind}"
        assert headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] == "private, no-cache"
        assert headers["content-disposition"].startswith("inline; filename=")
        assert int(headers["content-length"]) == len(answer.content) == stored["bytes"]
        known = {"If-None-Match": headers["etag"]}
        again = await quire.http.get(stored["url"], headers=known)
        assert (again.status_code, again.content) == (304, b"")


async def test_image_is_not_shown_from_the_cache_of_whoever_signed_out(tmp_path: Path) -> None:
    """A browser asks before it shows what it keeps, with the cookies that it has then."""
    async with application(tmp_path, default_access="private") as quire:
        await quire.create()
        url = (await upload(quire))["url"]
        answer = await quire.http.get(url)
        policy = answer.headers["cache-control"]
        assert "no-cache" in policy
        assert "immutable" not in policy
        known = {"If-None-Match": answer.headers["etag"]}
        assert (await quire.http.get(url, headers=known)).status_code == 304
        other = await quire.http.get(url, headers=known | {"X-Quire-Name": "Ben"})
        assert other.status_code == 404
        assert "etag" not in other.headers


async def test_upload_that_cannot_be_kept_while_it_comes_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    large = make_image("png", size=(900, 900))
    assert len(large) > 64 << 10
    async with application(tmp_path) as quire:
        await quire.create()
        refused = await quire.refused("POST", FILES, content=large)
        assert refused == (503, "store_unavailable")
        monkeypatch.undo()
        await upload(quire, large)


async def test_image_that_is_there_is_not_kept_twice(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        first = await quire.http.post(FILES, content=PNG)
        again = await quire.http.post(FILES, content=PNG + b"trailing")
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        assert again.headers["location"] == first.json()["url"]


async def test_image_is_of_its_document_alone(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        await quire.create("plans")
        url = (await upload(quire))["url"]
        other = url.replace("/notes/", "/plans/")
        assert await quire.refused("GET", other) == (404, "unknown_image")
        assert await quire.refused("GET", url.replace(".png", ".gif")) == (404, "unknown_image")
        for path in ("x.png", "../x", f"{'a' * 64}.svg", f"{'A' * 64}.png", f"{'a' * 64}.png%0a"):
            status, _ = await quire.refused("GET", f"{FILES}/{path}")
            assert status in (404, 422), path


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        PNG[:-1],
        b"GIF89a" + bytes(100),
    ],
)
async def test_what_is_no_image_is_refused_and_leaves_nothing(
    tmp_path: Path, content: bytes
) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        named = {"Content-Type": "image/png"}
        refused = await quire.refused("POST", FILES, content=content, headers=named)
        assert refused == (415, "no_image")
    assert kept(tmp_path) == []


async def test_bounds_of_images(tmp_path: Path) -> None:
    bounds = {
        "max_image_bytes": len(PNG),
        "max_document_image_bytes": len(PNG) + 10,
        "max_image_pixels": 64 * 48,
        "uploads_per_minute": 5,
    }
    async with application(tmp_path, **bounds) as quire:
        await quire.create()
        await upload(quire)
        large = PNG + b"x"
        assert await quire.refused("POST", FILES, content=large) == (413, "too_large")

        async def streamed() -> Any:
            for _ in range(3):
                yield PNG

        assert await quire.refused("POST", FILES, content=streamed()) == (413, "too_large")
        wide = make_image("png", size=(65, 48))[: len(PNG)]
        assert (await quire.refused("POST", FILES, content=wide))[0] in (413, 415)
        other = make_image("gif")
        assert await quire.refused("POST", FILES, content=other) == (413, "images_full")
        codes = [(await quire.http.post(FILES, content=PNG)).status_code for _ in range(3)]
        assert codes[-1] == 429


async def test_images_of_a_user_and_of_all_are_bounded(tmp_path: Path) -> None:
    async with application(tmp_path, max_user_image_bytes=len(PNG) + 10) as quire:
        await quire.create()
        await quire.create("plans")
        await upload(quire)
        gif = make_image("gif")
        other = "/api/documents/plans/files"
        assert await quire.refused("POST", other, content=gif) == (413, "images_full")
        # The same image takes no more room.
        await quire.ok("POST", other, content=PNG)
        await quire.ok("POST", other, content=gif, headers={"X-Quire-Name": "Ben"})
    (tmp_path / "full").mkdir()
    async with application(tmp_path / "full", max_image_storage_bytes=4 * len(PNG)) as quire:
        await quire.create()
        many = [make_image("png", size=(64, side)) for side in range(40, 60)]
        answers = [await quire.http.post(FILES, content=each) for each in many]
        codes = [answer.status_code for answer in answers]
        assert codes == sorted(codes)
        assert set(codes) == {201, 507}
        assert answers[-1].json()["code"] == "storage_full"
        assert await quire.state.images.rows.used_bytes() <= 4 * len(PNG)


async def test_duplicate_shows_its_images_to_its_own_readers(tmp_path: Path) -> None:
    ben = {"X-Quire-Name": "Ben"}
    async with application(tmp_path, default_access="private") as quire:
        await quire.create("my:notes")
        place = "/api/documents/my:notes"
        shown = (await quire.ok("POST", f"{place}/files", content=PNG))["url"]
        unseen = (await quire.ok("POST", f"{place}/files", content=make_image("gif")))["url"]
        written = f"![a]({shown})\n\n![b]({shown.replace(':', '%3A')})\n"
        await quire.ok("PUT", f"{place}/text", content=written, headers={"If-Match": '"0"'})
        made = (await quire.ok("POST", f"{place}/duplicate", json={}))["name"]
        own = shown.replace("my:notes", made)
        assert await quire.text(made) == f"![a]({own})\n\n![b]({own})\n"
        copied = await quire.state.log.find(made)
        assert copied is not None
        await quire.state.backend.access.set_grant(copied.key, "signed-in", "viewer", 5)
        assert (await quire.http.get(shown, headers=ben)).status_code == 404
        assert (await quire.http.get(own, headers=ben)).status_code == 200
        # Only those that it shows.
        other = unseen.replace("my:notes", made)
        assert (await quire.http.get(other)).status_code == 404
        # The first one may go.
        record = await quire.state.log.find("my:notes")
        assert record is not None
        assert (await quire.http.delete(place)).status_code == 204
        assert await quire.state.backend.shelf.purge(record.key, 9_999_999_999_999)
        images = quire.state.images
        collector = ImageCollector(images.rows, images.blobs, quire.state.log, grace_days=7)
        assert await collector.collect(0) == 2
        assert (await quire.http.get(own, headers=ben)).status_code == 200


async def test_many_uploads_at_once_are_not_all_in_memory(tmp_path: Path) -> None:
    may_end = asyncio.Event()

    class Slow(FileBlobs):
        waiting = 0
        is_asked = asyncio.Event()

        async def put(self, digest: str, content: bytes) -> None:
            self.waiting += 1
            self.is_asked.set()
            await may_end.wait()
            await super().put(digest, content)

    async with application(tmp_path) as quire:
        await quire.create()
        quire.state.images.blobs = slow = Slow(tmp_path / "slow.images")
        pictures = [make_image("png", size=(64, side)) for side in range(1, 13)]
        uploads = [asyncio.create_task(upload(quire, each)) for each in pictures]
        async with asyncio.timeout(PATIENCE_S):
            await slow.is_asked.wait()
        await asyncio.sleep(0.5)
        assert slow.waiting <= 4
        may_end.set()
        await asyncio.gather(*uploads)
    assert len(kept(tmp_path)) == len(pictures)


async def test_role_that_ends_during_an_upload_counts(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        guest = {"X-Quire-Name": "Ben"}

        async def body() -> Any:
            yield PNG[:100]
            record = await quire.state.log.find("notes")
            assert record is not None
            await quire.state.backend.access.set_grant(record.key, "signed-in", "viewer", 5)
            yield PNG[100:]

        refused = await quire.refused("POST", FILES, content=body(), headers=guest)
        assert refused == (403, "forbidden")
    assert kept(tmp_path) == []


async def test_upload_is_in_the_audit_trail_once(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        await upload(quire)
        await upload(quire)
        # Noted after both uploads.
        await quire.ok("POST", "/api/documents/notes/links", json={"role": "viewer"})
        kinds: list[str] = []
        async with asyncio.timeout(PATIENCE_S):
            while "link.created" not in kinds:
                await asyncio.sleep(0.05)
                trail = await quire.ok("GET", "/api/documents/notes/audit")
                kinds = [each["kind"] for each in trail["entries"]]
        assert kinds.count("image.uploaded") == 1


def test_kill_in_the_midst_of_an_upload_leaves_nothing_wrong(tmp_path: Path) -> None:
    large = make_image("png", size=(900, 900))
    with ServerProcess(tmp_path) as server:
        with httpx.Client(base_url=server.url, trust_env=False, timeout=PATIENCE_S) as http:
            http.headers["X-Quire-Name"] = "Ana"
            http.post("/api/documents", json={"name": "notes"}).raise_for_status()
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as half:
            head = (
                f"POST {FILES} HTTP/1.1\r\nHost: x\r\nX-Quire-Name: Ana\r\n"
                f"Content-Length: {len(large)}\r\n\r\n"
            )
            half.sendall(head.encode() + large[: len(large) // 2])
            server.kill9()
        server.restart()
        with httpx.Client(base_url=server.url, trust_env=False, timeout=PATIENCE_S) as http:
            http.headers["X-Quire-Name"] = "Ana"
            answer = http.post(FILES, content=large)
            assert answer.status_code == 201
            found = http.get(answer.json()["url"])
            assert pixels(found.content) == pixels(large)
    assert len(kept(tmp_path)) == 1


async def test_images_in_a_bucket(tmp_path: Path) -> None:
    s3 = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    s3.start()
    try:
        host, port = s3.get_host_and_port()
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
            (await http.put(f"http://{host}:{port}/images")).raise_for_status()
        url = f"s3://images/quire?endpoint=http://{host}:{port}"
        options = {"image_url": url, "s3_access_key": "key", "s3_secret_key": "secret"}
        async with application(tmp_path, **options) as quire:
            await quire.create()
            stored = await upload(quire)
            assert pixels((await quire.http.get(stored["url"])).content) == pixels(PNG)
            s3.stop()
            status, code = await quire.refused("POST", FILES, content=make_image("gif"))
            assert (status, code) == (503, "store_unavailable")
            ready = await quire.ok("GET", "/readyz")
            assert ready["status"] == "degraded"
            assert ready["troubles"] == ["The place of images does not answer, or refuses."]
    finally:
        s3.stop()
    assert kept(tmp_path) == []
