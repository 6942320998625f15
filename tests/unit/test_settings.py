"""Settings hold within their block, in their thread, and come back, also out of an exception."""

from __future__ import annotations

import dataclasses
import threading

import pytest

from msim.base.settings import RunSettings, settings, with_settings


def test_settings_hold_within_their_block_alone() -> None:
    with with_settings(noise_steps=3):
        with with_settings(burst_piece=2.0):
            assert (settings().noise_steps, settings().burst_piece) == (3, 2.0)
        assert settings() == dataclasses.replace(RunSettings(), noise_steps=3)
    assert settings() == RunSettings()


def test_an_exception_brings_them_back() -> None:
    with pytest.raises(ZeroDivisionError), with_settings(noise_steps=3):
        raise ZeroDivisionError
    assert settings() == RunSettings()


def test_another_thread_keeps_its_own() -> None:
    found: list[RunSettings] = []
    with with_settings(noise_steps=3):
        other = threading.Thread(target=lambda: found.append(settings()))
        other.start()
        other.join()
    assert found == [RunSettings()]


def test_a_setting_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match="noise_step"), with_settings(noise_step=3):
        pass
