"""The reset button: it acts when it is released, after a press of the right length (PLCopen SF_ResetButton)."""

from __future__ import annotations

from sitefleet_robot.safety.refusal import Refusal

SHORTEST = 0.35
"""s; a shorter press is a touch, or noise."""
LONGEST = 2.0
"""s; a longer one is a button that sticks, or that somebody has wedged."""


class ResetButton:
    """One button; whoever presses it, releases it. Times are monotonic, s."""

    def __init__(self) -> None:
        self._pressed_at: float | None = None
        self._by = ""
        self._told = False
        self._void = False

    def void(self) -> None:
        """A stop has come: a press that began before it says nothing about it."""
        self._void = True

    def press(self, by: str, now: float) -> None:
        """Pressed; pressed again while it is held changes nothing, so that it cannot be kept young."""
        if self._pressed_at is None:
            self._pressed_at, self._by, self._told = now, by, False
            self._void = False

    def release(self, by: str, now: float) -> Refusal | None:
        """Released; a refusal if that was no reset."""
        pressed_at, self._pressed_at = self._pressed_at, None
        if pressed_at is None:
            return Refusal("not_pressed", "the reset button was released without a press")
        if self._void:
            return Refusal("pressed_before", "the reset button was pressed before the stop; press it again")
        if by != self._by:
            return Refusal("reset_other_hand", f"{self._by} pressed the reset button, {by} released it")
        held = now - pressed_at
        if held < SHORTEST:
            return Refusal("reset_too_short", f"held for {1000 * held:.0f} ms; hold it for {1000 * SHORTEST:.0f} ms")
        if held > LONGEST:
            return Refusal("reset_stuck", f"held for {held:.1f} s; release it within {LONGEST:.0f} s")
        return None

    def stuck(self, now: float) -> str:
        """A sentence, once, when a press has lasted too long; else empty."""
        if self._pressed_at is None or self._told or now - self._pressed_at <= LONGEST:
            return ""
        self._told = True
        return f"the reset button, pressed by {self._by}, is not released"
