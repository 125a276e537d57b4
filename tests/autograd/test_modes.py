"""Switches hold where they were entered, until their block ends in any way; locks of a forked process are free."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import gc
import os
import random
import sys
import threading
import types
import weakref
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from types import FrameType
from typing import Any

import pytest

import autograd
from autograd import Tensor, Value, detect_anomaly, no_grad
from autograd._core.modes import active, new_lock, record, tracing


def records() -> bool:
    return (Value(1.0) * 2).op is not None


@pytest.fixture(autouse=True)
def _no_switch_is_left_on() -> Iterator[None]:
    yield
    assert records()
    assert not active


def broken_off_at(k: int, body: Callable[[], None]) -> BaseException | None:
    """Run a function, and interrupt it at its k-th instruction, those of the functions that it calls included."""
    count = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        if event == "opcode" and count == k:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    # Python 3.12 tells of instructions only if some frame had asked when the tracing began.
    sys._getframe().f_trace_opcodes = True
    # What the collector calls is no part of the function.
    gc.disable()
    sys.settrace(trace)
    try:
        body()
    except KeyboardInterrupt as error:
        return error
    finally:
        sys.settrace(before)
        gc.enable()
    return None


def test_an_interrupt_at_any_instruction_leaves_no_switch_on() -> None:
    def body() -> None:
        with no_grad():
            Value(1.0)
            with record():
                Value(2.0)

    k = 1
    # As a notebook does, the error is kept, and with it all frames.
    while (kept := broken_off_at(k, body)) is not None:
        assert records(), kept
        assert not active, kept
        k += 1
    assert k > 100


@pytest.mark.parametrize("switch", [no_grad(), detect_anomaly(), record()])
def test_threads_may_share_a_switch(switch: Any) -> None:
    went: list[bool] = []

    def work() -> None:
        for _ in range(50):
            with switch, switch:
                pass
        went.append(records())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert went == [True] * 8


def test_tasks_may_share_a_switch() -> None:
    shared = no_grad()

    async def work() -> None:
        for _ in range(5):
            with shared:
                await asyncio.sleep(0)
                assert not records()
                with shared:
                    await asyncio.sleep(0)
                assert not records()
            await asyncio.sleep(0)
            assert records()

    async def all_at_once() -> None:
        await asyncio.gather(*(work() for _ in range(10)))

    asyncio.run(all_at_once())


@pytest.mark.parametrize("seed", range(5))
def test_blocks_may_be_left_in_any_order(seed: int) -> None:
    def block(switch: Any) -> Generator[None, None, None]:
        with switch:
            yield

    rng = random.Random(seed)
    open_blocks: list[tuple[bool, Any]] = []
    for _ in range(30):
        if open_blocks and rng.random() < 0.5:
            open_blocks.pop(rng.randrange(len(open_blocks)))[1].close()
        else:
            on = rng.random() < 0.5
            opened = block(record() if on else no_grad())
            next(opened)
            open_blocks.append((on, opened))
        assert records() is (open_blocks[-1][0] if open_blocks else True)
    while open_blocks:
        open_blocks.pop(0)[1].close()


def test_a_block_may_be_left_in_another_context() -> None:
    def block() -> Generator[None, None, None]:
        with no_grad():
            yield

    opened = block()
    next(opened)
    assert not records()
    contextvars.Context().run(opened.close)
    assert records()
    switch = no_grad()
    switch.__enter__()
    assert not records()
    contextvars.Context().run(switch.__exit__, None, None, None)
    assert records()
    with no_grad():
        inside = contextvars.copy_context()
        again = record()
        inside.run(again.__enter__)
        assert inside.run(records)
        again.__exit__(None, None, None)
        # What was left elsewhere is stepped over, to the block around it.
        assert not inside.run(records)
    with detect_anomaly():
        assert inside.run(records)


def test_a_switch_entered_by_hand_stays_on_until_it_is_left() -> None:
    switch = no_grad()
    switch.__enter__()
    with switch:
        assert not records()
    assert not records()
    with record():
        no_grad.__exit__(switch)
        assert records()
    assert records()
    switch.__exit__(None, None, None)
    with contextlib.ExitStack() as stack:
        stack.enter_context(switch)
        stack.enter_context(record())
        assert records()
        stack.enter_context(switch)
        assert not records()
    no_grad.__exit__(switch)


def test_what_a_block_had_set_is_forgotten() -> None:
    trace = autograd._core.tracing.Trace()
    with autograd._core.tracing.traced(trace):
        assert tracing.get() is trace
    assert tracing.block() is None
    gone = weakref.ref(trace)
    del trace
    assert gone() is None


class TestDecorators:
    def test_a_generator(self) -> None:
        @no_grad()
        def numbers() -> Generator[bool, str, str]:
            assert (yield records()) == "sent"
            try:
                yield records()
            except ValueError:
                yield records()
            return "returned"

        items = numbers()
        assert next(items) is False
        assert records()
        assert items.send("sent") is False
        assert items.throw(ValueError()) is False
        assert records()
        with pytest.raises(StopIteration, match="returned"):
            next(items)

    def test_a_generator_that_is_closed(self) -> None:
        ends: list[bool] = []

        @no_grad()
        def numbers() -> Iterator[None]:
            try:
                yield
            finally:
                ends.append(records())

        items = numbers()
        next(items)
        del items
        assert ends == [False]

    def test_a_coroutine(self) -> None:
        @no_grad()
        async def work() -> tuple[bool, bool]:
            before = records()
            await asyncio.sleep(0)
            return before, records()

        assert asyncio.run(work()) == (False, False)
        body = work()
        body.send(None)
        assert records()
        body.close()

    def test_an_asynchronous_generator(self) -> None:
        ends: list[bool] = []

        @no_grad()
        async def numbers() -> AsyncGenerator[bool, str]:
            try:
                assert (yield records()) == "sent"
                await asyncio.sleep(0)
                try:
                    yield records()
                except ValueError:
                    yield records()
            finally:
                ends.append(records())

        async def use() -> None:
            items = numbers()
            assert await items.asend(None) is False
            assert records()
            assert await items.asend("sent") is False
            assert await items.athrow(ValueError()) is False
            assert [item async for item in items] == []
            items = numbers()
            await items.asend(None)
            await items.aclose()
            assert records()

        asyncio.run(use())
        assert ends == [False, False]

    def test_what_another_decorator_hides(self) -> None:
        @no_grad()
        @functools.lru_cache
        def numbers() -> Iterator[bool]:
            yield records()

        async def one() -> bool:
            return records()

        async def several() -> AsyncGenerator[bool, None]:
            yield records()

        async def use() -> list[bool]:
            first = await no_grad()(lambda: one())()
            return [first, *[item async for item in no_grad()(lambda: several())()]]

        assert list(numbers()) == [False]
        assert asyncio.run(use()) == [False, False]

    def test_an_object_that_is_called(self) -> None:
        class Numbers:
            def __call__(self) -> Iterator[bool]:
                yield records()

        assert list(no_grad()(Numbers())()) == [False]  # type: ignore[arg-type]
        assert list(no_grad()(functools.partial(Numbers().__call__))()) == [False]

    @pytest.mark.parametrize("what", [int, property(len), staticmethod(len), classmethod(len), 3])
    def test_what_is_no_function_is_refused(self, what: Any) -> None:
        with pytest.raises(TypeError, match=r"@no_grad\(\) decorates a function; got"):
            no_grad()(what)

    def test_brackets_that_are_missing(self) -> None:
        with pytest.raises(TypeError, match=r"write @detect_anomaly\(\)"):
            detect_anomaly(records)

    def test_the_kind_of_function_stays(self) -> None:
        import inspect

        async def numbers() -> AsyncGenerator[int, None]:
            yield 1

        @types.coroutine
        def old() -> Iterator[None]:
            yield

        assert inspect.isasyncgenfunction(no_grad()(numbers))
        assert inspect.isgeneratorfunction(no_grad()(old))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_locks_are_free_in_a_forked_process() -> None:
    lock, own = new_lock(), new_lock()
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lock, autograd._grad.backward._lock:
            taken.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    w = Tensor([1.0, 2.0])
    with own:
        child = os.fork()
        if child == 0:  # pragma: no cover
            # A lock that is still held would hang for ever; the alarm ends that.
            __import__("signal").alarm(10)
            (w * w).sum().backward()
            free = lock.acquire(blocking=False)
            own.release()
            os._exit(0 if free and w.grad.tolist() == [2.0, 4.0] else 1)
    done.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0
