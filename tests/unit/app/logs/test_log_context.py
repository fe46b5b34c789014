import asyncio

from app.logs.log_context import add_context, current_context, start_context


async def _read() -> dict[str, str]:
    return dict(current_context())


def test_a_context_holds_what_is_added_by_its_task() -> None:
    async def run() -> dict[str, str]:
        start_context(session="s1")
        add_context(user="ada")
        return await _read()

    assert asyncio.run(run()) == {"session": "s1", "user": "ada"}


def test_a_task_that_another_starts_is_not_taken_for_it() -> None:
    async def run() -> dict[str, str]:
        start_context(session="s1", user="ada")
        return await asyncio.create_task(_read())

    assert asyncio.run(run()) == {}


def test_a_context_that_starts_keeps_nothing_of_the_one_before() -> None:
    async def run() -> dict[str, str]:
        start_context(request="r1", user="ada")
        start_context(request="r2")
        return await _read()

    assert asyncio.run(run()) == {"request": "r2"}


def test_there_may_be_no_context_and_no_loop() -> None:
    add_context(user="ada")
    assert current_context() == {}
