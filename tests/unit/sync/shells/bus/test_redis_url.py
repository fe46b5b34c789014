"""`sync.shells.bus.redis_url`: every form of a URL of Redis, and nothing of it in a refusal."""

import pytest
from redis.asyncio.connection import parse_url

from sync.shells.bus.redis_url import RedisUrl, parse_redis_url


@pytest.mark.parametrize(
    ("url", "meaning"),
    [
        ("redis://", RedisUrl(nodes=(("localhost", 6379),))),
        ("redis:///2", RedisUrl(nodes=(("localhost", 6379),), db=2)),
        ("redis://cache.example_net", RedisUrl(nodes=(("cache.example_net", 6379),))),
        ("redis://[::1]:7000/", RedisUrl(nodes=(("::1", 7000),))),
        (
            "redis://quire:p%40ss%2Fw@127.0.0.1:7000/3",
            RedisUrl(nodes=(("127.0.0.1", 7000),), db=3, username="quire", password="p@ss/w"),
        ),
        (
            "redis://:a:b@c@h?db=4&client_name=quire-1",
            RedisUrl(nodes=(("h", 6379),), db=4, password="a:b@c", client_name="quire-1"),
        ),
        (
            "rediss://h?ssl_ca_certs=/etc/ca.pem&ssl_check_hostname=No&ssl_cert_reqs=required",
            RedisUrl(
                nodes=(("h", 6379),),
                is_tls=True,
                tls_options={
                    "ssl_ca_certs": "/etc/ca.pem",
                    "ssl_cert_reqs": "required",
                    "ssl_check_hostname": False,
                },
            ),
        ),
        ("unix:///run/redis.sock?db=1", RedisUrl(path="/run/redis.sock", db=1)),
        (
            "unix://u:p@/run/a%20b.sock",
            RedisUrl(path="/run/a b.sock", username="u", password="p"),
        ),
        (
            "redis+sentinel://s1,[::2]:26380/main/5?sentinel_password=s",
            RedisUrl(
                nodes=(("s1", 26379), ("::2", 26380)),
                service="main",
                db=5,
                sentinel_password="s",
            ),
        ),
        (
            "rediss+cluster://u:p@n1:7001,n2",
            RedisUrl(nodes=(("n1", 7001), ("n2", 6379)), is_tls=True, username="u", password="p"),
        ),
    ],
)
def test_redis_url_means_what_it_says(url: str, meaning: RedisUrl) -> None:
    assert parse_redis_url(url) == meaning


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hunter2",
        "http://hunter2@h",
        "redis://u:hunter2@h:port",
        "redis://u:hunter2@h:0",
        "redis://u:hunter2@h:99999",
        "redis://u:hunter2@h/first",
        "redis://u:hunter2@h/-1",
        "redis://u:hunter2@h#fragment",
        "redis://u:hunter2@h1,h2",
        "redis://u:hunter2@h h",
        "redis://u:hunter2@::1",
        "redis://u:pass/hunter2@h",
        "redis://u:pass?hunter2@h",
        "redis://u:pass#hunter2@h",
        "redis://u:12/hunter2@h",
        "redis://h?hunter2=1",
        "redis://h?password=hunter2&ssl_cert_reqs=none",
        "redis://h?password=hunter2&sentinel_username=u",
        "redis://h?password=hunter2&client_name=a b",
        "rediss://u:hunter2@h?ssl_cert_reqs=perhaps",
        "rediss://u:hunter2@h?ssl_check_hostname=perhaps",
        "unix://u:hunter2@",
        "unix://u:hunter2@host/path",
        "redis+sentinel://u:hunter2@h:26379",
        "redis+sentinel://u:hunter2@/main",
        "redis+sentinel://u:hunter2@h/main/first",
        "redis+cluster://u:hunter2@h,/",
        "redis+cluster://u:hunter2@h/1",
        "redis+other://u:hunter2@h",
    ],
)
def test_unusable_redis_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="the URL of Redis cannot be used: ") as refused:
        parse_redis_url(url)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_redis_url_is_shown_without_its_secrets() -> None:
    url = parse_redis_url(
        "rediss+sentinel://u:hunter2@a,b:1/main?sentinel_password=hunter2&ssl_password=hunter2"
    )
    assert str(url) == "main of a:26379, b:1"
    assert "hunter2" not in repr(url)
    assert str(parse_redis_url("unix:///run/redis.sock")) == "/run/redis.sock"


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "redis:///2",
        "redis://cache.example_net:7000",
        "redis://[::1]:7000/",
        "redis://quire:p%40ss%2Fw@127.0.0.1:7000/3",
        "redis://:a:b@c@h?db=4&client_name=quire-1",
        "redis://h/1?db=4",
        "redis://h?username=u&password=p%2520q",
        "rediss://h?ssl_ca_certs=/etc/ca.pem&ssl_check_hostname=No&ssl_cert_reqs=required",
        "unix:///run/redis.sock?db=1",
        "unix://u:p@/run/a%20b.sock",
    ],
)
def test_redis_url_of_one_host_means_what_redis_py_takes_it_for(url: str) -> None:
    ours = parse_redis_url(url)
    theirs = dict(parse_url(url))
    theirs.pop("connection_class", None)
    host, port = ours.nodes[0] if ours.nodes else (None, None)
    read = {
        "host": host if theirs.get("host") else None,
        "port": port if theirs.get("port") else None,
        "path": ours.path,
        "db": ours.db,
        "username": ours.username,
        "password": ours.password,
        "client_name": ours.client_name,
        **ours.tls_options,
    }
    assert theirs == {name: value for name, value in read.items() if value or name in theirs}
